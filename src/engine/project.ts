/**
 * A folder with pipelines in a Git repository. All paths are absolute real paths in the form of the platform,
 * except `prefix`.
 */
export interface Project {
  /** The folder that holds `.dvc`; paths in the model are relative to it. */
  readonly root: string;
  /** Top of the Git work tree that holds the root. */
  readonly workTree: string;
  /** The Git directory of this work tree (index, HEAD). */
  readonly gitDirectory: string;
  /** The Git directory that all linked work trees share (objects, refs). */
  readonly commonDirectory: string;
  /** From the work tree's top to the root, with forward slashes: `""`, or `sub/folder/` with a slash at the end. */
  readonly prefix: string;
  /** `sha1` or `sha256`. */
  readonly objectFormat: "sha1" | "sha256";
  /**
   * In a worktree that Savepoint made, the root of the project that it was made from. Such a worktree holds nobody's own
   * work, so what is overwritten in it is not kept for "undo".
   */
  readonly isolatedFrom?: string;
}
