import { lstat, mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import { CatFile } from "./catFile.ts";
import type { FileDifference } from "./restorePlan.ts";

/**
 * A file of the workspace as it is, byte for byte. Git's own way into a commit goes through filters, which may lose what
 * the user has: mixed line ends, the results in a notebook.
 */
export interface RawFile {
  /** Relative to the work tree. */
  readonly path: string;
  readonly mode: "100644" | "100755" | "120000";
  /** Of its blob. */
  readonly id: string;
}

/** Reads the files that are there, in Git's terms; with `isKept`, their blobs are in Git afterwards. */
export function readRawFiles(
  project: Project,
  paths: readonly string[],
  isKept: boolean,
): Promise<readonly RawFile[]> {
  return hashFiles(project, paths, ["--no-filters", ...(isKept ? ["-w"] : [])]);
}

/** Writes the blobs of the files that are there, through Git's filters. */
export async function writeBlobs(project: Project, paths: readonly string[]): Promise<void> {
  await hashFiles(project, paths, ["-w"]);
}

async function hashFiles(
  project: Project,
  paths: readonly string[],
  options: readonly string[],
): Promise<readonly RawFile[]> {
  const git = new Git(project.workTree);
  const hash = ["-c", "core.looseCompression=1", "hash-object", ...options];
  const links: RawFile[] = [];
  const files: Omit<RawFile, "id">[] = [];
  for (const path of paths) {
    const absolute = join(project.workTree, path);
    const stat = await lstat(absolute).catch(() => null);
    if (stat?.isFile()) {
      files.push({ path, mode: stat.mode & 0o111 ? "100755" : "100644" });
    } else if (stat?.isSymbolicLink()) {
      const input = await readlink(absolute, "buffer");
      links.push({ path, mode: "120000", id: await git.text([...hash, "--stdin"], { input }) });
    }
  }
  // A list of paths has one a line, so that a path with a line end can't be in it.
  const limit = 30 * 60_000;
  const isListed = ({ path }: { readonly path: string }) => !/[\r\n"]/.test(path);
  const listed = files.filter(isListed);
  const input = listed.map(({ path }) => `${path}\n`).join("");
  const ids = (await git.text([...hash, "--stdin-paths"], { input, limit })).split("\n");
  const found = listed.map((file, index) => ({ ...file, id: ids[index] ?? "" }));
  for (const file of files.filter((one) => !isListed(one))) {
    found.push({ ...file, id: await git.text([...hash, "--", file.path], { limit }) });
  }
  return [...links, ...found];
}

/** The files of a tree, by path. */
async function rawFilesOf(project: Project, tree: string): Promise<ReadonlyMap<string, RawFile>> {
  const listed = await new Git(project.workTree).bytes(["ls-tree", "-r", "-z", "--full-tree", tree]);
  const files = new Map<string, RawFile>();
  for (const line of listed.toString("utf8").split("\0")) {
    const match = /^(100644|100755|120000) blob ([0-9a-f]+)\t(.+)$/s.exec(line);
    const [, mode, id, path] = match ?? [];
    if (mode === undefined || id === undefined || path === undefined) continue;
    files.set(path, { path, mode: mode as RawFile["mode"], id });
  }
  return files;
}

/** Which of some files are not as a tree of raw files has them, byte for byte. */
export async function rawDifferences(
  project: Project,
  tree: string,
  paths: readonly string[],
): Promise<readonly FileDifference[]> {
  const wanted = await rawFilesOf(project, tree);
  const present = new Map((await readRawFiles(project, paths, false)).map((file) => [file.path, file]));
  return paths.flatMap((path): FileDifference[] => {
    const [there, then] = [present.get(path), wanted.get(path)];
    if (then === undefined) return there === undefined ? [] : [{ path, action: "delete" }];
    if (there?.id === then.id && there.mode === then.mode) return [];
    return [{ path, action: there === undefined ? "create" : "replace" }];
  });
}

/** Writes files of a tree of raw files below a folder. */
export async function writeRawFiles(
  project: Project,
  tree: string,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  const files = await rawFilesOf(project, tree);
  const objects = new CatFile(project.workTree);
  try {
    for (const path of paths) {
      const file = files.get(path);
      const object = file && (await objects.read(file.id));
      if (!file || object?.type !== "blob") throw new Error(`${path} is not in Git any more`);
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      if (file.mode === "120000") await symlink(object.content.toString(), target);
      else await writeFile(target, object.content, { mode: file.mode === "100755" ? 0o777 : 0o666 });
    }
  } finally {
    objects.dispose();
  }
}
