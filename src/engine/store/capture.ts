import { type BigIntStats, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { recordingFiles, snapshotFolders, snapshotPack } from "../system/layout.ts";
import { writeJson } from "../system/versionedJson.ts";
import { copyNew } from "./copyNew.ts";
import { isExecutable } from "./fileHash.ts";
import type { CapturedCopy, CapturedFile, CapturedItem, JournalEntry, SnapshotRequest } from "./journal.ts";
import { clockResolution, identityOf, listRecordedFiles } from "./outputFiles.ts";
import { PackWriter, packedLimit } from "./packWriter.ts";
import { statOf } from "./statOf.ts";
import { SetFilter, type WatchedSets } from "./watchedSets.ts";

/** Copies of a file that is being written are tried this often. */
const attempts = 3;

/** The part of recording that training waits for. */
export interface CaptureRequest {
  readonly root: string;
  /** From the top of the work tree to the root: empty, or with a slash at the end. */
  readonly prefix: string;
  /** The folder of the run's recording. */
  readonly directory: string;
  readonly sequence: number;
  readonly request: SnapshotRequest;
  readonly items: readonly Pick<CapturedItem, "path" | "role" | "side">[];
  /** What to take of files that the code writes meanwhile; `null` when it waits, so that all is as it should be. */
  readonly sets: WatchedSets | null;
}

export interface CaptureSummary {
  /** `false` when there is nothing to record: nothing has changed, or what was to be recorded is gone. */
  readonly isTaken: boolean;
  readonly copiedFiles: number;
  /** Bytes. */
  readonly copiedBytes: number;
  readonly warnings: readonly string[];
}

/** The files that earlier captures of one recorder took, and can be referred to instead of being copied again. */
export class CaptureMemory {
  readonly #files = new Map<string, string>();
  #listing = "";

  /** Whether the outputs are those that the last snapshot took, as far as their stat data tells; or none were made yet. */
  isRepetition(items: readonly CapturedItem[]): boolean {
    if (this.#listing !== "") return listingOf(items) === this.#listing;
    return items.every(({ role, files }) => role !== "output" || files.length === 0);
  }

  remember(items: readonly CapturedItem[]): void {
    this.#listing = listingOf(items);
  }

  isUnchanged(path: string, identity: string): boolean {
    return this.#files.get(path) === identity;
  }

  /**
   * Training goes on at `released` (file system time, nanoseconds): a file written shortly before could be written again
   * without its time stamp showing it, so it is not remembered.
   */
  learn(files: readonly { readonly path: string; readonly stat: BigIntStats }[], released: bigint): void {
    for (const { path, stat } of files) {
      if (stat.mtimeNs < released - clockResolution) this.#files.set(path, identityOf(stat));
      else this.#files.delete(path);
    }
  }

  clear(): void {
    this.#files.clear();
    this.#listing = "";
  }
}

function listingOf(items: readonly CapturedItem[]): string {
  const outputs = items.filter(({ role }) => role === "output");
  return JSON.stringify(
    outputs.map(({ path, files }) => [path, files.map(({ relpath, identity }) => [relpath, identity])]),
  );
}

/**
 * Copies what changed of the items into the snapshot's folder and writes the journal entry: from then on the snapshot
 * survives the death of any process. Synchronous, for worker threads. Throws the system's error (`ENOSPC`, `EACCES`)
 * and leaves nothing behind when it can't.
 */
export function capture(request: CaptureRequest, memory: CaptureMemory): CaptureSummary {
  const snapshot = join(request.directory, recordingFiles.snapshot(request.sequence));
  rmSync(snapshot, { recursive: true, force: true });
  try {
    const { capturing, items } = captureItems(request, snapshot, memory);
    if (items === null) {
      rmSync(snapshot, { recursive: true, force: true });
      return { isTaken: false, copiedFiles: 0, copiedBytes: 0, warnings: capturing.warnings };
    }
    const entryPath = join(request.directory, recordingFiles.entry(request.sequence));
    const entry: JournalEntry = {
      version: 1,
      sequence: request.sequence,
      request: request.request,
      items,
      warnings: capturing.warnings,
    };
    writeJson(entryPath, entry);
    memory.remember(items);
    memory.learn(capturing.seen, statSync(entryPath, { bigint: true }).mtimeNs);
    return {
      isTaken: true,
      copiedFiles: capturing.copiedFiles,
      copiedBytes: capturing.copiedBytes,
      warnings: capturing.warnings,
    };
  } catch (error) {
    rmSync(snapshot, { recursive: true, force: true });
    throw error;
  }
}

/** What is captured; no items when there is nothing to record. Of code that goes on, all files as of one moment. */
function captureItems(
  request: CaptureRequest,
  snapshot: string,
  memory: CaptureMemory,
): { readonly capturing: Capturing; readonly items: readonly CapturedItem[] | null } {
  const isInterval = request.request.kind === "interval";
  for (let attempt = 1; ; attempt += 1) {
    const capturing = new Capturing(request, snapshot, memory);
    const items = capturing.items();
    if (items !== null && isInterval) {
      if (memory.isRepetition(items)) return { capturing, items: null };
      if (capturing.hasChanged()) {
        if (attempt < attempts) {
          rmSync(snapshot, { recursive: true, force: true });
          continue;
        }
        capturing.warnings.push(
          "outputs changed while they were copied, so they may be of different moments",
        );
      }
    }
    return { capturing, items };
  }
}

/** A copy, and the stat data of its original right after; `undefined` when that was gone by then. */
interface Taken {
  readonly copy: CapturedCopy;
  readonly stat: BigIntStats | undefined;
}

/** One capture under way. */
class Capturing {
  readonly warnings: string[] = [];
  readonly seen: { path: string; stat: BigIntStats }[] = [];
  copiedFiles = 0;
  copiedBytes = 0;
  readonly #request: CaptureRequest;
  readonly #snapshot: string;
  readonly #memory: CaptureMemory;
  readonly #folders = new Set<string>();
  readonly #pack: PackWriter;
  readonly #filter: SetFilter | null;
  /** Files whose copy may not be what they were. */
  readonly #unsteady = new Set<string>();

  constructor(request: CaptureRequest, snapshot: string, memory: CaptureMemory) {
    this.#request = request;
    this.#snapshot = snapshot;
    this.#memory = memory;
    this.#filter = request.sets && new SetFilter(request.sets);
    this.#pack = new PackWriter(join(snapshot, snapshotPack));
    for (const folder of Object.values(snapshotFolders))
      mkdirSync(join(snapshot, folder), { recursive: true });
  }

  /** `null` when what was to be recorded has changed or gone. */
  items(): readonly CapturedItem[] | null {
    try {
      const items = this.#request.items.map((item) => this.#item(item));
      return this.#filter === null ? items : this.#wholeSets(items, this.#filter);
    } finally {
      this.#pack.close();
    }
  }

  /** Whether a file that was seen has changed since. */
  hasChanged(): boolean {
    return this.seen.some(({ path, stat }) => {
      const now = statSync(path, { bigint: true, throwIfNoEntry: false });
      return now === undefined || identityOf(now) !== identityOf(stat);
    });
  }

  /** Leaves out what is left of sets that were changed or deleted while they were copied. */
  #wholeSets(items: readonly CapturedItem[], filter: SetFilter): readonly CapturedItem[] | null {
    const taken = new Map<string, string>();
    for (const { path, files } of items) {
      for (const { relpath, identity } of files) {
        const name = nameOf(path, relpath);
        if (!this.#unsteady.has(name)) taken.set(name, identity);
      }
    }
    const torn = filter.torn(taken);
    if (filter.isPointless(torn)) return null;
    for (const path of torn) {
      this.warnings.push(`${path} is not recorded: it was changed or deleted while it was copied`);
    }
    if (torn.length === 0) return items;
    const isKept = ({ path }: { readonly path: string }) =>
      !filter.isIn(relative(this.#request.root, path).split(sep).join("/"), torn);
    // What no snapshot has must not be referred to by a later one.
    this.seen.splice(0, this.seen.length, ...this.seen.filter(isKept));
    return items.map((item) => {
      const files = item.files.filter(({ relpath }) => !filter.isIn(nameOf(item.path, relpath), torn));
      return { ...item, files, kind: item.kind === "file" && files.length === 0 ? "missing" : item.kind };
    });
  }

  #item(item: CaptureRequest["items"][number]): CapturedItem {
    const path = join(this.#request.root, item.path);
    const stat = statOf(path);
    if (stat?.isDirectory()) {
      const listing = listRecordedFiles(path);
      for (const { relpath, reason } of listing.skipped) {
        this.warnings.push(`${item.path}/${relpath} is not recorded: ${reason}`);
      }
      const files = listing.files
        .filter(({ relpath }) => this.#filter?.isWanted(nameOf(item.path, relpath)) ?? true)
        .flatMap((file) => this.#file(item, file.relpath, file.path, file.stat));
      return { ...item, kind: "directory", files };
    }
    if (stat !== undefined && !stat.isFile()) {
      this.warnings.push(`${item.path} is not recorded: not a regular file`);
    }
    const isWanted = stat?.isFile() === true && (this.#filter?.isWanted(item.path) ?? true);
    const files = isWanted ? this.#file(item, "", path, stat) : [];
    return { ...item, kind: files.length > 0 ? "file" : "missing", files };
  }

  #file(
    item: CaptureRequest["items"][number],
    relpath: string,
    path: string,
    listed: BigIntStats,
  ): CapturedFile[] {
    const described = { relpath, isExecutable: isExecutable(Number(listed.mode)) };
    if (this.#memory.isUnchanged(path, identityOf(listed))) {
      this.seen.push({ path, stat: listed });
      return [{ ...described, identity: identityOf(listed), copy: null }];
    }
    const name = nameOf(item.path, relpath);
    const isPacked = item.side === "cache" && listed.size <= packedLimit;
    // A file that has just become too large for the pack is copied like other large ones.
    const take = () => (isPacked ? this.#packFile(path) : null) ?? this.#copyFile(item, name, path);
    const captured = this.#whileSteady(name, path, listed, take);
    if (captured === null) return [];
    this.copiedFiles += 1;
    this.copiedBytes += Number(captured.stat.size);
    return [{ ...described, identity: identityOf(captured.stat), copy: captured.copy }];
  }

  /** Takes a copy until the file did not change meanwhile, or too often. `null` when the file is gone. */
  #whileSteady(
    name: string,
    path: string,
    listed: BigIntStats,
    take: () => Taken,
  ): { readonly copy: CapturedCopy; readonly stat: BigIntStats } | null {
    let before = listed;
    for (let attempt = 1; ; attempt += 1) {
      let taken: Taken;
      try {
        taken = take();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        this.#warnUnlessInSet(name, "is not recorded: it was deleted while it was copied");
        return null;
      }
      const after = taken.stat;
      if (after !== undefined && identityOf(after) === identityOf(before)) {
        this.seen.push({ path, stat: after });
        return { copy: taken.copy, stat: after };
      }
      if (after === undefined || attempt === attempts) {
        this.#unsteady.add(name);
        this.#warnUnlessInSet(name, "changed while it was copied, so its recorded content may be torn");
        return { copy: taken.copy, stat: before };
      }
      before = after;
    }
  }

  /** A set is left out as a whole, and named as such. */
  #warnUnlessInSet(name: string, what: string): void {
    const sets = this.#request.sets?.complete.map(({ path }) => path) ?? [];
    if (!this.#filter?.isIn(name, sets)) this.warnings.push(`${name} ${what}`);
  }

  #packFile(path: string): Taken | null {
    const packed = this.#pack.add(path);
    return (
      packed && { copy: { kind: "packed", offset: packed.offset, length: packed.length }, stat: packed.stat }
    );
  }

  #copyFile(item: CaptureRequest["items"][number], name: string, path: string): Taken {
    const copy =
      item.side === "cache"
        ? `${snapshotFolders.cache}/${this.copiedFiles}`
        : `${snapshotFolders.overlay}/${this.#request.prefix}${name}`;
    const target = join(this.#snapshot, copy);
    this.#makeFolder(dirname(target));
    // What an earlier attempt copied goes first.
    if (existsSync(target)) rmSync(target, { force: true });
    copyNew(path, target);
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return { copy: { kind: "file", path: copy }, stat };
  }

  #makeFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
  }
}

function nameOf(item: string, relpath: string): string {
  return relpath === "" ? item : `${item}/${relpath}`;
}
