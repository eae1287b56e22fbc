import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../project.ts";
import { failure, type Result } from "../result.ts";
import { Git } from "../system/git.ts";
import { restoringDirectory } from "../system/layout.ts";
import { incomingName } from "./cache.ts";
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

/** The failure of what would change files of Git under an operation. `retry` says what to do once it is over. */
export function operationRefusal(project: Project, operation: string, retry: string): Result<never> {
  const advice = `finish or abort the ${operation} first, then ${retry}`;
  return failure("operation-under-way", `A ${operation} is under way in ${project.workTree}: ${advice}.`);
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
  const skipped = new Set(await index.listSkipped());
  const found: FileDifference[] = [];
  const fields = raw.toString("utf8").split("\0");
  for (let position = 0; position + 1 < fields.length; position += 2) {
    const [oldMode, newMode, , , status] = (fields[position] ?? "").slice(1).split(" ");
    const path = fields[position + 1] ?? "";
    // A submodule is a repository of its own: not ours to move.
    if (oldMode === "160000" || newMode === "160000") continue;
    const isThere = await isAt(join(project.workTree, path));
    // Outside of a sparse checkout: written there, Git would take it for deleted once it is gone again.
    if (skipped.has(path) && !isThere) continue;
    if (status === "D") {
      if (tracked.has(path) || isWithin(path, outputs)) found.push({ path, action: "delete" });
      continue;
    }
    // Ignored files are not in the index, but may be in the way.
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

/** Whether anything is there, be it a link to nothing. */
function isAt(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Work with the path of an index that is gone afterwards. */
export async function withIndex<Found>(
  project: Project,
  work: (path: string) => Promise<Found>,
): Promise<Found> {
  const folder = restoringDirectory(project);
  await mkdir(folder, { recursive: true });
  const path = join(folder, incomingName());
  try {
    return await work(path);
  } finally {
    await rm(path, { force: true });
  }
}
