import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { identify } from "../../runner/process.ts";
import type { Project } from "../project.ts";
import { readDvcConfig } from "../system/dvcConfig.ts";

/** Where a project's large outputs are kept. Plain data, so that it can be sent to a worker thread. */
export interface Cache {
  /** Top of the cache: `.dvc/cache`, or what `cache.dir` says. Absolute. */
  readonly directory: string;
  /** Whether `cache.shared` is `group`: folders are then made writable for the group. */
  readonly isShared: boolean;
}

/** Reads from DVC's configuration where the cache is. */
export async function openCache(project: Project): Promise<Cache> {
  const settings = (await readDvcConfig(project)).get("cache");
  const configured = settings?.get("dir");
  return {
    directory:
      configured === undefined || configured.value === ""
        ? join(project.root, ".dvc", "cache")
        : resolve(configured.directory, configured.value),
    isShared: settings?.get("shared")?.value === "group",
  };
}

/** Whether a text is a hash that names a cache object: MD5, with `.dir` for a directory. */
export function isObjectHash(hash: string): boolean {
  return /^[0-9a-f]{32}(\.dir)?$/.test(hash);
}

/** Absolute path of an object. `legacy` objects are where DVC 2 had them. Throws for a text that is no hash. */
export function objectPath(cache: Cache, hash: string, legacy: boolean): string {
  if (!isObjectHash(hash)) throw new Error(`not a cache hash: ${JSON.stringify(hash)}`);
  const start = legacy ? cache.directory : join(cache.directory, "files", "md5");
  return join(start, hash.slice(0, 2), hash.slice(2));
}

/** Whether an object is there; its content is not checked. */
export function hasObject(cache: Cache, hash: string, legacy: boolean): boolean {
  return isObjectHash(hash) && existsSync(objectPath(cache, hash, legacy));
}

/** The folder in the cache for objects that are not complete yet. DVC does not look there. */
export function incomingDirectory(cache: Cache): string {
  return join(cache.directory, "savepoint-incoming");
}

/** A new name for what is not complete. It tells whose it is, so that it can be removed once that process is gone. */
export function incomingName(): string {
  return `${hostname()}.${process.pid}.${randomUUID()}`;
}

/** Removes what processes of this machine that have ended left half-done in a folder, and the folder when it is empty. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, host, pid] = /^(.+)\.(\d+)\.[0-9a-f-]+(?:\.lock)?$/.exec(name) ?? [];
    const isAbandoned = host === hostname() && identify(Number(pid)) === null;
    if (isAbandoned) await rm(join(folder, name), { recursive: true, force: true });
  }
  await rmdir(folder).catch(() => {});
}
