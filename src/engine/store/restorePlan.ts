import { join, posix } from "node:path";
import type { Checkpoint, OutputRecord } from "../model.ts";
import { compareText } from "../pipeline/data.ts";
import type { Project } from "../project.ts";
import type { Cache } from "./cache.ts";
import type { Hasher } from "./hasher.ts";
import type { OutputChange, OutputTarget } from "./outputRestore.ts";

/** What is restored: what the checkpoint's stage made, all that was recorded, or just some paths of it. */
export type RestoreScope = "outputs" | "everything" | { readonly paths: readonly string[] };

/** One file that restoring changes. */
export interface RestoreChange {
  /** Relative to the project's root; starts with `../` when it is in the repository but outside of the project. */
  readonly path: string;
  readonly action: "create" | "replace" | "delete";
  /** Bytes that will be there, where that is known before. */
  readonly size: number | null;
}

/** One file of Git that is not as a commit has it. Paths are relative to the work tree. */
export interface FileDifference {
  readonly path: string;
  readonly action: "create" | "replace" | "delete";
}

/** All that restoring will do. Making a plan writes nothing. */
export interface RestorePlan {
  readonly project: Project;
  readonly hasher: Hasher;
  readonly cache: Cache;
  /** What it goes back to, for people: `amber-heron@12`. */
  readonly title: string;
  /** `null` when it goes back to something else than a checkpoint. */
  readonly checkpoint: Checkpoint | null;
  readonly changes: readonly RestoreChange[];
  /** The commit whose files are written; `null` when only outputs are. */
  readonly commit: string | null;
  /** Paths relative to the work tree. */
  readonly files: { readonly write: readonly string[]; readonly remove: readonly string[] };
  readonly outputs: { readonly targets: readonly OutputTarget[]; readonly changes: readonly OutputChange[] };
  /** The undo point that this plan goes back to, which is then of no use any more. */
  readonly takesBack: { readonly ref: string; readonly sha: string; readonly title: string } | null;
}

/** What restoring did. */
export interface RestoreReport {
  readonly title: string;
  readonly changes: readonly RestoreChange[];
  /** Where the state before it is kept; `null` when nothing had to be changed. */
  readonly undoRef: string | null;
}

/** `amber-heron@12` */
export function labelOf(checkpoint: Pick<Checkpoint, "experiment" | "sequence">): string {
  return `${checkpoint.experiment}@${checkpoint.sequence}`;
}

/** What an output of a checkpoint is to be when it is restored. */
export function targetOf(output: OutputRecord): OutputTarget {
  return { path: output.path, hash: output.hash, legacy: output.legacy, isExecutable: output.isExecutable };
}

/** Puts together what is known of a restore. */
export function makePlan(
  parts: Pick<RestorePlan, "project" | "hasher" | "cache" | "title" | "checkpoint" | "commit" | "takesBack"> &
    RestorePlan["outputs"] & { readonly files: readonly FileDifference[] },
): RestorePlan {
  const { targets, changes: outputChanges, files, ...kept } = parts;
  const changes: RestoreChange[] = [
    ...outputChanges.map(({ path, action, size }) => ({ path, action, size })),
    ...files.map(({ path, action }) => ({ path: inProject(parts.project, path), action, size: null })),
  ];
  const changed = targets.filter(({ path }) => outputChanges.some((change) => isWithin(change.path, [path])));
  const pathsOf = (isRemoved: boolean) =>
    files.filter(({ action }) => (action === "delete") === isRemoved).map(({ path }) => path);
  return {
    ...kept,
    changes: changes.sort((a, b) => compareText(a.path, b.path)),
    files: { write: pathsOf(false), remove: pathsOf(true) },
    outputs: { targets: changed, changes: outputChanges },
  };
}

/** A path of the work tree as people see it in the project. */
export function inProject(project: Project, path: string): string {
  return posix.relative(`/${project.prefix}`, `/${path}`);
}

/** Whether a path is one of the given ones, or lies below one. */
export function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === "" || path === folder || path.startsWith(`${folder}/`));
}

/** The folders that outputs are, also those without a file. */
export function outputFolders(root: string, targets: readonly OutputTarget[]): readonly string[] {
  return targets.filter(({ hash }) => hash?.endsWith(".dir")).map(({ path }) => join(root, path));
}
