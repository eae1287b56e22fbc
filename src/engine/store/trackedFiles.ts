import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import { savepointDirectory } from "../system/layout.ts";
import { PrivateIndex } from "./privateIndex.ts";
import { type FileDifference, isWithin } from "./restorePlan.ts";
import { exists } from "./statOf.ts";

/** The operation of Git that is under way, in which files must not change under it; `null` when there is none. */
export async function operationUnderWay(project: Project): Promise<string | null> {
  const marks: readonly (readonly [file: string, name: string])[] = [
    ["rebase-merge", "rebase"],
    ["rebase-apply", "rebase"],
    ["MERGE_HEAD", "merge"],
    ["CHERRY_PICK_HEAD", "cherry-pick"],
    ["REVERT_HEAD", "revert"],
    // Between two commits of a longer cherry-pick or revert there is no head.
    ["sequencer", "cherry-pick or revert"],
    ["BISECT_LOG", "bisect"],
  ];
  for (const [file, name] of marks) if (await exists(join(project.gitDirectory, file))) return name;
  return null;
}

/**
 * What differs between the workspace and a commit, by Git's own comparison (line ends, LFS). Untracked files that the
 * commit does not know are no difference, unless they are outputs. `indexPath` is for an index that the caller removes.
 */
export async function differences(
  project: Project,
  commit: string,
  indexPath: string,
  paths: {
    /** Outputs in the cache: none of Git's business. */
    readonly excluded: readonly string[];
    /** Outputs in Git. */
    readonly outputs: readonly string[];
  },
): Promise<readonly FileDifference[]> {
  const { excluded, outputs } = paths;
  const git = new Git(project.workTree);
  const index = await PrivateIndex.fromWorkspace(project, indexPath);
  const tracked = new Set(await index.listAll());
  await index.remove(await index.list(excluded));
  await index.addWorkspace(excluded);
  const now = await index.writeTree();
  const raw = await git.bytes(["diff-tree", "-r", "-z", "--raw", "--no-renames", now, `${commit}^{tree}`]);
  const found: FileDifference[] = [];
  const fields = raw.toString("utf8").split("\0");
  for (let position = 0; position + 1 < fields.length; position += 2) {
    const [oldMode, newMode, , , status] = (fields[position] ?? "").slice(1).split(" ");
    const path = fields[position + 1] ?? "";
    // A submodule is a repository of its own: not ours to move.
    if (oldMode === "160000" || newMode === "160000") continue;
    if (status === "D") {
      if (tracked.has(path) || isWithin(path, outputs)) found.push({ path, action: "delete" });
      continue;
    }
    // Ignored files are not in the index, but may be in the way.
    const isThere = status !== "A" || (await exists(join(project.workTree, path)));
    found.push({ path, action: isThere ? "replace" : "create" });
  }
  return found;
}

/** Writes files of a commit below a folder, as Git would write them into the work tree. */
export async function checkOutTo(
  project: Project,
  commit: string,
  paths: readonly string[],
  folder: string,
  indexPath: string,
): Promise<void> {
  if (paths.length === 0) return;
  await PrivateIndex.fromTree(project, indexPath, `${commit}^{tree}`);
  await new Git(project.workTree).bytes(["checkout-index", "-z", "--stdin", `--prefix=${folder}/`], {
    input: paths.join("\0"),
    environment: { GIT_INDEX_FILE: indexPath },
    limit: 30 * 60_000,
    mayFetch: true,
  });
}

/** Work with the path of an index that is gone afterwards. */
export async function withIndex<Found>(
  project: Project,
  work: (path: string) => Promise<Found>,
): Promise<Found> {
  const folder = join(savepointDirectory(project), "restore");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `index-${randomUUID()}`);
  try {
    return await work(path);
  } finally {
    await rm(path, { force: true });
  }
}
