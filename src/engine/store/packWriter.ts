import { type BigIntStats, closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

/** Files of up to this many bytes are packed: for them, making a file of their own takes longer than copying. */
export const packedLimit = 256 * 1024;

/** One for the thread, as it writes one pack at a time: garbage of this size would pile up before it is collected. */
const buffer = Buffer.allocUnsafe(1024 * 1024);

/**
 * Collects the bytes of many small files in one file, in the time that the copies of a few would take. Synchronous, for
 * worker threads. The file is made with the first bytes.
 */
export class PackWriter {
  readonly #path: string;
  #descriptor: number | null = null;
  #filled = 0;
  #written = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads a file and adds its bytes. Returns where they are, and the file's stat data after the reading. `null` when it
   * is not small any more. Throws the system's error when the file is gone or cannot be read.
   */
  add(path: string): { readonly offset: number; readonly length: number; readonly stat: BigIntStats } | null {
    if (this.#filled + packedLimit + 1 > buffer.length) this.#flush();
    const source = openSync(path, "r");
    try {
      let length = 0;
      for (;;) {
        const wanted = packedLimit + 1 - length;
        const read = readSync(source, buffer, this.#filled + length, wanted, null);
        length += read;
        if (length > packedLimit) return null;
        // A regular file gives less than was asked for at its end only.
        if (read < wanted) break;
      }
      const stat = fstatSync(source, { bigint: true });
      const offset = this.#written + this.#filled;
      this.#filled += length;
      return { offset, length, stat };
    } finally {
      closeSync(source);
    }
  }

  /** Writes what is not written yet and closes the file. */
  close(): void {
    try {
      this.#flush();
    } finally {
      if (this.#descriptor !== null) closeSync(this.#descriptor);
      this.#descriptor = null;
    }
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#descriptor ??= openSync(this.#path, "w");
    for (let position = 0; position < this.#filled; ) {
      position += writeSync(this.#descriptor, buffer, position, this.#filled - position);
    }
    this.#written += this.#filled;
    this.#filled = 0;
  }
}
