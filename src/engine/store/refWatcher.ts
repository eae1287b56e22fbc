import { relative, sep } from "node:path";
import { watch } from "chokidar";
import type { Disposable } from "../event.ts";

/** Milliseconds of quiet after which changes are told; many refs often change at once. */
const quiet = 25;

/** Milliseconds after which they are told even if it never becomes quiet. */
const longestDelay = 250;

/**
 * Calls `onChange` after branches or the refs of experiments or of notes have changed on disk, by whatever process: loose
 * refs, packed refs, reftable. It is a hint only: what changed is for the caller to find out.
 */
export function watchRefs(
  commonDirectory: string,
  onChange: () => void,
  onError: (error: unknown) => void,
): Disposable {
  const watcher = watch(commonDirectory, {
    ignoreInitial: true,
    ignorePermissionErrors: true,
    ignored: (path) => !holdsRefs(relative(commonDirectory, path).split(sep).join("/")),
  });
  let timer: NodeJS.Timeout | null = null;
  let firstAt = 0;
  const tell = () => {
    timer = null;
    onChange();
  };
  watcher.on("all", (_event, path) => {
    if (path.endsWith(".lock")) return;
    const now = performance.now();
    if (timer === null) firstAt = now;
    else clearTimeout(timer);
    timer = setTimeout(tell, Math.max(0, Math.min(quiet, firstAt + longestDelay - now)));
  });
  watcher.on("error", onError);
  // What changed before the watch stood is not lost.
  watcher.on("ready", onChange);
  return {
    dispose: () => {
      if (timer !== null) clearTimeout(timer);
      void watcher.close();
    },
  };
}

/** Whether refs of ours can be in this path of the Git directory, or below it. */
function holdsRefs(path: string): boolean {
  return (
    ["", "refs", "refs/notes", "refs/notes/savepoint", "packed-refs"].includes(path) ||
    /^(refs\/exps|refs\/heads|reftable)(\/|$)/.test(path)
  );
}
