import type { Stage } from "../../engine/pipeline/stage.ts";

/**
 * The stages that run or read a source file: those that name it (or a folder above it) as a dependency, or in a command.
 * `path` is relative to the project's root.
 */
export function relatedStages(stages: readonly Stage[], path: string): readonly Stage[] {
  return stages.filter(
    (stage) =>
      stage.dependencies.some((dependency) => holds(dependency, path)) ||
      stage.commands.some((command) => mentions(command, relativeTo(stage.workingDirectory, path))),
  );
}

function holds(dependency: string, path: string): boolean {
  return path === dependency || (dependency !== "" && path.startsWith(`${dependency}/`));
}

function relativeTo(directory: string, path: string): string | null {
  if (directory === "") return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : null;
}

/** Whether a command has the path as a word of its own: `train.py` is not in `python pretrain.py`. */
function mentions(command: string, path: string | null): boolean {
  if (path === null) return false;
  for (let at = command.indexOf(path); at >= 0; at = command.indexOf(path, at + 1)) {
    const before = command.slice(0, at).replace(/\.\/$/, "").at(-1) ?? " ";
    const after = command[at + path.length] ?? " ";
    if (/[\s"'=]/.test(before) && /[\s"';|&)]/.test(after)) return true;
  }
  return false;
}
