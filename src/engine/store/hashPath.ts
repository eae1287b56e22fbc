import type { BigIntStats } from "node:fs";
import type { PathHash } from "../pipeline/pathHash.ts";
import { formatDirectoryObject } from "./directoryObject.ts";
import { hashBytes, hashFile, isExecutable } from "./fileHash.ts";
import { clockResolution, identityOf, listRecordedFiles } from "./outputFiles.ts";
import { statOf } from "./statOf.ts";

/** Files remembered at most; beyond it the ones hashed longest ago are forgotten. */
const memoryLimit = 200_000;

interface Remembered {
  readonly identity: string;
  readonly hash: string;
}

/** Hashes of files by path, trusted while the stat data stays the same. For one worker thread. */
export class HashMemory {
  readonly #files = new Map<string, Remembered>();

  /** The MD5 of a file's content, from memory when its stat data says that it did not change. */
  hashOf(path: string, stat: BigIntStats, legacy: boolean): string {
    const key = legacy ? `legacy:${path}` : path;
    const identity = identityOf(stat);
    const remembered = this.#files.get(key);
    if (remembered?.identity === identity) return remembered.hash;
    const { hash } = hashFile(path, legacy);
    this.#files.delete(key);
    // A file written just now could be written again without its time stamp showing it.
    const now = BigInt(Date.now()) * 1_000_000n;
    if (stat.mtimeNs < now - clockResolution) {
      this.#files.set(key, { identity, hash });
      const oldest = this.#files.size > memoryLimit ? this.#files.keys().next().value : undefined;
      if (oldest !== undefined) this.#files.delete(oldest);
    }
    return hash;
  }
}

/** As {@link Hasher.hashPath}, synchronous. */
export function hashPath(path: string, legacy: boolean, memory: HashMemory): PathHash | null {
  const stat = statOf(path);
  if (stat === undefined) return null;
  if (stat.isDirectory()) {
    const { files } = listRecordedFiles(path);
    const entries = files.map((file) => ({
      relpath: file.relpath,
      md5: memory.hashOf(file.path, file.stat, legacy),
    }));
    return {
      hash: `${hashBytes(formatDirectoryObject(entries))}.dir`,
      size: files.reduce((sum, file) => sum + Number(file.stat.size), 0),
      fileCount: files.length,
      isExecutable: false,
    };
  }
  if (!stat.isFile()) return null;
  return {
    hash: memory.hashOf(path, stat, legacy),
    size: Number(stat.size),
    fileCount: null,
    isExecutable: isExecutable(Number(stat.mode)),
  };
}
