import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** DVC reads in chunks of this size; where a legacy hash sees text depends on it. */
const legacyChunkBytes = 1024 * 1024;

/** Small enough to stay in the processor's cache between being read and being hashed. */
const chunkBytes = 128 * 1024;

const chunk = Buffer.allocUnsafe(legacyChunkBytes);

/** Content of one file, summed up. */
export interface FileHash {
  /** MD5 in hexadecimal. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Hashes a file in a stream. Synchronous, for worker threads. With `legacy`, as DVC 2 did: line ends of what looks like
 * text count as `\n`. Throws the system's error when the file cannot be read.
 */
export function hashFile(path: string, legacy: boolean): FileHash {
  const descriptor = openSync(path, "r");
  try {
    const digest = createHash("md5");
    let size = 0;
    for (;;) {
      const length = fill(chunk.subarray(0, legacy ? legacyChunkBytes : chunkBytes), descriptor);
      if (length === 0) break;
      size += length;
      digest.update(asHashed(chunk.subarray(0, length), legacy));
    }
    return { hash: digest.digest("hex"), size };
  } finally {
    closeSync(descriptor);
  }
}

/** As {@link hashFile}, of bytes in memory: the MD5 in hexadecimal. */
export function hashBytes(content: Buffer, legacy = false): string {
  const digest = createHash("md5");
  const step = legacy ? legacyChunkBytes : content.length;
  for (let start = 0; start < content.length; start += step) {
    digest.update(asHashed(content.subarray(start, start + step), legacy));
  }
  return digest.digest("hex");
}

/** Whether a file's mode makes it executable for anybody. Windows has no such mode. */
export function isExecutable(mode: number): boolean {
  return process.platform !== "win32" && (mode & 0o111) !== 0;
}

/** Whether two files have the same content: sooner known than their hashes. Synchronous, for worker threads. */
export function haveSameBytes(one: string, other: string): boolean {
  const descriptors: number[] = [];
  try {
    for (const path of [one, other]) descriptors.push(openSync(path, "r"));
    const parts = [chunk.subarray(0, chunkBytes), chunk.subarray(chunkBytes, 2 * chunkBytes)] as const;
    for (;;) {
      const [a, b] = [fill(parts[0], descriptors[0] ?? -1), fill(parts[1], descriptors[1] ?? -1)];
      if (a !== b || !parts[0].subarray(0, a).equals(parts[1].subarray(0, b))) return false;
      if (a === 0) return true;
    }
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** Reads until the buffer is full or the file ends: a short read must not move the borders of the chunks. */
function fill(buffer: Buffer, descriptor: number): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

/** What of a chunk goes into its hash. */
function asHashed(content: Buffer, legacy: boolean): Buffer {
  return legacy && looksLikeText(content) ? withUnixLineEnds(content) : content;
}

/** DVC's test: no NUL, and at most 30 % of bytes that are not printable ASCII, among the first 512. */
function looksLikeText(content: Buffer): boolean {
  const start = content.subarray(0, 512);
  if (start.includes(0)) return false;
  let others = 0;
  for (const byte of start) {
    const isText = (byte >= 32 && byte <= 126) || (byte >= 8 && byte <= 10) || byte === 12 || byte === 13;
    if (!isText) others += 1;
  }
  return others / Math.max(start.length, 1) <= 0.3;
}

function withUnixLineEnds(content: Buffer): Buffer {
  return Buffer.from(content.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}
