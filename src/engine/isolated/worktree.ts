import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../model.ts";
import { openProject } from "../openProject.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { openCache } from "../store/cache.ts";
import { describeFailure } from "../store/failures.ts";
import type { Hasher } from "../store/hasher.ts";
import { planRestore, restore } from "../store/restore.ts";
import { Git } from "../system/git.ts";
import { captureWorkspace } from "./captureWorkspace.ts";
import { bringInputs } from "./inputs.ts";
import { withCacheDirectory } from "./localConfig.ts";
import { bringSubmodules } from "./submodules.ts";

/** What a worktree holds: the workspace as it is now, or as it was captured before, or a checkpoint's own state. */
export type WorktreeSource =
  | { readonly kind: "workspace" }
  /** A commit of {@link captureWorkspace}. */
  | { readonly kind: "captured"; readonly commit: string }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint };

/** Writing out a large repository, perhaps through filters that fetch from somewhere, takes its time. Milliseconds. */
const checkOutLimit = 30 * 60_000;

/**
 * Makes a Git worktree in a folder that does not exist yet (absolute path), and opens the project in it: its code and
 * params from the source, ignored inputs and the environment of the workspace, the cache shared. No hook runs, and the
 * user's HEAD, index and files stay as they are. Leaves nothing behind when it fails.
 */
export async function createWorktree(
  context: { readonly project: Project; readonly hasher: Hasher },
  source: WorktreeSource,
  directory: string,
): Promise<Result<Project>> {
  const { project } = context;
  const code = source.kind === "checkpoint" ? "checkpoint" : "workspace";
  try {
    const { head, tree } = await statesOf(project, source);
    await addWorktree(project, directory, head, tree);
    const opened = await openWorktree(project, directory);
    if (!opened.ok) throw new Error(opened.problem.message);
    await shareCache(project, opened.value);
    await bringSubmodules(project, opened.value, tree, code);
    const restored =
      source.kind === "checkpoint" ? await restoreOutputs(context, source.checkpoint, opened.value) : null;
    if (restored?.ok === false) {
      await removeWorktree(project, directory);
      return restored;
    }
    await bringInputs(project, opened.value, tree, code);
    return opened;
  } catch (error) {
    await removeWorktree(project, directory).catch(() => {});
    return { ok: false, problem: describeFailure(error, "A worktree for the run could not be made") };
  }
}

/** Opens the project in a worktree that {@link createWorktree} made for `project`. */
export async function openWorktree(project: Project, directory: string): Promise<Result<Project>> {
  const isThere = existsSync(join(directory, ".git"));
  if (!isThere) return failure("not-a-worktree", `${directory} is no Git worktree.`, directory);
  const root = join(directory, project.prefix);
  // By this folder the root is found, also where the code was recorded before there was one.
  await mkdir(join(root, ".dvc", "tmp"), { recursive: true });
  const opened = await openProject(root);
  if (!opened.ok) return opened;
  if (opened.value.workTree === project.workTree) {
    return failure("not-a-worktree", `${directory} is no Git worktree any more.`, directory);
  }
  return success({ ...opened.value, isolatedFrom: project.root });
}

/** Removes a worktree with all that is in it, and what Git knows of it. What is not there is no problem. */
export async function removeWorktree(project: Project, directory: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;
  await rm(directory, options).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES") throw error;
    // A run may leave folders that can't be written.
    await makeFoldersWritable(directory);
    await rm(directory, options);
  });
  // Of a folder that is gone, Git forgets the worktree; of one that it does not know, it says so.
  await new Git(project.workTree).run(["worktree", "remove", "--force", "--force", directory]);
}

async function makeFoldersWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeFoldersWritable(join(folder, entry.name));
  }
}

/** The commit that is to be HEAD, and the tree of the files. */
async function statesOf(
  project: Project,
  source: WorktreeSource,
): Promise<{ readonly head: string; readonly tree: string }> {
  const commit =
    source.kind === "checkpoint"
      ? source.checkpoint.sha
      : source.kind === "captured"
        ? source.commit
        : await captureWorkspace(project, Date.now());
  const git = new Git(project.workTree);
  const tree = await git.text(["rev-parse", "--verify", `${commit}^{tree}`]);
  // A captured commit stands for changes on top of HEAD that are not committed.
  const head =
    source.kind === "checkpoint" ? commit : await git.text(["rev-parse", "--verify", `${commit}^1`]);
  return { head, tree };
}

async function addWorktree(project: Project, directory: string, head: string, tree: string): Promise<void> {
  const git = new Git(project.workTree);
  // By force, as Git may still know one that somebody has deleted.
  const options = ["--quiet", "--force", "--detach", "--no-checkout"];
  await git.bytes(["worktree", "add", ...options, directory, head]);
  const checkOut = ["read-tree", "--reset", "-u", "--no-recurse-submodules", tree];
  await new Git(directory).bytes(checkOut, { limit: checkOutLimit, mayFetch: true });
}

/** The worktree's own settings say where the project's cache is. */
async function shareCache(from: Project, to: Project): Promise<void> {
  const settings = await readFile(join(from.root, ".dvc", "config.local"), "utf8").catch(() => "");
  const { directory } = await openCache(from);
  await writeFile(join(to.root, ".dvc", "config.local"), withCacheDirectory(settings, directory));
}

async function restoreOutputs(
  { hasher }: { readonly hasher: Hasher },
  checkpoint: Checkpoint,
  worktree: Project,
): Promise<Result<void>> {
  const plan = await planRestore(worktree, checkpoint, "everything", hasher);
  if (!plan.ok) return plan;
  const restored = await restore(plan.value);
  return restored.ok ? success(undefined) : restored;
}
