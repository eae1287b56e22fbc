import { posix } from "node:path";
import type { Stage } from "../../engine/pipeline/stage.ts";

/**
 * The stages that run or read a source file: those that name it (or a folder above it) as a dependency, or in a command.
 * `path` is relative to the project's root.
 */
export function relatedStages(stages: readonly Stage[], path: string): readonly Stage[] {
  return stages.filter(
    (stage) =>
      stage.dependencies.some((dependency) => holds(dependency, path)) ||
      wordsFor(posix.relative(stage.workingDirectory, path)).some((word) =>
        stage.commands.some((command) => mentions(command, word)),
      ),
  );
}

function holds(dependency: string, path: string): boolean {
  return path === dependency || (dependency !== "" && path.startsWith(`${dependency}/`));
}

/** How a command may name a file: by its path, and a file of Python also as a module. */
function wordsFor(path: string): readonly string[] {
  const module = /^((?:\w+\/)*\w+)\.py$/.exec(path)?.[1]?.replaceAll("/", ".");
  return module === undefined ? [path] : [path, `-m ${module}`, `-m ${module.replace(/\.__main__$/, "")}`];
}

/** Whether a command has a word of its own: `train.py` is not in `python pretrain.py`. */
function mentions(command: string, word: string): boolean {
  for (let at = command.indexOf(word); at >= 0; at = command.indexOf(word, at + 1)) {
    const before = command.slice(0, at).replace(/\.\/$/, "").at(-1) ?? " ";
    const after = command[at + word.length] ?? " ";
    if (/[\s"'=]/.test(before) && /[\s"';|&)]/.test(after)) return true;
  }
  return false;
}
