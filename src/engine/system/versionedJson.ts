import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes JSON so that a reader, and a crash, sees the old or the new text and nothing between. */
export function writeJson<Content extends { readonly version: 1 }>(path: string, value: Content): void {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, JSON.stringify(value));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Reads JSON of the given version; `null` when there is none, or none that this version understands. */
export function readJson<Content extends { readonly version: 1 }>(path: string): Content | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const isContent =
    typeof value === "object" && value !== null && (value as { version?: unknown }).version === 1;
  return isContent ? (value as Content) : null;
}
