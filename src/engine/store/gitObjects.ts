import type { CatFile } from "./catFile.ts";

/** What we read of a commit object. */
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer's time in milliseconds since the epoch; Git keeps whole seconds. */
  readonly time: number;
  readonly message: string;
}

/** One entry of a tree object. `id` is the blob, tree or (for a submodule) commit. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: "file" | "executable" | "symlink" | "folder" | "submodule";
  readonly id: string;
}

/** Parses the content of a commit object; `null` when it has no tree. */
export function parseCommit(sha: string, content: Buffer): Commit | null {
  const text = content.toString("utf8");
  const end = text.indexOf("\n\n");
  const header = end < 0 ? text : text.slice(0, end);
  let tree = "";
  let time = 0;
  const parents: string[] = [];
  // A signature goes on over lines that start with a space, so no line of it can be taken for one of these.
  for (const line of header.split("\n")) {
    if (line.startsWith("tree ")) tree ||= line.slice(5);
    else if (line.startsWith("parent ")) parents.push(line.slice(7));
    else if (line.startsWith("committer ")) time ||= 1000 * Number(/ (\d+) [+-]\d+$/.exec(line)?.[1] ?? 0);
  }
  if (tree === "") return null;
  return { sha, tree, parents, time, message: end < 0 ? "" : text.slice(end + 2) };
}

/** Parses the content of a tree object. A truncated last entry is left out. */
function parseTree(content: Buffer, idBytes: number): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  let position = 0;
  while (position < content.length) {
    const space = content.indexOf(32, position);
    const zero = content.indexOf(0, space);
    if (space < 0 || zero < 0 || zero + 1 + idBytes > content.length) break;
    const mode = content.toString("latin1", position, space);
    entries.push({
      name: content.toString("utf8", space + 1, zero),
      kind: kindOf(mode),
      id: content.toString("hex", zero + 1, zero + 1 + idBytes),
    });
    position = zero + 1 + idBytes;
  }
  return entries;
}

function kindOf(mode: string): TreeEntry["kind"] {
  if (mode === "40000") return "folder";
  if (mode === "160000") return "submodule";
  if (mode === "120000") return "symlink";
  return mode === "100755" ? "executable" : "file";
}

/** The entries of a tree; none when it is not in the repository. */
export async function readTree(objects: CatFile, id: string): Promise<readonly TreeEntry[]> {
  const object = await objects.read(id);
  return object?.type === "tree" ? parseTree(object.content, id.length / 2) : [];
}
