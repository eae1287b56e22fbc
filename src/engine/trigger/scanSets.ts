import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  anyFolders,
  isUnfinished,
  matchesName,
  readPattern,
  type WatchPattern,
} from "../pipeline/watchPattern.ts";
import { identityOf } from "../store/outputFiles.ts";

/** What a watched pattern matches: a file, or a folder with all the files below it. */
export interface FileSet {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  /** Identity of each file by its path from the project's root: see `identityOf`. */
  readonly files: { readonly [path: string]: string };
  /** Changes when a file comes, goes or is written. */
  readonly digest: string;
}

/** What the patterns match now, by path. What goes while it is looked at is left out. */
export async function scanSets(
  root: string,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, FileSet>> {
  const sets = new Map<string, FileSet>();
  for (const text of patterns) {
    const pattern = readPattern(text);
    if (pattern === null) continue;
    for (const { path, isFolder } of await find(root, "", pattern.segments, pattern)) {
      // What lies in a set is part of it.
      if ([...sets.keys()].some((known) => `${path}/`.startsWith(`${known}/`))) continue;
      const set = await readSet(root, path, isFolder);
      if (set !== null) sets.set(path, set);
    }
  }
  return sets;
}

interface Found {
  readonly path: string;
  readonly isFolder: boolean;
}

async function find(
  root: string,
  folder: string,
  segments: WatchPattern["segments"],
  pattern: WatchPattern,
): Promise<readonly Found[]> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [];
  const entries = await list(join(root, folder));
  const pathOf = ({ name }: Dirent) => (folder === "" ? name : `${folder}/${name}`);
  // A link to a folder is no part of an output, and not gone into.
  const below = (entry: Dirent, left: WatchPattern["segments"]) =>
    entry.isDirectory() ? find(root, pathOf(entry), left, pattern) : [];
  if (segment === anyFolders) {
    const folders = entries.filter(({ name }) => !isUnfinished(name));
    const deeper = await Promise.all(folders.map((entry) => below(entry, segments)));
    return [...(await find(root, folder, rest, pattern)), ...deeper.flat()];
  }
  const matching = entries.filter(({ name }) => matchesName(segment, name));
  if (rest.length > 0) return (await Promise.all(matching.map((entry) => below(entry, rest)))).flat();
  return matching
    .filter((entry) => entry.isDirectory() || !pattern.onlyFolders)
    .map((entry) => ({ path: pathOf(entry), isFolder: entry.isDirectory() }));
}

async function readSet(root: string, path: string, isFolder: boolean): Promise<FileSet | null> {
  const files: [string, string][] = [];
  for (const file of isFolder ? await filesBelow(root, path) : [path]) {
    const found = await stat(join(root, file), { bigint: true }).catch(() => null);
    // One that is gone by now shows at the next look.
    if (!found?.isFile()) continue;
    files.push([file, identityOf(found)]);
  }
  if (files.length === 0) return null;
  files.sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash("sha1").update(JSON.stringify(files)).digest("hex");
  return { path, files: Object.fromEntries(files), digest };
}

async function filesBelow(root: string, folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await list(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(root, path)));
    else files.push(path);
  }
  return files;
}

function list(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
