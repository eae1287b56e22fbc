import { closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { recordingFiles, snapshotFolders, snapshotPack } from "../system/layout.ts";
import { readJson, writeJson } from "../system/versionedJson.ts";
import type { Cache } from "./cache.ts";
import { CacheWriter } from "./cacheWriter.ts";
import { copyNew } from "./copyNew.ts";
import { formatDirectoryObject } from "./directoryObject.ts";
import { hashBytes, hashFile } from "./fileHash.ts";
import type { CapturedCopy, CapturedFile, CapturedItem, JournalEntry } from "./journal.ts";
import { identityOf } from "./outputFiles.ts";

/** The slow part of recording: hash what was captured and put it into the cache. */
export interface StoreRequest {
  readonly root: string;
  /** From the top of the work tree to the root: empty, or with a slash at the end. */
  readonly prefix: string;
  /** The folder of the run's recording. */
  readonly directory: string;
  readonly sequence: number;
  readonly cache: Cache;
  /** Whether hashes and objects are of DVC 2's kind; the same for all snapshots of a run. */
  readonly legacy: boolean;
  /** Files and folders of metrics, relative to the root: their values are for a checkpoint's message. */
  readonly metrics: readonly string[];
}

/** An item with its hash. */
export interface StoredItem {
  readonly path: string;
  readonly role: CapturedItem["role"];
  readonly side: CapturedItem["side"];
  /** `null` when nothing was there. */
  readonly content: {
    readonly hash: string;
    /** Bytes. */
    readonly size: number;
    readonly fileCount: number | null;
    readonly isExecutable: boolean;
  } | null;
}

export interface StoredCapture {
  readonly items: readonly StoredItem[];
  /** Hashes of the files with metrics that went into the cache, by path. */
  readonly metrics: { readonly [path: string]: string };
  /** Its journal entry, without the files that went into the cache: they may be many, and are done with. */
  readonly entry: JournalEntry;
}

/** Hashes by absolute path; `identity` says of which state of the file. Kept on disk for the time after a crash. */
interface KnownFiles {
  readonly version: 1;
  readonly legacy: boolean;
  readonly files: { readonly [path: string]: KnownFile };
}

interface KnownFile {
  readonly identity: string;
  readonly hash: string;
  readonly size: number;
}

type PackedCopy = Extract<CapturedCopy, { readonly kind: "packed" }>;

/** Some copies are gone, or a file that was to be taken from an earlier snapshot is not known any more. */
const damaged = "SNAPSHOT_DAMAGED";

/** Whether an error of {@link storeCapture} means that the snapshot can never be stored. */
export function isDamage(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === damaged;
}

/**
 * Hashes a snapshot and puts its cache side into the cache. Can be done again after a crash at any point, with the same
 * outcome. Throws the system's errors (`ENOSPC`), or {@link isDamage} ones.
 */
export function storeCapture(request: StoreRequest): StoredCapture {
  const entry = readJson<JournalEntry>(join(request.directory, recordingFiles.entry(request.sequence)));
  if (entry === null) throw damage("its journal entry is gone");
  const storing = new Storing(request);
  try {
    const items = entry.items.map((item) => storing.item(item));
    storing.remember();
    const rest = entry.items.map((item) => (item.side === "cache" ? { ...item, files: [] } : item));
    return { items, metrics: storing.metrics, entry: { ...entry, items: rest } };
  } finally {
    storing.close();
  }
}

/** One snapshot that is being stored. */
class Storing {
  readonly #request: StoreRequest;
  readonly #snapshot: string;
  readonly #cache: CacheWriter;
  readonly #known: { [path: string]: KnownFile };
  readonly metrics: { [path: string]: string } = {};
  #additions = 0;
  /** Descriptor of the pack, once it was needed. */
  #pack: number | null = null;

  constructor(request: StoreRequest) {
    this.#request = request;
    this.#snapshot = join(request.directory, recordingFiles.snapshot(request.sequence));
    this.#cache = new CacheWriter(request.cache, request.legacy);
    const known = readJson<KnownFiles>(this.#knownPath);
    this.#known = known?.legacy === request.legacy ? { ...known.files } : {};
  }

  get #knownPath(): string {
    return join(this.#request.directory, recordingFiles.known);
  }

  item(item: CapturedItem): StoredItem {
    const { path, role, side } = item;
    if (item.kind === "missing") return { path, role, side, content: null };
    const files = item.files.map((file) => ({ ...file, ...this.#file(item, file) }));
    const [first] = files;
    if (item.kind === "file" && first !== undefined) {
      const { hash, size, isExecutable } = first;
      return { path, role, side, content: { hash, size, fileCount: null, isExecutable } };
    }
    const object = formatDirectoryObject(files.map(({ relpath, hash }) => ({ relpath, md5: hash })));
    const hash = side === "cache" ? this.#cache.keepBytes(object, ".dir") : `${hashBytes(object)}.dir`;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    return { path, role, side, content: { hash, size, fileCount: files.length, isExecutable: false } };
  }

  /** What was learned must outlive a crash before the entry goes: later snapshots refer to it. */
  remember(): void {
    const { legacy } = this.#request;
    writeJson(this.#knownPath, { version: 1, legacy, files: this.#known } satisfies KnownFiles);
  }

  close(): void {
    this.#cache.close();
    if (this.#pack !== null) closeSync(this.#pack);
    this.#pack = null;
  }

  #file(item: CapturedItem, file: CapturedFile): { readonly hash: string; readonly size: number } {
    const path = file.relpath === "" ? item.path : `${item.path}/${file.relpath}`;
    const content = this.#contentOf(item, file, path);
    const isMetric = this.#request.metrics.some((one) => path === one || path.startsWith(`${one}/`));
    if (isMetric && item.side === "cache") this.metrics[path] = content.hash;
    return content;
  }

  #contentOf(
    item: CapturedItem,
    file: CapturedFile,
    path: string,
  ): { readonly hash: string; readonly size: number } {
    const known = this.#known[path];
    if (file.copy === null && known?.identity === file.identity) return known;
    const copy = file.copy ?? this.#copyNow(item, path, file.identity);
    const content = copy.kind === "packed" ? this.#unpack(copy, path) : this.#hashCopy(item, copy.path, path);
    this.#known[path] = { identity: file.identity, ...content };
    return content;
  }

  #unpack({ offset, length }: PackedCopy, path: string): { readonly hash: string; readonly size: number } {
    const content = Buffer.allocUnsafe(length);
    let read = 0;
    try {
      this.#pack ??= openSync(join(this.#snapshot, snapshotPack), "r");
    } catch (error) {
      // A pack of empty files is never made.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    while (this.#pack !== null && read < length) {
      const more = readSync(this.#pack, content, read, length - read, offset + read);
      if (more === 0) break;
      read += more;
    }
    if (read < length) throw damage(`the copy of ${path} is gone`);
    return { hash: this.#cache.keepBytes(content, ""), size: length };
  }

  #hashCopy(
    item: CapturedItem,
    copy: string,
    path: string,
  ): { readonly hash: string; readonly size: number } {
    const absolute = join(this.#snapshot, copy);
    try {
      const content = hashFile(absolute, this.#request.legacy);
      if (item.side === "cache") this.#cache.put(absolute, content.hash, content.size);
      return content;
    } catch (error) {
      const { code, path: missing } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" && missing === absolute) throw damage(`the copy of ${path} is gone`);
      throw error;
    }
  }

  /** The snapshot that had the copy could not be stored: the file itself will do while it is still the same. */
  #copyNow(item: CapturedItem, path: string, identity: string): CapturedCopy {
    const source = join(this.#request.root, path);
    const copy =
      item.side === "cache"
        ? `${snapshotFolders.cache}/late-${this.#additions++}`
        : `${snapshotFolders.overlay}/${this.#request.prefix}${path}`;
    const isSame = () => {
      const stat = statSync(source, { bigint: true, throwIfNoEntry: false });
      return stat !== undefined && identityOf(stat) === identity;
    };
    if (!isSame()) throw damage(`${path} has changed since`);
    const target = join(this.#snapshot, copy);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    copyNew(source, target);
    if (!isSame()) throw damage(`${path} has changed since`);
    return { kind: "file", path: copy };
  }
}

function damage(reason: string): Error {
  return Object.assign(new Error(`The snapshot is damaged: ${reason}`), { code: damaged });
}
