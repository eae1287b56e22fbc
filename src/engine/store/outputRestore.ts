import { type BigIntStats, chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Cache, objectPath } from "./cache.ts";
import { CacheWriter } from "./cacheWriter.ts";
import { copyNew } from "./copyNew.ts";
import { formatDirectoryObject, parseDirectoryObject } from "./directoryObject.ts";
import { hashBytes, hashFile, isExecutable } from "./fileHash.ts";
import type { HashMemory } from "./hashPath.ts";
import { leftOutOf } from "./ignoredInOutputs.ts";
import { listFiles } from "./outputFiles.ts";
import { statOf } from "./statOf.ts";

/** What an output is to be. */
export interface OutputTarget {
  /** Relative to the project's root. */
  readonly path: string;
  /** MD5, with `.dir` for a directory; `null` when nothing is to be there. */
  readonly hash: string | null;
  readonly legacy: boolean;
  readonly isExecutable: boolean;
}

/** One file of an output that is not as it is to be. */
export interface OutputChange {
  /** Relative to the project's root. */
  readonly path: string;
  readonly action: "create" | "replace" | "delete";
  /** Of its object; empty for `delete`; that of the empty directory when one is to be made. */
  readonly hash: string;
  readonly legacy: boolean;
  readonly isExecutable: boolean;
  /** Bytes that will be there; 0 for `delete`. */
  readonly size: number;
}

/** An object that can't be had. */
export interface ObjectProblem {
  /** The file or output that needs it. */
  readonly path: string;
  readonly hash: string;
  readonly kind: "missing" | "damaged";
}

export interface OutputComparison {
  readonly changes: readonly OutputChange[];
  readonly problems: readonly ObjectProblem[];
}

/** Says what of the outputs differs from what they are to be, and which objects are not there. Changes nothing. */
export function compareOutputs(
  request: { readonly root: string; readonly cache: Cache; readonly targets: readonly OutputTarget[] },
  memory: HashMemory,
): OutputComparison {
  const problems: ObjectProblem[] = [];
  const changes = request.targets.flatMap((target) => {
    const wanted = wantedFiles(request.cache, target, problems);
    return wanted === null ? [] : compareOutput(request, target, wanted, memory, problems);
  });
  return { changes, problems };
}

function compareOutput(
  { root, cache }: { readonly root: string; readonly cache: Cache },
  target: OutputTarget,
  wanted: ReadonlyMap<string, WantedFile>,
  memory: HashMemory,
  problems: ObjectProblem[],
): readonly OutputChange[] {
  const changes: OutputChange[] = [];
  const { legacy } = target;
  const absolute = join(root, target.path);
  const present = presentFiles(absolute, target.path);
  for (const [path, file] of wanted) {
    const current = present.get(path);
    present.delete(path);
    if (current !== undefined && isAsWanted(current, file, target, memory)) continue;
    const object = statSync(objectPath(cache, file.hash, legacy), { throwIfNoEntry: false });
    if (object === undefined) problems.push({ path, hash: file.hash, kind: "missing" });
    changes.push({ path, action: current ? "replace" : "create", ...file, legacy, size: object?.size ?? 0 });
  }
  if (target.hash?.endsWith(".dir") && wanted.size === 0 && !isDirectory(absolute)) {
    changes.push({ ...target, action: "create", hash: target.hash, size: 0 });
  }
  const isLeftOut = leftOutOf(absolute);
  for (const path of present.keys()) {
    // What no checkpoint would have is not missing in this one.
    if (target.hash !== null && isLeftOut(path.slice(target.path.length + 1))) continue;
    changes.push({ path, action: "delete", hash: "", legacy: false, isExecutable: false, size: 0 });
  }
  return changes;
}

function isAsWanted(
  current: PresentFile,
  wanted: WantedFile,
  target: OutputTarget,
  memory: HashMemory,
): boolean {
  if (memory.hashOf(current.path, current.stat, target.legacy) !== wanted.hash) return false;
  // A directory object does not say which of its files are executable.
  const saysMode = target.hash?.endsWith(".dir") === false;
  return !saysMode || isExecutable(Number(current.stat.mode)) === wanted.isExecutable;
}

interface PresentFile {
  readonly path: string;
  readonly stat: BigIntStats;
}

type WantedFile = Pick<OutputChange, "hash" | "isExecutable">;

/** The files of an output by path; `null` when its directory object can't be had. */
function wantedFiles(
  cache: Cache,
  target: OutputTarget,
  problems: ObjectProblem[],
): ReadonlyMap<string, WantedFile> | null {
  const { path, hash, legacy } = target;
  if (hash === null) return new Map();
  if (!hash.endsWith(".dir")) return new Map([[path, { hash, isExecutable: target.isExecutable }]]);
  const entries = readDirectory(cache, hash, legacy);
  if (typeof entries === "string") {
    problems.push({ path, hash, kind: entries });
    return null;
  }
  return new Map(
    entries.map(({ md5, relpath }) => [`${path}/${relpath}`, { hash: md5, isExecutable: false }]),
  );
}

/** The entries of a directory object, or what is wrong with it. */
function readDirectory(
  cache: Cache,
  hash: string,
  legacy: boolean,
): readonly { readonly md5: string; readonly relpath: string }[] | "missing" | "damaged" {
  let content: Buffer;
  try {
    content = readFileSync(objectPath(cache, hash, legacy));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  const isIntact = `${hashBytes(content)}.dir` === hash;
  return (isIntact ? parseDirectoryObject(content) : null) ?? "damaged";
}

function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

function presentFiles(absolute: string, path: string): Map<string, PresentFile> {
  const stat = statOf(absolute);
  if (stat === undefined) return new Map();
  if (stat.isFile()) return new Map([[path, { path: absolute, stat }]]);
  // A pipe or a socket has no content; reading one may never end.
  if (!stat.isDirectory()) return new Map();
  return new Map(listFiles(absolute).files.map((file) => [`${path}/${file.relpath}`, file]));
}

/**
 * Copies the objects of changes into a folder, under the number of the change, and checks the copies against their
 * hashes. Nothing of the workspace is touched yet. Returns what is missing or damaged.
 */
export function stageOutputs(request: {
  readonly cache: Cache;
  readonly folder: string;
  readonly changes: readonly OutputChange[];
}): readonly ObjectProblem[] {
  mkdirSync(request.folder, { recursive: true });
  const problems: ObjectProblem[] = [];
  const mask = process.umask();
  for (const [index, { path, action, hash, legacy, ...change }] of request.changes.entries()) {
    if (action === "delete" || hash.endsWith(".dir")) continue;
    const object = objectPath(request.cache, hash, legacy);
    const staged = join(request.folder, String(index));
    try {
      copyNew(object, staged);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      problems.push({ path, hash, kind: "missing" });
      continue;
    }
    if (hashFile(staged, legacy).hash !== hash) {
      problems.push({ path, hash, kind: "damaged" });
      distrust(object);
    }
    chmodSync(staged, (change.isExecutable ? 0o777 : 0o666) & ~mask);
  }
  return problems;
}

/** An object that may be written is one that neither DVC nor Savepoint believes without hashing it. */
function distrust(object: string): void {
  try {
    chmodSync(object, 0o644);
  } catch {
    // It belongs to somebody else, who has to be told by the report.
  }
}

/** An object that can't be had, with the hashes of all outputs that need it. */
export interface NeededProblem extends ObjectProblem {
  readonly outputs: readonly string[];
}

/** Checks every object of outputs against its hash, each once. */
export function verifyOutputs({
  cache,
  targets,
}: {
  readonly cache: Cache;
  readonly targets: readonly OutputTarget[];
}): {
  readonly objects: number;
  /** Bytes. */
  readonly size: number;
  readonly problems: readonly NeededProblem[];
} {
  /** By object; `null` for those that are as they should be. */
  const checked = new Map<string, (ObjectProblem & { readonly outputs: string[] }) | null>();
  let size = 0;
  const check = (hash: string, legacy: boolean): ObjectProblem["kind"] | null => {
    const object = objectPath(cache, hash, legacy);
    const stat = statSync(object, { throwIfNoEntry: false });
    if (stat === undefined) return "missing";
    size += stat.size;
    if (hashFile(object, legacy).hash === hash) return null;
    distrust(object);
    return "damaged";
  };
  for (const target of targets) {
    const { hash: output, legacy } = target;
    if (output === null) continue;
    const unreadable: ObjectProblem[] = [];
    const files = wantedFiles(cache, target, unreadable) ?? [];
    const needed = [...files].map(([path, { hash }]) => ({ path, hash, find: () => check(hash, legacy) }));
    if (output.endsWith(".dir"))
      needed.unshift({ path: target.path, hash: output, find: () => unreadable[0]?.kind ?? null });
    for (const { path, hash, find } of needed) {
      const key = `${legacy}${hash}`;
      if (!checked.has(key)) {
        const kind = find();
        checked.set(key, kind && { path, hash, kind, outputs: [] });
      }
      checked.get(key)?.outputs.push(output);
    }
  }
  const problems = [...checked.values()].filter((problem) => problem !== null);
  return { objects: checked.size, size, problems };
}

/** Whether all objects of outputs are there, by their names alone. */
export function hasOutputs(request: {
  readonly cache: Cache;
  readonly targets: readonly OutputTarget[];
}): boolean {
  const problems: ObjectProblem[] = [];
  return request.targets.every((target) => {
    const wanted = wantedFiles(request.cache, target, problems);
    return (
      wanted !== null &&
      [...wanted.values()].every(
        ({ hash }) =>
          statSync(objectPath(request.cache, hash, target.legacy), { throwIfNoEntry: false }) !== undefined,
      )
    );
  });
}

/** Puts what is at the paths now into the cache, and says what it is. The workspace stays as it is. */
export function keepOutputs(
  request: { readonly root: string; readonly cache: Cache; readonly paths: readonly string[] },
  memory: HashMemory,
): readonly OutputTarget[] {
  const writer = new CacheWriter(request.cache, false);
  const targets = request.paths.map((path): OutputTarget => {
    const absolute = join(request.root, path);
    const stat = statOf(absolute);
    const described = { path, legacy: false, isExecutable: false };
    if (stat?.isDirectory()) {
      const entries = listFiles(absolute).files.map((file) => ({
        relpath: file.relpath,
        md5: writer.keep(file.path, memory.hashOf(file.path, file.stat, false), Number(file.stat.size)),
      }));
      return { ...described, hash: writer.keepBytes(formatDirectoryObject(entries), ".dir") };
    }
    if (!stat?.isFile()) return { ...described, hash: null };
    const hash = writer.keep(absolute, memory.hashOf(absolute, stat, false), Number(stat.size));
    return { ...described, hash, isExecutable: isExecutable(Number(stat.mode)) };
  });
  writer.close();
  return targets;
}
