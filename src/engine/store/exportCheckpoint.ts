import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../model.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { Git } from "../system/git.ts";
import { isObjectHash, openCache } from "./cache.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { objectFailure } from "./integrity.ts";
import type { Move } from "./placeFiles.ts";
import { recordedOutputs } from "./recordedOutputs.ts";
import { isWithin, labelOf, outputFolders, targetOf } from "./restorePlan.ts";
import { checkOutTo, withIndex } from "./trackedFiles.ts";

/**
 * Writes a checkpoint, with its outputs, into a folder that does not exist yet or is empty; just some project-relative
 * `paths` of it, or all. Fails with `folder-not-empty`, `object-missing` or `object-damaged`.
 */
export async function exportCheckpoint(
  project: Project,
  checkpoint: Checkpoint,
  directory: string,
  hasher: Hasher,
  paths: readonly string[] = [""],
): Promise<Result<{ readonly files: number }>> {
  const title = labelOf(checkpoint);
  // On the disk where the outputs go, so that they can be renamed into their places.
  const staging = join(directory, `.savepoint-${randomUUID()}`);
  try {
    const present = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    if (present.length > 0) {
      return failure(
        "folder-not-empty",
        `${directory} is not empty: choose a new folder for ${title}.`,
        directory,
      );
    }
    const cache = await openCache(project);
    const recorded = await recordedOutputs(project, checkpoint, "everything");
    const targets = recorded
      .filter(({ path, cached, hash }) => cached && isObjectHash(hash) && isWithin(path, paths))
      .map(targetOf);
    const root = join(directory, project.prefix);
    const { changes, problems } = await hasher.call("compareOutputs", { root, cache, targets });
    if (problems.length > 0) return objectFailure(project, hasher, checkpoint, problems);
    await mkdir(root, { recursive: true });
    const damaged = await hasher.call("stageOutputs", { cache, folder: staging, changes });
    if (damaged.length > 0) return objectFailure(project, hasher, checkpoint, damaged);
    const listed = await new Git(project.workTree).bytes([
      "ls-tree",
      "-r",
      "-z",
      "--name-only",
      checkpoint.sha,
    ]);
    // All of it is also what lies beside the project in the repository.
    const wanted = paths.map((path) => (path === "" ? "" : project.prefix + path));
    // A link where an output needs a folder would lead the output to somewhere else.
    const outputs = targets.map(({ path }) => project.prefix + path);
    const files = listed
      .toString("utf8")
      .split("\0")
      .filter((path) => path !== "" && isWithin(path, wanted))
      .filter((path) => !outputs.some((output) => output.startsWith(`${path}/`)));
    await withIndex(project, (index) => checkOutTo(project, checkpoint.sha, files, directory, index));
    const moves = changes.flatMap(({ path, hash }, index): Move[] => {
      const from = join(staging, String(index));
      return hash.endsWith(".dir") ? [] : [{ from, to: join(root, path), boundary: directory }];
    });
    await hasher.call("moveIntoPlace", { moves, folders: outputFolders(root, targets) });
    return success({ files: files.length + moves.length });
  } catch (error) {
    return { ok: false, problem: describeFailure(error, `${title} could not be exported`) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
