import { type BigIntStats, type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { IsIgnored } from "../pipeline/ignore.ts";
import { ignoredIn } from "./ignoredInOutputs.ts";

/** A file of an output directory. */
export interface ListedFile {
  /** Relative to the directory, with forward slashes. */
  readonly relpath: string;
  readonly path: string;
  readonly stat: BigIntStats;
}

/** All files below a directory, and what cannot be part of an output, with the reason. */
export interface Listing {
  readonly files: readonly ListedFile[];
  readonly skipped: readonly { readonly relpath: string; readonly reason: string }[];
}

/**
 * Lists the files of an output directory that are recorded, as DVC does: all but those that are ignored and those of
 * projects inside. Otherwise as {@link listFiles}.
 */
export function listRecordedFiles(directory: string): Listing {
  return list(directory, ignoredIn(directory));
}

/**
 * Lists all files below a directory: links to files count as the files behind them, links to directories and empty
 * directories are not listed. Synchronous, for worker threads. Throws when a directory cannot be read.
 */
export function listFiles(directory: string): Listing {
  return list(directory, null);
}

function list(directory: string, isIgnored: IsIgnored | null): Listing {
  const files: ListedFile[] = [];
  const skipped: { relpath: string; reason: string }[] = [];
  const visit = (folder: string, prefix: string) => {
    const entries = readFolder(folder, prefix === "");
    if (prefix !== "" && isIgnored !== null && entries.some(({ name }) => name === ".dvc")) return;
    for (const entry of entries) {
      const relpath = prefix + entry.name;
      const path = join(folder, entry.name);
      if (isIgnored?.(relpath, entry.isDirectory())) continue;
      if (entry.isDirectory()) {
        visit(path, `${relpath}/`);
        continue;
      }
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat?.isFile()) files.push({ relpath, path, stat });
      else skipped.push({ relpath, reason: reasonToSkip(entry, stat) });
    }
  };
  visit(directory, "");
  return { files, skipped };
}

/** A folder that code which goes on deletes meanwhile is empty. */
function readFolder(folder: string, isRoot: boolean): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (!isRoot && (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function reasonToSkip(entry: Dirent, stat: BigIntStats | undefined): string {
  if (stat?.isDirectory()) return "a link to a folder";
  if (stat !== undefined) return "not a regular file";
  return entry.isSymbolicLink() ? "a link to nothing" : "gone, or its name is not valid UTF-8";
}

/**
 * What tells one state of a file from another without reading it. Two equal identities mean equal content, unless the
 * file was written again within the resolution of its time stamp: see {@link clockResolution}.
 */
export function identityOf(stat: BigIntStats): string {
  return `${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`;
}

/** Nanoseconds within which two writes may leave the same time stamp; file systems stamp by the kernel's coarse clock. */
export const clockResolution = 20_000_000n;
