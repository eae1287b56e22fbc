import { join } from "node:path";
import type { Project } from "../project.ts";
import { savepointDirectory } from "../system/layout.ts";

/** Where the worktrees of isolated runs are: one folder each. Git ignores it through `.dvc/.gitignore`. */
export function worktreesDirectory(project: Project): string {
  return join(project.root, ".dvc", "tmp", "exps");
}

/**
 * One folder for each worktree, of the same name, with the lease of the process that works in it. Made before the
 * worktree and removed after it, so that no crash leaves a worktree that nobody knows of.
 */
export function worktreeLeasesDirectory(project: Project): string {
  return join(savepointDirectory(project), "isolated");
}
