import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file as Git and people tell it from another. */
export interface FileState {
  readonly kind: "file" | "executable" | "link";
  /** Its bytes, one per character, or a link's target. */
  readonly content: string;
}

/** Files of a folder by relative path. */
export type Files = ReadonlyMap<string, FileState>;

/** The outputs of the stage in the test's repository, as its `dvc.yaml` has them. */
export const cachedOutputs: readonly string[] = ["model.bin", "weights", "out/state.bin"];
export const outputs: readonly string[] = [...cachedOutputs, "metrics.json"];

/** Folders that are Git's, Savepoint's own, or the cache. */
const inner = new Set([".git", ".dvc/tmp", ".dvc/cache"]);

/** Reads all files below a folder, but for {@link inner}. A link to a file counts as that file where it is an output. */
export function readFiles(root: string): Files {
  const found = new Map<string, FileState>();
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (inner.has(path)) continue;
      if (entry.isDirectory()) visit(path);
      else found.set(path, readState(join(root, path), isIn(path, outputs)));
    }
  };
  visit("");
  return found;
}

function readState(path: string, follows: boolean): FileState {
  const target = follows ? statSync(path, { throwIfNoEntry: false }) : lstatSync(path);
  if (target === undefined || target.isSymbolicLink()) return { kind: "link", content: readlinkSync(path) };
  return { kind: target.mode & 0o111 ? "executable" : "file", content: readFileSync(path, "latin1") };
}

/** Whether a path is the given one or lies below it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Whether a path is one of those given, or lies below one. */
export function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isBelow(path, folder));
}

export function isSame(a: FileState | undefined, b: FileState | undefined): boolean {
  return a?.kind === b?.kind && a?.content === b?.content;
}

/** The paths at which two states of a folder differ. */
export function differing(a: Files, b: Files): readonly string[] {
  const paths = new Set([...a.keys(), ...b.keys()]);
  return [...paths].filter((path) => !isSame(a.get(path), b.get(path))).sort();
}
