import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Cache, incomingDirectory, incomingName, objectPath } from "./cache.ts";
import { copyNew } from "./copyNew.ts";
import { hashBytes, hashFile, haveSameBytes } from "./fileHash.ts";

const writeAttempts = 20;

/** Puts files into the cache. Synchronous, for worker threads. */
export class CacheWriter {
  readonly #cache: Cache;
  readonly #legacy: boolean;
  readonly #folders = new Set<string>();

  /** `legacy` objects have DVC 2's hashes, and are where it had them. */
  constructor(cache: Cache, legacy: boolean) {
    this.#cache = cache;
    this.#legacy = legacy;
  }

  /**
   * Puts a file in, which must not change any more: the object is a second name of it where the file system can do
   * that, and else a copy. Leaves the file in place, so that a crash at any point can be followed by doing it again. An
   * object that is there already stays, unless it has the wrong size or may be written.
   */
  put(file: string, hash: string, size: number): void {
    const target = this.#pathOf(hash);
    const present = statSync(target, { throwIfNoEntry: false });
    if (present !== undefined && isTrusted(present, size)) return;
    this.#makeFolder(dirname(target));
    chmodSync(file, 0o444);
    // A truncated or distrusted object is replaced.
    rmSync(target, { force: true });
    try {
      linkSync(file, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
      this.#incoming((temporary) => {
        copyNew(file, temporary);
        return hash;
      });
    }
  }

  /**
   * Puts a copy of a file in that may go on changing, or be overwritten: an object that is there already is compared with
   * it, byte by byte, and replaced when it is damaged. Returns the hash of what was copied.
   */
  keep(file: string, expectedHash: string, size: number): string {
    const target = this.#pathOf(expectedHash);
    const present = statSync(target, { throwIfNoEntry: false });
    if (present !== undefined && isTrusted(present, size) && haveSameBytes(file, target)) return expectedHash;
    return this.#incoming((temporary) => {
      copyNew(file, temporary);
      return hashFile(temporary, this.#legacy).hash;
    });
  }

  /** Puts bytes in. Returns their hash, with `suffix` at its end. */
  keepBytes(content: Buffer, suffix: "" | ".dir"): string {
    const hash = hashBytes(content, this.#legacy) + suffix;
    const present = statSync(this.#pathOf(hash), { throwIfNoEntry: false });
    if (present !== undefined && isTrusted(present, content.length)) return hash;
    return this.#incoming((temporary) => {
      writeFileSync(temporary, content);
      return hash;
    });
  }

  /** Leaves nothing but objects behind. */
  close(): void {
    removeEmptyFolder(incomingDirectory(this.#cache));
  }

  /** An object is complete before it gets its name. */
  #incoming(write: (temporary: string) => string): string {
    const temporary = join(incomingDirectory(this.#cache), incomingName());
    try {
      const hash = this.#writeIncoming(temporary, write);
      const target = this.#pathOf(hash);
      this.#makeFolder(dirname(target));
      chmodSync(temporary, 0o444);
      renameSync(temporary, target);
      return hash;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** Another process that is done removes the folder: also between our making it and our writing into it. */
  #writeIncoming(temporary: string, write: (temporary: string) => string): string {
    for (let attempt = 1; ; attempt++) {
      try {
        mkdirSync(dirname(temporary), { recursive: true });
        return write(temporary);
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
        if (!isGone || attempt === writeAttempts) throw error;
      }
    }
  }

  #pathOf(hash: string): string {
    return objectPath(this.#cache, hash, this.#legacy);
  }

  #makeFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    mkdirSync(folder, { recursive: true });
    // Past the process's umask, which `mkdir` applies.
    if (this.#cache.isShared) chmodSync(folder, 0o2775);
    this.#folders.add(folder);
  }
}

function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was never made, or somebody else is putting an object in.
  }
}

/** DVC's rule: an object that nobody may write is as it was put in. The size is a check on top. */
function isTrusted(object: Stats, size: number): boolean {
  return object.isFile() && object.size === size && (object.mode & 0o222) === 0;
}
