import { posix } from "node:path";
import { type Data, type DataMap, isList, isMap, type Scalar, typeName } from "./data.ts";
import { readSettings } from "./settings.ts";
import type { ParamsDependency, Stage, StageOutput, StageSettings } from "./stage.ts";
import type { Report } from "./template.ts";
import { liesInOutput, placePattern } from "./watchPattern.ts";
import type { DataPath } from "./yaml.ts";

export interface StageSource {
  /** The pipeline file, from the project's root. */
  readonly file: string;
  readonly name: string;
  readonly definition: string;
  readonly lines: { readonly start: number; readonly end: number };
  /** Where the stage's own keys stand: below `do` for a `foreach`. */
  readonly path: DataPath;
  /** Absolute path of the project's root with forward slashes, for absolute paths in the file. */
  readonly root: string;
  readonly isIgnored?: ((path: string) => boolean) | undefined;
}

const defaultParamsFile = "params.yaml";

/**
 * Makes the stage from its data, after templating. `null`, with the reasons reported, when it can't be run.
 * `warn` gets what is wrong but does not keep it from running.
 */
export function buildStage(data: DataMap, source: StageSource, report: Report, warn: Report): Stage | null {
  let failed = false;
  const fail: Report = (message, path) => {
    failed = true;
    report(message, [...source.path, ...path]);
  };
  const directory = posix.dirname(source.file) === "." ? "" : posix.dirname(source.file);
  const wdir = data.get("wdir");
  const workingDirectory = normalize(
    directory,
    wdir === undefined || wdir === null || wdir === "" ? "." : textOf(wdir, ["wdir"], fail),
    source.root,
  );
  if (isOutside(workingDirectory))
    fail(`The working directory '${String(wdir)}' is outside the project; choose one inside`, ["wdir"]);

  const spellings = new Map<string, Set<string>>();
  const resolve = (path: string): string => {
    const resolved = normalize(workingDirectory, path, source.root);
    // As in DVC, it does not count that the way to a place in the project is written out from the top of the disk.
    const spelling = posix.isAbsolute(path) ? plainPath(resolved, workingDirectory) : path;
    spellings.set(resolved, (spellings.get(resolved) ?? new Set()).add(spelling));
    return resolved;
  };

  const lockedCommand = readCommand(data.get("cmd"), fail);
  const dependencies = listOf(data.get("deps")).map((item, index) => {
    const place = ["deps", index];
    const path = textOf(item, place, fail);
    if (path === "") fail("A dependency has no name; write a path or remove the entry", place);
    return resolve(path);
  });
  const params = readParams(data.get("params"), resolve, fail);
  const outputs = readOutputs(data, resolve, source.isIgnored ?? (() => false), fail);
  const settings = placeWatch(
    readSettings(data.get("meta"), ["meta"], (message, path) => warn(message, [...source.path, ...path])),
    workingDirectory,
    outputs,
    (message) => warn(message, [...source.path, "meta", "savepoint", "watch"]),
  );
  if (failed) return null;
  const description = data.get("desc");
  return {
    name: source.name,
    address: directory === "" ? source.name : `${source.file}:${source.name}`,
    file: source.file,
    definition: source.definition,
    lines: source.lines,
    commands: typeof lockedCommand === "string" ? splitLines(lockedCommand) : lockedCommand,
    lockedCommand,
    workingDirectory,
    dependencies: [...new Set(dependencies)],
    params,
    outputs,
    frozen: data.get("frozen") === true,
    alwaysChanged: data.get("always_changed") === true,
    description: typeof description === "string" ? description : null,
    settings,
    ...writtenPaths(spellings, workingDirectory),
  };
}

/** The spellings of those paths that are not written plainly, or in several ways. */
function writtenPaths(
  spellings: ReadonlyMap<string, ReadonlySet<string>>,
  workingDirectory: string,
): Pick<Stage, "writtenPaths"> {
  const odd = [...spellings].filter(([path, written]) => {
    return written.size > 1 || !written.has(plainPath(path, workingDirectory));
  });
  return odd.length > 0
    ? { writtenPaths: Object.fromEntries(odd.map(([path, written]) => [path, [...written]])) }
    : {};
}

/** The shortest way to write a path of the project in a stage. */
export function plainPath(path: string, workingDirectory: string): string {
  if (isAddress(path) || posix.isAbsolute(path)) return path;
  if (isOutside(path)) return posix.join(posix.relative(`/${workingDirectory}`, "/"), path);
  return posix.relative(`/${workingDirectory}`, `/${path}`) || ".";
}

/** The settings with their patterns from the project's root. What lies in no output would not be recorded. */
function placeWatch(
  settings: StageSettings,
  workingDirectory: string,
  outputs: readonly StageOutput[],
  warn: (message: string) => void,
): StageSettings {
  const paths = outputs.map(({ path }) => path);
  const watch = settings.watch.flatMap((pattern) => {
    const placed = placePattern(pattern, workingDirectory);
    if (placed !== null && liesInOutput(placed, paths)) return [placed];
    warn(`'${pattern}' lies in no output of the stage, so it is not watched; add its folder to 'outs'`);
    return [];
  });
  return { ...settings, watch };
}

/** Python's `splitlines`, without lines that hold nothing. */
function splitLines(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these end a line for Python.
  return text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/).filter((line) => line.trim() !== "");
}

function readCommand(data: Data | undefined, fail: Report): string | readonly string[] {
  const commands = isList(data) ? data : [data ?? null];
  const texts = commands.map((item, index) => textOf(item, isList(data) ? ["cmd", index] : ["cmd"], fail));
  if (isList(data) && data.includes(null))
    fail("A command of the list is empty; write one or remove it", ["cmd"]);
  if (texts.every((line) => line.trim() === ""))
    fail("The stage has no command; write one after 'cmd:'", ["cmd"]);
  return isList(data) ? texts : (texts[0] ?? "");
}

function readParams(
  data: Data | undefined,
  resolve: (path: string) => string,
  fail: Report,
): readonly ParamsDependency[] {
  const keysByFile = new Map<string, string[] | null>();
  const add = (written: string, keys: readonly string[] | null) => {
    const file = resolve(written);
    const present = keysByFile.get(file);
    // The whole file wins over any of its keys.
    if (keys === null || present === null) keysByFile.set(file, null);
    else keysByFile.set(file, [...new Set([...(present ?? []), ...keys])]);
  };
  for (const [index, item] of listOf(data).entries()) {
    if (typeof item === "string") add(defaultParamsFile, [item]);
    else if (isMap(item)) {
      for (const [file, keys] of item) {
        const place = ["params", index, String(file)];
        const names = listOf(keys ?? null).map((key, at) => textOf(key, [...place, at], fail));
        if (!isList(keys) && keys !== null)
          fail("A params file needs a list of keys, or nothing for all of it", place);
        add(textOf(file, place, fail), names.length > 0 ? names : null);
      }
    } else fail("An entry of 'params' is a key, or a file with its keys", ["params", index]);
  }
  return [...keysByFile].map(([file, keys]) => ({ file, keys }));
}

const outputKinds = { outs: "output", metrics: "metric", plots: "plot" } as const;

function readOutputs(
  data: DataMap,
  resolve: (path: string) => string,
  isIgnored: (path: string) => boolean,
  fail: Report,
): readonly StageOutput[] {
  const outputs = new Map<string, StageOutput>();
  for (const [section, kind] of Object.entries(outputKinds)) {
    for (const [name, { flags, place }] of flagsByName(section, data.get(section), fail)) {
      const path = resolve(name);
      const problem = outputs.has(path)
        ? `The output '${name}' is listed twice; remove one`
        : (outputProblem(name, path) ??
          (isIgnored(path) ? `The output '${name}' is ignored by .dvcignore; take it out of there` : null));
      if (problem) fail(problem, place);
      const checkpoint = flags.get("checkpoint") === true;
      const persist = flags.get("persist") === true || checkpoint;
      outputs.set(path, { path, kind, cache: flags.get("cache") !== false, persist, checkpoint });
    }
  }
  return [...outputs.values()];
}

interface ListedOutput {
  readonly flags: Map<Scalar, Data>;
  readonly place: DataPath;
}

/** The entries of one section. As in DVC, the flags of a path that is listed twice in it add up. */
function flagsByName(
  section: string,
  data: Data | undefined,
  fail: Report,
): ReadonlyMap<string, ListedOutput> {
  const listed = new Map<string, ListedOutput>();
  for (const [index, item] of listOf(data).entries()) {
    const place = [section, index];
    const entries: readonly (readonly [Data, Data])[] = isMap(item) ? [...item] : [[item, null]];
    for (const [path, added] of entries) {
      const name = textOf(path, place, fail);
      const flags = listed.get(name)?.flags ?? new Map<Scalar, Data>();
      for (const [flag, value] of isMap(added) ? added : []) flags.set(flag, value);
      listed.set(name, { flags, place });
    }
  }
  return listed;
}

/** Why a path can't be an output. */
function outputProblem(name: string, path: string): string | null {
  if (isAddress(name)) {
    return `The output '${name}' is not a local path; Savepoint records files of the project only`;
  }
  if (isOutside(path))
    return `The output '${name}' is outside the project; move it into the project's folder`;
  if (path === "") return "An output must be a file or folder below the project's root";
  if (/(?:^|\/)dvc\.yaml$|\.dvc$/.test(path)) {
    return `The output '${name}' has the name of a file that describes data or stages; choose another name`;
  }
  if (isInternal(path)) {
    return `The output '${name}' is inside ${path.split("/")[0]}, which is not for outputs; choose another place`;
  }
  return null;
}

/** Whether it names a place on another machine, such as `s3://bucket/key`. */
export function isAddress(path: string): boolean {
  return /^[\w+.-]+:\/\//.test(path);
}

function isInternal(path: string): boolean {
  return /^(?:\.git|\.dvc|\.hg)(?:\/|$)/.test(path);
}

/** Whether a resolved path leads out of the project (or to another machine). */
export function isOutside(path: string): boolean {
  return path === ".." || path.startsWith("../") || posix.isAbsolute(path) || isAddress(path);
}

/**
 * A path of the file, from the project's root; `..` at its start when it leads out of it, absolute when it stands so
 * and is not in the project, or `root` is not known (`""`). Addresses such as `s3://…` stay what they are.
 */
export function normalize(directory: string, path: string, root: string): string {
  if (isAddress(path)) return path;
  let local = path;
  if (posix.isAbsolute(path) || /^[A-Za-z]:[\\/]/.test(path)) {
    const slashed = posix.normalize(path.replaceAll("\\", "/"));
    if (root === "" || (slashed !== root && !slashed.startsWith(`${root}/`))) return slashed;
    local = slashed.slice(root.length + 1);
    return trim(posix.normalize(local || "."));
  }
  return trim(posix.normalize(posix.join(directory, local || ".")));
}

function trim(path: string): string {
  const bare = path.replace(/\/+$/, "");
  return bare === "." ? "" : bare;
}

function textOf(data: Data | undefined, place: DataPath, fail: Report): string {
  if (typeof data === "string") {
    if (data.includes("\0")) fail("There is a character here that no path or command can have", place);
    return data;
  }
  if (data !== undefined && data !== null) {
    fail(
      `A text is expected here, not ${typeName(data)}; put it in quotes, or more text around its \${…}`,
      place,
    );
  }
  return "";
}

function listOf(data: Data | undefined): readonly Data[] {
  return isList(data) ? data : [];
}
