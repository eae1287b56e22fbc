import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { logParts } from "./files.ts";

/** Bytes after which a log is cut; its beginning and at least this much of its end are kept. */
const sizeLimit = 8 * 1024 * 1024;
const beginning = 256 * 1024;

/** Adds to a log. A disk that is full costs the log its text, never the stage its life. */
export function appendLog(file: string, text: string | Buffer): void {
  try {
    appendFileSync(file, text);
  } catch {
    // The terminal has it.
  }
}

/**
 * Cuts a log that has become too large. Others that append to it go on at its new end; what they write during these few
 * milliseconds may be missing.
 */
export function limitLog(file: string): void {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < sizeLimit) return;
    const [first = "", older = ""] = logParts(file);
    const text = readFileSync(file);
    truncateSync(file, 0);
    if (!existsSync(first)) {
      const cut = text.indexOf("\n", beginning) + 1 || beginning;
      writeFileSync(first, text.subarray(0, cut));
      writeFileSync(older, text.subarray(cut));
    } else {
      writeFileSync(
        older,
        "\n[Savepoint: a part of the output was left out here, as there is so much of it.]\n",
      );
      appendFileSync(older, text);
    }
  } catch {
    // The next look tries again.
  }
}
