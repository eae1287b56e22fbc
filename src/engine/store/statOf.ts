import { type BigIntStats, lstatSync, statSync } from "node:fs";
import { access } from "node:fs/promises";

/** What is at a path, links followed; `undefined` when nothing is, also because a folder above is none. */
export function statOf(path: string): BigIntStats | undefined {
  return unlessAbsent(() => statSync(path, { bigint: true }));
}

/** As {@link statOf}, of a link itself. */
export function linkStatOf(path: string): BigIntStats | undefined {
  return unlessAbsent(() => lstatSync(path, { bigint: true }));
}

/** Whether something is at a path, links followed; without blocking. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Node's own option `throwIfNoEntry` throws when a folder above is a file. */
function unlessAbsent<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
