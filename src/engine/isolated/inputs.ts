import { lstat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { loadPipeline } from "../pipeline/load.ts";
import type { Project } from "../project.ts";
import { openCache } from "../store/cache.ts";
import { PrivateIndex, untrackedLimit } from "../store/privateIndex.ts";
import { isWithin } from "../store/restorePlan.ts";
import { withIndex } from "../store/trackedFiles.ts";
import { Git } from "../system/git.ts";
import { type CopyRules, copyInput } from "./copyInputs.ts";

/**
 * Brings into a worktree what a run needs and Git does not have: ignored files (data, outputs of other stages, the
 * virtual environment) and untracked ones that are too large to be captured. `tree` is what the worktree was made from.
 * With the code of a checkpoint, outputs are the checkpoint's, so those of the workspace stay where they are.
 */
export async function bringInputs(
  from: Project,
  to: Project,
  tree: string,
  code: "workspace" | "checkpoint",
): Promise<void> {
  const { stages, dataFiles = [] } = await loadPipeline(to);
  const inTree = (paths: readonly string[]) => paths.map((path) => from.prefix + path);
  const made = inTree(stages.flatMap(({ outputs }) => outputs.map(({ path }) => path)));
  const read = inTree([
    ...stages.flatMap(({ dependencies }) => dependencies),
    ...dataFiles.map(({ path }) => path),
  ]);
  const { directory: cache } = await openCache(from);
  const nameOf = (path: string) => relative(from.workTree, path).split(sep).join("/");
  const rules: CopyRules = {
    from: from.workTree,
    to: to.workTree,
    cache,
    isSkipped: (path) =>
      path === cache ||
      isOfSavepoint(nameOf(path)) ||
      (code === "checkpoint" && isWithin(nameOf(path), made)),
    mayBeLinked: (path) => isWithin(nameOf(path), read) && !isWithin(nameOf(path), made),
  };
  for (const path of await listInputs(from, tree, code)) {
    await copyInput(join(from.workTree, path), join(to.workTree, path), rules);
  }
}

/** Paths relative to the work tree; a folder of which nothing is in the tree stands for all that is in it. */
async function listInputs(
  project: Project,
  tree: string,
  code: "workspace" | "checkpoint",
): Promise<readonly string[]> {
  const git = new Git(project.workTree);
  const listed = await withIndex(project, async (path) => {
    await PrivateIndex.fromTree(project, path, tree);
    const list = async (...options: string[]) => {
      const args = ["ls-files", "--others", "--exclude-standard", "-z", ...options, "--", ":/"];
      const output = await git.text(args, { environment: { GIT_INDEX_FILE: path } });
      return output.split("\0").filter((name) => name !== "");
    };
    const ignored = await list("--ignored", "--directory");
    return [ignored, code === "workspace" ? await list() : []] as const;
  });
  const [ignored, untracked] = listed;
  const large: string[] = [];
  for (const path of untracked) if (await isLeftOut(project, path)) large.push(path);
  const found = new Set<string>();
  for (const path of [...ignored, ...large].map((name) => name.replace(/\/$/, "")).sort()) {
    const isCovered = path.split("/").some((_, end, parts) => found.has(parts.slice(0, end).join("/")));
    if (!isCovered) found.add(path);
  }
  return [...found];
}

/** Whether an untracked path is none that capturing takes: too large, or a repository of its own. */
async function isLeftOut(project: Project, path: string): Promise<boolean> {
  if (path.endsWith("/")) return true;
  const found = await lstat(join(project.workTree, path)).catch(() => null);
  return found !== null && found.size > untrackedLimit;
}

/** What belongs to a work tree and must not be shared: signals, records, other worktrees, the cache. */
function isOfSavepoint(path: string): boolean {
  return /(?:^|\/)\.dvc\/(?:tmp|cache|config\.local)$/.test(path);
}
