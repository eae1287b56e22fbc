import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { isWithin } from "./restorePlan.ts";

/** A process of DVC, as its file of locks names it. */
interface Holder {
  readonly pid: number;
  readonly command: string;
}

/**
 * Fails with `dvc-at-work` when a DVC that runs in this project reads or writes one of the paths (relative to the
 * project's root) at this moment: what it makes would be mixed with what we write. Locks of dead processes don't count.
 */
export async function expectNoDvcAtWork(project: Project, paths: readonly string[]): Promise<Result<void>> {
  for (const { path: absolute, pid, command } of await readLocks(project)) {
    const locked = relative(project.root, absolute).split(sep).join("/");
    const path = paths.find((one) => isWithin(one, [locked]) || isWithin(locked, [one]));
    if (path === undefined || !isAlive(pid)) continue;
    const message = `${path} is in use by ${command} (process ${pid}): wait until it ends, then try again.`;
    return failure("dvc-at-work", message, path);
  }
  return success(undefined);
}

async function readLocks(project: Project): Promise<readonly (Holder & { readonly path: string })[]> {
  try {
    const text = await readFile(join(project.root, ".dvc", "tmp", "rwlock"), "utf8");
    const locks = JSON.parse(text) as { readonly read?: unknown; readonly write?: unknown } | null;
    return [locks?.write, locks?.read].flatMap((paths) =>
      Object.entries(paths ?? {}).flatMap(([path, holders]) =>
        [holders].flat().flatMap((holder) => {
          const found = parseHolder(holder);
          return found === null ? [] : [{ path, ...found }];
        }),
      ),
    );
  } catch {
    // No such file, or one that is being written: DVC never had a lock here, or is just about to say so.
    return [];
  }
}

function parseHolder(value: unknown): Holder | null {
  const { pid, cmd } = (value ?? {}) as { readonly pid?: unknown; readonly cmd?: unknown };
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return null;
  const words = typeof cmd === "string" ? cmd.replace(/[\p{C}\p{Z}]+/gu, " ").trim() : "";
  // What comes before is where DVC is installed.
  const rest = /(?:^|[\\/])(?:dvc|__main__\.py)(?:\.exe)? (.*)$/.exec(words)?.[1];
  return { pid, command: rest === undefined ? "dvc" : `dvc ${rest.slice(0, 60)}` };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
