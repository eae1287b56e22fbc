import { posix } from "node:path";
import type { Value } from "../model.ts";
import { failure, type Result, success } from "../result.ts";
import { normalize, plainPath } from "./build.ts";
import {
  compareText,
  type Data,
  type DataMap,
  fromValue,
  isList,
  isMap,
  type Scalar,
  toValues,
} from "./data.ts";
import { folderOf } from "./graph.ts";
import { type LockSection, splitLock } from "./lockText.ts";
import type { Stage } from "./stage.ts";
import { readYaml } from "./yaml.ts";
import { writeYaml } from "./yamlWriter.ts";

/** What was recorded about one path when its stage last ran. */
export interface LockItem {
  /** From the project's root; an address such as `s3://…` stays what it is. */
  readonly path: string;
  /** MD5 in hexadecimal, with `.dir` at the end for a directory; empty when there is none. */
  readonly hash: string;
  /** Whether the hash is of DVC 2's `md5-dos2unix` kind. */
  readonly legacy: boolean;
  /** Bytes. */
  readonly size: number | null;
  readonly fileCount: number | null;
  readonly isExecutable: boolean;
}

export interface LockEntry {
  readonly command: string | readonly string[];
  readonly dependencies: readonly LockItem[];
  /** By params file (from the project's root), flat by dotted key. */
  readonly params: { readonly [file: string]: { readonly [dottedKey: string]: Value } };
  readonly outputs: readonly LockItem[];
  /** The same params with their exact types (`1.0` is not `1`), when known; written instead of `params`. */
  readonly exactParams?: ReadonlyMap<string, DataMap>;
}

/** A `dvc.lock`, by name of the stage within its file. */
export interface Lock {
  readonly entries: ReadonlyMap<string, LockEntry>;
}

export const emptyLock: Lock = { entries: new Map() };

/**
 * Whether lock files are DVC 2's: they have hashes, and all of its kind. A single one of DVC 3's kind makes a lock file
 * unreadable for DVC 2, whereas DVC 3 reads both.
 */
export function isLegacy(locks: readonly Lock[]): boolean {
  const entries = locks.flatMap((lock) => [...lock.entries.values()]);
  const items = entries.flatMap(({ dependencies, outputs }) => [...dependencies, ...outputs]);
  const hashed = items.filter(({ hash }) => hash !== "");
  return hashed.length > 0 && hashed.every(({ legacy }) => legacy);
}

/** The lock file of a pipeline file: `dvc.lock` beside `dvc.yaml`. */
export function lockPathOf(pipelineFile: string): string {
  return pipelineFile.replace(/\.ya?ml$/, ".lock");
}

/**
 * Reads a lock file. Its paths are relative to each stage's working directory, which only the pipeline file knows:
 * `workingDirectories` gives it by stage name; without it, the folder of the lock file counts.
 * Reasons: `invalid-lock`.
 */
export function parseLock(
  text: string,
  lockPath: string,
  workingDirectories: ReadonlyMap<string, string> = new Map(),
): Result<Lock, "invalid-lock"> {
  const invalid = (what: string, line: number) =>
    failure(
      "invalid-lock",
      `${lockPath}, line ${line}: ${what}; restore the file with Git, or delete it and run the stages again`,
      lockPath,
    );
  const conflict = /^<{7} /m.exec(text);
  if (conflict)
    return invalid("A merge left conflict marks", text.slice(0, conflict.index).split("\n").length);
  const entries = new Map<string, LockEntry>();
  const folder = posix.dirname(lockPath) === "." ? "" : posix.dirname(lockPath);
  for (const part of partsOf(text)) {
    const stages = readPart(part);
    if (!stages.ok) return invalid(stages.what, lineOf(text, part) + stages.line);
    for (const [key, entry] of stages.map) {
      const name = String(key);
      if (entries.has(name)) return invalid(`The stage '${name}' is here twice`, 1);
      if (!isMap(entry)) return invalid(`The entry of '${name}' must be a mapping`, 1);
      entries.set(name, readEntry(entry, workingDirectories.get(name) ?? folder));
    }
  }
  return success({ entries });
}

/** A text that reads like a lock file of its own. */
interface LockPart {
  readonly text: string;
  /** Where its entry begins in the file; `null` for the whole file. */
  readonly start: number | null;
}

/** A file in DVC's layout is read entry by entry, as one large document takes many times longer than its parts. */
function partsOf(text: string): readonly LockPart[] {
  const sections = splitLock(text);
  if (sections === null) return [{ text, start: null }];
  return sections.map(({ start, end }) => ({ text: `stages:\n${text.slice(start, end)}`, start }));
}

/** How many lines the lines of a part, with the one that was put before it, stand behind those of the file. */
function lineOf(text: string, { start }: LockPart): number {
  return start === null ? 0 : text.slice(0, start).split("\n").length - 2;
}

/** The entries by name. On failure `line` counts from 1 within the part. */
function readPart(
  part: LockPart,
):
  | { readonly ok: true; readonly map: DataMap }
  | { readonly ok: false; readonly what: string; readonly line: number } {
  const invalid = (what: string, line = 1) => ({ ok: false, what, line }) as const;
  const { data, problems } = readYaml(part.text);
  const [problem] = problems;
  if (problem) return invalid(problem.message, problem.range.start.line + 1);
  const none = new Map<Scalar, Data>();
  if (data === null || data === "") return { ok: true, map: none };
  if (!isMap(data)) return invalid("This is not a lock file");
  if (part.start === null && data.get("schema") !== "2.0")
    return invalid("The schema must be '2.0' in quotes");
  const stages = data.get("stages") ?? none;
  return isMap(stages) ? { ok: true, map: stages } : invalid("'stages' must be a mapping");
}

function readEntry(entry: DataMap, directory: string): LockEntry {
  const items = (key: string) => {
    const list = entry.get(key) ?? null;
    return isList(list) ? list.flatMap((item) => readItem(item, directory) ?? []) : [];
  };
  const command = entry.get("cmd") ?? "";
  const params = new Map<string, DataMap>();
  const files = entry.get("params");
  for (const [file, values] of isMap(files) ? files : []) {
    if (!isMap(values)) continue;
    const path = normalize(directory, String(file), "");
    params.set(path, new Map([...(params.get(path) ?? []), ...values]));
  }
  return {
    command: isList(command) ? command.map(String) : String(command),
    dependencies: items("deps"),
    params: Object.fromEntries([...params].map(([file, values]) => [file, toValues(values)])),
    outputs: items("outs"),
    exactParams: params,
  };
}

function readItem(item: Data, directory: string): LockItem | null {
  const path = isMap(item) ? item.get("path") : undefined;
  if (!isMap(item) || typeof path !== "string") return null;
  const count = (key: string) => {
    const value = item.get(key);
    return typeof value === "bigint" ? Number(value) : null;
  };
  const hash = item.get("md5");
  return {
    path: normalize(directory, path, ""),
    // A hash of digits alone that was written without quotes is a number to a reader.
    hash: hash === undefined || hash === null ? "" : String(hash),
    legacy: item.get("hash") === undefined,
    size: count("size"),
    fileCount: count("nfiles"),
    isExecutable: item.get("isexec") === true,
  };
}

/**
 * The lock file's text with the entry of one stage replaced or added; everything else stays byte for byte.
 * `null`, and a text that can't be read as a lock file, become a new file with just this entry.
 */
export function writeLockEntry(text: string | null, stage: Stage, entry: LockEntry): string {
  const body = writeYaml(new Map([[stage.name, entryData(stage, entry)]]), 2);
  const sections = text === null || text.trim() === "" ? null : splitLock(text);
  if (text !== null && sections) {
    const section = sections.find(({ name }) => name === stage.name);
    return section ? replaceSection(text, section, body) : appendSection(text, sections, body);
  }
  const lock = text === null ? null : readYaml(text);
  const data = lock && lock.problems.length === 0 && isMap(lock.data) ? lock.data : new Map<Scalar, Data>();
  const stages = data.get("stages");
  // In braces, or in another layout than DVC's: written anew, with all that it holds.
  const all = new Map(isMap(stages) ? stages : []).set(stage.name, entryData(stage, entry));
  return writeYaml(new Map<Scalar, Data>([["schema", "2.0"]]).set("stages", all)) + rest(data);
}

function rest(data: DataMap): string {
  const others = new Map([...data].filter(([key]) => key !== "schema" && key !== "stages"));
  return others.size > 0 ? writeYaml(others) : "";
}

function replaceSection(text: string, section: LockSection, body: string): string {
  return text.slice(0, section.start) + body + text.slice(section.end);
}

function appendSection(text: string, sections: readonly LockSection[], body: string): string {
  const end = sections.at(-1)?.end ?? text.length;
  const before = text.slice(0, end);
  return (before.endsWith("\n") ? before : `${before}\n`) + body + text.slice(end);
}

function entryData(stage: Stage, entry: LockEntry): DataMap {
  const written = (path: string) => writtenPaths(stage, path);
  const items = (list: readonly LockItem[]) =>
    list
      .flatMap((item) => written(item.path).map((path) => itemData(item, path)))
      .sort((left, right) => compareText(pathOf(left), pathOf(right)));
  const data = new Map<Scalar, Data>([["cmd", entry.command]]);
  if (entry.dependencies.length > 0) data.set("deps", items(entry.dependencies));
  const params = paramsData(entry, written);
  if (params.size > 0) data.set("params", params);
  if (entry.outputs.length > 0) data.set("outs", items(entry.outputs));
  return data;
}

function pathOf(item: DataMap): string {
  return String(item.get("path"));
}

function itemData(item: LockItem, path: string): DataMap {
  const data = new Map<Scalar, Data>([["path", path]]);
  if (!item.legacy) data.set("hash", "md5");
  if (item.hash !== "") data.set("md5", item.hash);
  if (item.size !== null) data.set("size", BigInt(item.size));
  if (item.fileCount !== null) data.set("nfiles", BigInt(item.fileCount));
  if (item.isExecutable) data.set("isexec", true);
  return data;
}

function paramsData(entry: LockEntry, written: (path: string) => readonly string[]): DataMap {
  const exact: ReadonlyMap<string, DataMap> =
    entry.exactParams ??
    new Map(Object.entries(entry.params).map(([file, values]) => [file, fromValue(values) as DataMap]));
  const files = [...exact].flatMap(([file, values]) => {
    const keys = [...values].sort(([left], [right]) => compareText(String(left), String(right)));
    return written(file).map((path): [string, DataMap] => [path, new Map(keys)]);
  });
  const rank = (file: string) => (file === "params.yaml" ? 0 : 1);
  files.sort(([left], [right]) => rank(left) - rank(right) || compareText(left, right));
  return new Map(files);
}

/** A path in each way that the stage's own file writes it, which is how DVC finds it in the lock file. */
function writtenPaths(stage: Stage, path: string): readonly string[] {
  const own = stage.writtenPaths;
  const ways = own && Object.hasOwn(own, path) ? own[path] : undefined;
  return ways ?? [plainPath(path, stage.workingDirectory)];
}

/** The working directories of all stages of one pipeline file, for {@link parseLock}. */
export function workingDirectoriesOf(stages: readonly Stage[], file: string): ReadonlyMap<string, string> {
  return new Map(
    stages.filter((stage) => stage.file === file).map((stage) => [stage.name, stage.workingDirectory]),
  );
}

/** The lock file of a stage, from the root. */
export function lockPathOfStage(stage: Stage): string {
  return posix.join(folderOf(stage), "dvc.lock");
}
