import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Replaces a file as a whole: whoever reads it sees the old content or the new, also when this process is killed. For
 * files that one process writes at a time: what a killed one has left is used up by the next write.
 */
export function writeAtomically(path: string, content: string): void {
  const temporary = `${path}.savepoint-tmp`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The JSON in a file; `undefined` when it can't be read or is not JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
