import { posix } from "node:path";
import type { ActionScope } from "./actions.ts";
import {
  cachedOutputs,
  differing,
  type FileState,
  type Files,
  isBelow,
  isIn,
  isSame,
  outputs,
} from "./files.ts";

/** Written when a stage ends; restoring takes it as it was recorded, which the model does not know. */
const lockFile = "dvc.lock";

/** What Git keeps of a file's content, by the filters of the test's repository. */
export function asKept(path: string, { kind, content }: FileState): FileState {
  if (kind === "link") return { kind, content };
  if (path.endsWith(".txt")) return { kind, content: content.replaceAll("\r\n", "\n") };
  return { kind, content: path.endsWith(".ipynb") ? content.replace(/^out:.*\n/gm, "") : content };
}

/** Directories of outputs don't say which of their files can be executed. */
function asCached(path: string, state: FileState): FileState {
  return path.startsWith("weights/") && state.kind === "executable" ? { ...state, kind: "file" } : state;
}

/** What a checkpoint must hold, given the folder and which files Git would record. */
export function recordedFrom(now: Files, gitPaths: ReadonlySet<string>): Files {
  const recorded = new Map<string, FileState>();
  for (const [path, state] of now) {
    // A link to nothing is no output.
    if (isIn(path, outputs) ? state.kind !== "link" : gitPaths.has(path) && path !== lockFile) {
      recorded.set(path, isIn(path, cachedOutputs) ? asCached(path, state) : asKept(path, state));
    }
  }
  return recorded;
}

/** The folder as it must be afterwards, or a path that is rightly found to be in the way. */
export type Expectation =
  | { readonly kind: "files"; readonly files: Files }
  | { readonly kind: "refused"; readonly path: string };

/** What restoring a checkpoint has to make of a folder. `tracked` are the paths in the user's index. */
export function afterRestore(
  now: Files,
  recorded: Files,
  scope: ActionScope,
  tracked: ReadonlySet<string>,
): Expectation {
  const isInScope = (path: string) =>
    path !== lockFile && (scope === "everything" || isIn(path, scope === "outputs" ? outputs : scope.paths));
  const isOurs = (path: string, state: FileState) =>
    isIn(path, outputs) ? state.kind !== "link" : tracked.has(path);
  const removed = [...now].filter(
    ([path, state]) => isInScope(path) && !recorded.has(path) && isOurs(path, state),
  );
  const written = [...recorded].filter(([path, wanted]) => {
    const current = now.get(path);
    return isInScope(path) && (current === undefined || !isAsWanted(path, current, wanted));
  });
  return replaced(now, new Set(removed.map(([path]) => path)), written);
}

function isAsWanted(path: string, current: FileState, wanted: FileState): boolean {
  return isSame(isIn(path, cachedOutputs) ? asCached(path, current) : asKept(path, current), wanted);
}

/** What the last restore has changed, and what was there before. */
export interface Undoable {
  readonly before: Files;
  /** Whole outputs, and other files. */
  readonly paths: ReadonlySet<string>;
}

/** What has to be undone after a restore that went from one state of the folder to another. */
export function undoable(before: Files, after: Files): Undoable {
  return { before, paths: new Set(differing(before, after).map(unitOf)) };
}

function unitOf(path: string): string {
  return cachedOutputs.find((output) => isBelow(path, output)) ?? path;
}

/** The folder as it must be after an undo. */
export function afterUndo(now: Files, { before, paths }: Undoable): Expectation {
  const isUndone = ([path]: readonly [string, FileState]) => paths.has(unitOf(path));
  const isOurs = ([path, { kind }]: readonly [string, FileState]) =>
    !isIn(path, cachedOutputs) || kind !== "link";
  const removed = [...now].filter((entry) => isUndone(entry) && isOurs(entry) && !before.has(entry[0]));
  const written = [...before]
    .filter((entry) => isUndone(entry) && isOurs(entry) && !isSame(now.get(entry[0]), entry[1]))
    .map(([path, state]) => [path, asCached(path, state)] as const);
  return replaced(now, new Set(removed.map(([path]) => path)), written);
}

function replaced(
  now: Files,
  removed: ReadonlySet<string>,
  written: readonly (readonly [string, FileState])[],
): Expectation {
  const kept = new Map([...now].filter(([path]) => !removed.has(path)));
  const obstacle = written.find(([path]) => isBlocked(path, kept));
  if (obstacle !== undefined) return { kind: "refused", path: obstacle[0] };
  return { kind: "files", files: new Map([...kept, ...written]) };
}

/** Whether a file can't be put at a path, for what stays there. */
function isBlocked(path: string, kept: Files): boolean {
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) {
    if (kept.has(folder)) return true;
  }
  if ([...kept.keys()].some((other) => other.startsWith(`${path}/`))) return true;
  // In an output, a link to nothing is no content that could be kept.
  return isIn(path, cachedOutputs) && kept.get(path)?.kind === "link";
}
