import { constants } from "node:fs";
import {
  access,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  utimes,
} from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/** Bytes from which a file that may be linked is linked where the file system can't share its blocks. */
const linkedFrom = 64 * 1024 * 1024;

/** Files that are copied at the same time. */
const batch = 16;

/** What programs make again by themselves, and would write to. */
const leftOut = new Set([
  "__pycache__",
  ".ipynb_checkpoints",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".hypothesis",
]);

/** How the files of one work tree get into another one. Paths are absolute. */
export interface CopyRules {
  /** Tops of the two work trees. */
  readonly from: string;
  readonly to: string;
  /** The large objects that outputs may be links to; links to them stay what they are. */
  readonly cache: string;
  isSkipped(path: string): boolean;
  /** Whether a large file may be linked instead of being copied, because nothing has a business to write to it. */
  mayBeLinked(path: string): boolean;
}

/**
 * Copies a file or folder, sharing blocks where the file system can; what is at the target already stays. Of
 * environments (virtual environments, `node_modules`) the folders in them are linked: they are large, and only read.
 * What can't be read, or vanishes meanwhile, is left out. Rejects when the target can't be written.
 */
export async function copyInput(source: string, target: string, rules: CopyRules): Promise<void> {
  if (rules.isSkipped(source) || leftOut.has(basename(source))) return;
  const found = await lstat(source).catch(() => null);
  if (found?.isSymbolicLink()) await copyLink(source, target, rules);
  else if (found?.isDirectory()) await copyFolder(source, target, rules);
  else if (found?.isFile()) await copyOne(source, target, found, rules);
}

async function copyFolder(source: string, target: string, rules: CopyRules): Promise<void> {
  const entries = await readdir(source, { withFileTypes: true }).catch(() => null);
  if (entries === null || (await isWorktree(source))) return;
  const isLinked = isEnvironment(
    source,
    entries.map(({ name }) => name),
  );
  await mkdir(target, { recursive: true });
  for (let start = 0; start < entries.length; start += batch) {
    const work = entries.slice(start, start + batch).map((entry) => {
      const [from, to] = [join(source, entry.name), join(target, entry.name)];
      if (!isLinked || !entry.isDirectory()) return copyInput(from, to, rules);
      // The folder itself is a real one: a pattern such as `.venv/` does not make Git ignore a link.
      return entry.name === ".cache" ? undefined : link(from, to);
    });
    await Promise.all(work);
  }
}

async function copyOne(
  source: string,
  target: string,
  found: { readonly size: number; readonly atime: Date; readonly mtime: Date },
  rules: CopyRules,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const isLarge = found.size >= linkedFrom && rules.mayBeLinked(source);
  const flags =
    constants.COPYFILE_EXCL | (isLarge ? constants.COPYFILE_FICLONE_FORCE : constants.COPYFILE_FICLONE);
  try {
    await copyFile(source, target, flags);
    await utimes(target, found.atime, found.mtime);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    if (isLarge) return link(source, target);
    if (!(await isReadable(source))) return;
    throw error;
  }
}

/** A link within the work tree leads to the same place of the new one; others lead where they led. */
async function copyLink(source: string, target: string, rules: CopyRules): Promise<void> {
  const text = await readlink(source).catch(() => null);
  if (text === null) return;
  const place = resolve(dirname(source), text);
  const isInside = isWithin(place, rules.from) && !isWithin(place, rules.cache);
  const inside = isAbsolute(text) ? join(rules.to, relative(rules.from, place)) : text;
  await mkdir(dirname(target), { recursive: true });
  await link(isInside ? inside : place, target);
}

/** The type is for Windows, where links to folders need no rights when they are junctions. */
async function link(source: string, target: string): Promise<void> {
  await symlink(source, target, "junction").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function isEnvironment(folder: string, names: readonly string[]): boolean {
  return (
    names.includes("pyvenv.cfg") ||
    names.includes("conda-meta") ||
    basename(folder) === "node_modules" ||
    (basename(folder) === "library" && basename(dirname(folder)) === "renv")
  );
}

/** Whether a folder is a worktree, of this repository or another: a place of work of its own. */
async function isWorktree(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, ".git"), "utf8").catch(() => "");
  return /^gitdir: .*[\\/]worktrees[\\/]/.test(text);
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
