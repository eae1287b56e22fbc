import { randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { copyNew } from "./copyNew.ts";
import { identityOf } from "./outputFiles.ts";
import { linkStatOf, statOf } from "./statOf.ts";

/** A staged file and its place, or a place that is to be empty. */
export interface Move {
  /** Absolute; `null` to delete what is there. */
  readonly from: string | null;
  readonly to: string;
  /** The folder, absolute, below which no link is followed. */
  readonly boundary: string;
  /** Whether a link at the place was kept as such; else only what it leads to was, so that there must be something. */
  readonly keepsLinks?: boolean;
}

interface Placing {
  readonly moves: readonly Move[];
  /** Absolute paths of folders that are to be there, even if empty. */
  readonly folders: readonly string[];
}

/** What keeps files from being put in their places. The path is absolute. */
export interface Obstacle {
  readonly path: string;
  /** `taken` by what the files don't replace, or a folder that is `not-writable`. */
  readonly kind: "taken" | "not-writable";
}

/** Says what keeps files from being put in their places; `null` when all can be moved. Changes nothing. */
export function findObstacle(placing: Placing): Obstacle | null {
  const taken = findTaken(placing);
  if (taken !== null) return { path: taken, kind: "taken" };
  const folder = findReadOnly(placing.moves);
  return folder === null ? null : { path: folder, kind: "not-writable" };
}

/** What tells whether something else is at the places now than at another time. */
export function identifyPlaces({ paths }: { readonly paths: readonly string[] }): readonly string[] {
  return paths.map((path) => {
    const stat = linkStatOf(path);
    return stat === undefined ? "" : identityOf(stat);
  });
}

function findTaken({ moves, folders }: Placing): string | null {
  const deleted = new Set(moves.filter(({ from }) => from === null).map(({ to }) => to));
  for (const { from, to, boundary, keepsLinks } of moves) {
    if (from === null) continue;
    const obstacle = linkAbove(to, boundary) ?? fileAbove(to, deleted) ?? occupant(to, deleted, keepsLinks);
    if (obstacle !== null) return obstacle;
  }
  for (const folder of folders) {
    const obstacle = fileAbove(join(folder, "file"), deleted);
    if (obstacle !== null) return obstacle;
  }
  return null;
}

/**
 * The first of some paths that a link leads out of a folder, or will, once something is made there; `null` when all are
 * inside. Paths are absolute, that of the folder a real one.
 */
export function findOutside(top: string, paths: Iterable<string>): string | null {
  for (const path of new Set(paths)) {
    let present = path;
    while (linkStatOf(present) === undefined) present = dirname(present);
    if (!isBelow(realPathOrNull(present), top)) return path;
  }
  return null;
}

function isBelow(path: string | null, top: string): boolean {
  return path === top || path?.startsWith(top + sep) === true;
}

/** `null` for a link to nothing. */
function realPathOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** A folder in which something would change, but may not. */
function findReadOnly(moves: readonly Move[]): string | null {
  const folders = new Set(
    moves
      .filter(({ from, to }) => from !== null || linkStatOf(to) !== undefined)
      .map(({ to }) => nearestFolder(dirname(to))),
  );
  return [...folders].find((folder) => !isWritable(folder)) ?? null;
}

function nearestFolder(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (folder === dirname(folder) || statOf(folder)?.isDirectory()) return folder;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Puts staged files in their places and deletes what is to go, then the folders that this leaves empty. */
export function moveIntoPlace({ moves, folders: wanted }: Placing): null {
  const folders = new Set<string>();
  for (const { from, to, boundary } of moves) {
    if (from !== null || linkAbove(to, boundary) !== null) continue;
    naming(to, () => rmSync(to, { force: true }));
    for (let folder = dirname(to); folder.length > boundary.length; folder = dirname(folder))
      folders.add(folder);
    if (dirname(to).length >= boundary.length && boundary !== to) folders.add(boundary);
  }
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) removeIfEmpty(folder);
  for (const { from, to } of moves) {
    if (from === null) continue;
    naming(to, () => {
      mkdirSync(dirname(to), { recursive: true });
      if (linkStatOf(to)?.isDirectory()) removeEmptyFolders(to);
      moveFile(from, to);
    });
  }
  for (const folder of wanted) mkdirSync(folder, { recursive: true });
  return null;
}

/** What fails says which place it is about, not where the file was staged. */
function naming(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}

/** Moves a file or a link, also to another disk: an output's folder may be a link to one. */
function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    // What was there stays until all of what comes is there.
    const beside = join(dirname(to), `.savepoint-${randomUUID()}`);
    try {
      if (linkStatOf(from)?.isSymbolicLink()) symlinkSync(readlinkSync(from), beside);
      else copyNew(from, beside);
      renameSync(beside, to);
    } finally {
      rmSync(beside, { force: true });
    }
  }
}

/** A folder between the boundary (exclusive) and the path that is a link, which may lead anywhere. */
function linkAbove(path: string, boundary: string): string | null {
  for (let folder = dirname(path); folder.length > boundary.length; folder = dirname(folder)) {
    if (linkStatOf(folder)?.isSymbolicLink()) return folder;
  }
  return null;
}

/** What is no folder where one has to be. */
function fileAbove(path: string, deleted: ReadonlySet<string>): string | null {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (deleted.has(folder) || linkStatOf(folder) === undefined) continue;
    return statOf(folder)?.isDirectory() ? null : folder;
  }
  return null;
}

/** What is at a file's place and could not be brought back. */
function occupant(path: string, deleted: ReadonlySet<string>, keepsLinks = false): string | null {
  const stat = linkStatOf(path);
  if (stat === undefined || stat.isFile()) return null;
  if (stat.isDirectory()) return fileInside(path, deleted);
  const isKept = keepsLinks || statOf(path)?.isFile();
  return stat.isSymbolicLink() && isKept ? null : path;
}

function fileInside(folder: string, deleted: ReadonlySet<string>): string | null {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const found = entry.isDirectory() ? fileInside(path, deleted) : deleted.has(path) ? null : path;
    if (found !== null) return found;
  }
  return null;
}

function removeEmptyFolders(folder: string): void {
  for (const name of readdirSync(folder)) removeEmptyFolders(join(folder, name));
  rmdirSync(folder);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else is in it, or it is a link to a folder: it stays.
  }
}
