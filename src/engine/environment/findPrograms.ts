import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { type ProgramHint, programHints } from "./programs.ts";

/** Where a stage's commands find programs. */
export interface SearchPlace {
  /** The stage's working directory, absolute. */
  readonly directory: string;
  /** The project's root, absolute. */
  readonly root: string;
  /** The variable `PATH`. */
  readonly path: string;
  /** The activated virtual environment, absolute; `null` when there is none. */
  readonly virtualEnvironment: string | null;
}

/** The programs that run a stage, as absolute paths; `null` where there is none. */
export interface FoundPrograms {
  readonly python: string | null;
  readonly node: string | null;
}

const isWindows = process.platform === "win32";
/** Bytes of a shell script that are read. */
const scriptLimit = 64 * 1024;
/** Bytes of a program's beginning that may name its interpreter. */
const headLimit = 512;

/** The Python and the Node that a stage's commands start, found on the disk without starting anything. */
export function findPrograms(commands: readonly string[], place: SearchPlace): FoundPrograms {
  const hints = programHints(commands).flatMap((hint) => [hint, ...hintsInScript(hint, place)]);
  const python = firstOf(hints, (hint) => pythonOf(hint, place)) ?? ownPython(hints, place);
  const usesNode = hints.some(({ kind }) => kind === "node");
  return { python: python && inRealFolder(python), node: usesNode ? onPath("node", place) : null };
}

/**
 * The same program by the folder that it is really in: an isolated run sees the project's virtual environment through a
 * link. The program itself may be a link too, by which Python knows its environment.
 */
function inRealFolder(program: string): string {
  try {
    return join(realpathSync(dirname(program)), basename(program));
  } catch {
    return program;
  }
}

/** The Python of a virtual environment's folder. */
function pythonIn(folder: string): string | null {
  const candidates = isWindows ? ["Scripts/python.exe"] : ["bin/python", "bin/python3"];
  return firstOf(candidates, (candidate) => runnable(join(folder, candidate)));
}

function pythonOf(hint: ProgramHint, place: SearchPlace): string | null {
  switch (hint.kind) {
    case "python":
      return locate(hint.program, place);
    case "venv":
      return pythonIn(resolve(place.directory, hint.folder));
    case "project-venv":
      return projectPython(place);
    case "other": {
      const program = locate(hint.program, place);
      return program === null ? null : pythonOfScript(program, place);
    }
    case "node":
    case "script":
      return null;
  }
}

/** Commands such as `make train` don't say what they start: a virtual environment says it well enough. */
function ownPython(hints: readonly ProgramHint[], place: SearchPlace): string | null {
  if (hints.some(({ kind }) => kind === "python" || kind === "node")) return null;
  return place.virtualEnvironment === null ? projectPython(place) : pythonIn(place.virtualEnvironment);
}

function projectPython({ directory, root }: SearchPlace): string | null {
  const folders = [directory, root].flatMap((folder) => [join(folder, ".venv"), join(folder, "venv")]);
  return firstOf(folders, pythonIn);
}

/** What a shell script of the project starts; scripts that it starts in turn are not followed. */
function hintsInScript(hint: ProgramHint, place: SearchPlace): readonly ProgramHint[] {
  if (hint.kind !== "script") return [];
  const path = resolve(place.directory, hint.path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > scriptLimit) return [];
  try {
    return programHints(readFileSync(path, "utf8").split("\n")).filter(({ kind }) => kind !== "script");
  } catch {
    return [];
  }
}

/** The Python that a program's first lines name, as pip writes them for `torchrun`. */
function pythonOfScript(program: string, place: SearchPlace): string | null {
  const head = headOf(program);
  const line = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(head);
  const [, interpreter = "", argument = ""] = line ?? [];
  // A path that is too long for a first line stands in the second one.
  const name =
    /^'''exec' "?([^"\n]+?)"? "\$0"/m.exec(head)?.[1] ??
    (interpreter.endsWith("/env") ? argument : interpreter);
  return /(python|pypy)[\d.]*$/.test(name) ? locate(name, place) : null;
}

/** Whether a program is a script, such as a version manager's stand-in, which decides anew each time. */
export function isScript(program: string): boolean {
  return headOf(program).startsWith("#!");
}

function headOf(path: string): string {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "r");
    const bytes = Buffer.alloc(headLimit);
    return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, headLimit, 0));
  } catch {
    return "";
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function locate(program: string, place: SearchPlace): string | null {
  if (/[\\/]/.test(program)) return runnable(resolve(place.directory, program));
  return onPath(program, place);
}

function onPath(name: string, { path, directory }: SearchPlace): string | null {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return firstOf(folders, (folder) =>
    runnable(join(isAbsolute(folder) ? folder : resolve(directory, folder), name)),
  );
}

function runnable(path: string): string | null {
  const candidates = isWindows && !/\.\w+$/.test(path) ? [`${path}.exe`, `${path}.cmd`] : [path];
  return candidates.find((candidate) => existsSync(candidate) && isRunnable(candidate)) ?? null;
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function firstOf<Item, Found>(items: readonly Item[], find: (item: Item) => Found | null): Found | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
