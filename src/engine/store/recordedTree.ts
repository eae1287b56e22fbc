import type { CatFile } from "./catFile.ts";
import { readTree, type TreeEntry } from "./gitObjects.ts";

/** The project's files as one commit has them. Keeps the folders that it has read. */
export class RecordedTree {
  readonly #objects: CatFile;
  readonly #tree: string;
  readonly #prefix: string;
  readonly #folders = new Map<string, Promise<readonly TreeEntry[]>>();

  /** `prefix` is the project's root below the tree: empty, or with a slash at the end. */
  constructor(objects: CatFile, tree: string, prefix: string) {
    this.#objects = objects;
    this.#tree = tree;
    this.#prefix = prefix;
  }

  /**
   * What is at a project-relative path; `null` when nothing is. Names are compared as they are, so a path may hold
   * anything, and `..` finds nothing.
   */
  async entry(path: string): Promise<TreeEntry | null> {
    let entry: TreeEntry = { name: "", kind: "folder", id: this.#tree };
    for (const part of (this.#prefix + path).split("/").filter((name) => name !== "")) {
      const inside: readonly TreeEntry[] = entry.kind === "folder" ? await this.folder(entry.id) : [];
      const found = inside.find((candidate) => candidate.name === part);
      if (found === undefined) return null;
      entry = found;
    }
    return entry;
  }

  /** The entries of a folder, by its id. */
  folder(id: string): Promise<readonly TreeEntry[]> {
    const known = this.#folders.get(id);
    if (known) return known;
    const reading = readTree(this.#objects, id);
    this.#folders.set(id, reading);
    return reading;
  }

  /** The bytes of a file, or a symlink's target; `null` when there is none. */
  async file(path: string): Promise<Buffer | null> {
    const entry = await this.entry(path);
    if (entry === null || entry.kind === "folder" || entry.kind === "submodule") return null;
    const object = await this.#objects.read(entry.id);
    return object?.type === "blob" ? object.content : null;
  }
}
