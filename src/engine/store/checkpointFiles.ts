import { stat } from "node:fs/promises";
import type { OutputRecord } from "../model.ts";
import type { Project } from "../project.ts";
import { isObjectHash, objectPath, openCache } from "./cache.ts";
import { parseDirectoryObject } from "./directoryObject.ts";
import { readObject, recordedFile } from "./fileAt.ts";
import type { RecordedTree } from "./recordedTree.ts";

/** What a checkpoint has at a path. `size` is in bytes; `null` when the bytes are not on this machine. */
export type RecordedEntry =
  | { readonly kind: "file"; readonly size: number | null }
  | { readonly kind: "folder" };

/** One name in a folder of a checkpoint. */
export interface RecordedName {
  readonly name: string;
  readonly kind: RecordedEntry["kind"];
}

/**
 * A checkpoint as one tree of files: what Git has, and the outputs in the cache, also inside outputs that are
 * directories. Paths are project-relative with forward slashes; `""` is the project's root. A symlink counts as a file
 * with its target as content, a submodule as an empty folder.
 */
export class CheckpointFiles {
  readonly #project: Project;
  readonly #tree: RecordedTree;
  readonly #outs: readonly OutputRecord[];

  constructor(project: Project, tree: RecordedTree, outs: readonly OutputRecord[]) {
    this.#project = project;
    this.#tree = tree;
    this.#outs = outs;
  }

  /**
   * The bytes of a file; `null` when there is none, when its bytes are not on this machine, or when they can't be read
   * at once, as those of more than 2 GiB.
   */
  read(path: string): Promise<Buffer | null> {
    return recordedFile(this.#project, this.#tree, this.#outs, path);
  }

  /** What is at a path; `null` when nothing is. */
  async entry(path: string): Promise<RecordedEntry | null> {
    const tracked = await this.#tree.entry(path);
    if (tracked !== null) {
      if (tracked.kind === "folder" || tracked.kind === "submodule") return { kind: "folder" };
      return { kind: "file", size: (await this.#tree.file(path))?.length ?? null };
    }
    const output = this.#outs.find((one) => one.path === path);
    if (output !== undefined) return this.#outputEntry(output);
    const holder = this.#outs.find((one) => path.startsWith(`${one.path}/`));
    if (holder !== undefined) return this.#memberEntry(holder, path.slice(holder.path.length + 1));
    return this.#outs.some((one) => isBelow(one.path, path)) ? { kind: "folder" } : null;
  }

  /** The names in a folder, sorted; `null` when there is no such folder. */
  async list(path: string): Promise<readonly RecordedName[] | null> {
    if ((await this.entry(path))?.kind !== "folder") return null;
    const found = new Map<string, RecordedName["kind"]>();
    const add = (below: string, last: RecordedName["kind"]) => {
      const slash = below.indexOf("/");
      const name = slash < 0 ? below : below.slice(0, slash);
      if (!found.has(name)) found.set(name, slash < 0 ? last : "folder");
    };
    for (const { name, kind } of await this.#trackedIn(path)) add(name, kind);
    for (const output of this.#outs) {
      if (isBelow(output.path, path)) {
        add(relativeTo(path, output.path), isDirectory(output) ? "folder" : "file");
      } else if (isBelow(`${path}/`, output.path)) {
        const members = (await this.#members(output)).map(({ relpath }) => `${output.path}/${relpath}`);
        for (const member of members) if (isBelow(member, path)) add(relativeTo(path, member), "file");
      }
    }
    return [...found]
      .map(([name, kind]) => ({ name, kind }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async #trackedIn(path: string): Promise<readonly RecordedName[]> {
    const entry = await this.#tree.entry(path);
    const inside = entry?.kind === "folder" ? await this.#tree.folder(entry.id) : [];
    return inside.map(({ name, kind }) => ({
      name,
      kind: kind === "folder" || kind === "submodule" ? "folder" : "file",
    }));
  }

  async #outputEntry(output: OutputRecord): Promise<RecordedEntry> {
    if (isDirectory(output)) return { kind: "folder" };
    return { kind: "file", size: await this.#objectSize(output, output.hash) };
  }

  async #memberEntry(output: OutputRecord, inside: string): Promise<RecordedEntry | null> {
    const members = await this.#members(output);
    const member = members.find(({ relpath }) => relpath === inside);
    if (member !== undefined) return { kind: "file", size: await this.#objectSize(output, member.md5) };
    return members.some(({ relpath }) => isBelow(relpath, inside)) ? { kind: "folder" } : null;
  }

  async #members(output: OutputRecord) {
    const bytes = isDirectory(output) ? await readObject(this.#project, output.hash, output.legacy) : null;
    return (bytes && parseDirectoryObject(bytes)) ?? [];
  }

  async #objectSize(output: OutputRecord, hash: string): Promise<number | null> {
    if (!isObjectHash(hash)) return null;
    const path = objectPath(await openCache(this.#project), hash, output.legacy);
    const found = await stat(path).catch(() => null);
    return found?.size ?? null;
  }
}

function isDirectory(output: OutputRecord): boolean {
  return output.hash.endsWith(".dir");
}

function isBelow(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}

function relativeTo(folder: string, path: string): string {
  return folder === "" ? path : path.slice(folder.length + 1);
}
