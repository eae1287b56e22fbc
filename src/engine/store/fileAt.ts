import { readFile } from "node:fs/promises";
import type { OutputRecord } from "../model.ts";
import type { Project } from "../project.ts";
import { isObjectHash, objectPath, openCache } from "./cache.ts";
import { parseDirectoryObject } from "./directoryObject.ts";
import type { RecordedTree } from "./recordedTree.ts";

/**
 * The bytes of a project-relative path as recorded: from the commit's tree, else from the cache by the outputs' hashes,
 * also inside outputs that are directories. `null` when it was not recorded, or when its bytes are not here.
 */
export async function recordedFile(
  project: Project,
  tree: RecordedTree,
  outs: readonly OutputRecord[],
  path: string,
): Promise<Buffer | null> {
  const tracked = await tree.file(path);
  if (tracked !== null) return tracked;
  const output = outs.find((candidate) => candidate.path === path || path.startsWith(`${candidate.path}/`));
  if (output === undefined) return null;
  const bytes = await readObject(project, output.hash, output.legacy);
  if (output.path === path) return output.hash.endsWith(".dir") ? null : bytes;
  const inside = path.slice(output.path.length + 1);
  const member = bytes && parseDirectoryObject(bytes)?.find(({ relpath }) => relpath === inside);
  return member ? readObject(project, member.md5, output.legacy) : null;
}

/** The bytes of a cache object; `null` when it is not on this machine, or when the hash is none. */
export async function readObject(project: Project, hash: string, legacy: boolean): Promise<Buffer | null> {
  if (!isObjectHash(hash)) return null;
  try {
    return await readFile(objectPath(await openCache(project), hash, legacy));
  } catch {
    return null;
  }
}
