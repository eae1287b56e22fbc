import { constants } from "node:fs";
import { access, copyFile, lstat, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../project.ts";
import { Git, GitError, type GitOptions } from "../system/git.ts";
import { type RawFile, writeBlobs } from "./rawFiles.ts";

/** Untracked files above this many bytes are left out of checkpoints. */
export const untrackedLimit = 10 * 1024 * 1024;

/** What Git says when the repository is in the way, and not a file. */
const cannotWrite =
  /No space left|Out of diskspace|quota exceeded|Read-only file|insufficient permission|unable to write|Unable to create|Input\/output/;

/**
 * A Git index of our own, in which the trees of checkpoints are built. The user's index is only read, once. It stays
 * for the whole recording, so that Git looks again only at files that changed.
 */
export class PrivateIndex {
  readonly #project: Project;
  readonly #path: string;
  readonly #git: Git;
  /** Untracked files that are in it: they must stay small. */
  readonly #untracked = new Set<string>();

  private constructor(project: Project, path: string) {
    this.#project = project;
    this.#path = path;
    this.#git = new Git(project.workTree);
  }

  /** Begins with what the user's index knows, so that Git need not read again what did not change. */
  static async fromWorkspace(project: Project, path: string): Promise<PrivateIndex> {
    const index = new PrivateIndex(project, path);
    await index.#clear();
    const original = join(project.gitDirectory, "index");
    try {
      const { mtimeMs } = await stat(original);
      await copyFile(original, path);
      // Git trusts files that are older than the index. A copy must not look younger than what was in the original.
      const before = mtimeMs / 1000 - 2;
      await utimes(path, before, before);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await index.#run(["read-tree", "HEAD"]);
    }
    return index;
  }

  /** Begins with a tree, whatever is in the workspace now. */
  static async fromTree(project: Project, path: string, tree: string): Promise<PrivateIndex> {
    const index = new PrivateIndex(project, path);
    await index.#clear();
    await index.#run(["read-tree", tree]);
    return index;
  }

  /** Has just the given files, whose blobs are in Git. */
  static async fromFiles(project: Project, path: string, files: readonly RawFile[]): Promise<PrivateIndex> {
    const index = new PrivateIndex(project, path);
    await index.#clear();
    const input = files.map(({ path: file, mode, id }) => `${mode} ${id}\t${file}\0`).join("");
    await index.#run(["update-index", "--add", "-z", "--index-info"], { input });
    return index;
  }

  /**
   * Takes in the workspace as it is: tracked files, and untracked ones that are neither ignored nor large. `excluded`
   * are paths (relative to the work tree) that are left as they are in the index. Returns what a person should know.
   */
  async addWorkspace(excluded: readonly string[]): Promise<readonly string[]> {
    const warnings: string[] = [];
    // Nobody else uses this index: a lock is of a Git process that was killed.
    await rm(`${this.#path}.lock`, { force: true });
    await this.#dropGrownFiles(warnings);
    const pathspecs = [":/", ...excluded.map((path) => `:(top,exclude,literal)${path}`)];
    const added = await this.#git.run(
      ["add", "--update", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"],
      this.#options({ input: pathspecs.join("\0") }),
    );
    if (added.code !== 0) await this.#addEach(await this.#listTracked(pathspecs), warnings);
    const untracked = await this.#listUntracked(excluded, warnings);
    await this.#addEach(untracked, warnings);
    for (const path of untracked) this.#untracked.add(path);
    return warnings;
  }

  /**
   * Takes files in from another folder that mirrors the work tree. Git applies its filters by their place in the work
   * tree (line ends, LFS), with the attributes that are in this index.
   */
  async addFrom(folder: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await new Git(folder).bytes(["update-index", "--add", "--replace", "-z", "--stdin"], {
      input: paths.join("\0"),
      environment: {
        GIT_DIR: this.#project.gitDirectory,
        GIT_WORK_TREE: folder,
        GIT_INDEX_FILE: this.#path,
      },
    });
  }

  /** The content of a file as Git has it; `null` when it is not in the index. `path` is relative to the work tree. */
  async read(path: string): Promise<Buffer | null> {
    const output = await this.#git.run(["cat-file", "blob", `:0:${path}`], this.#options({}));
    return output.code === 0 ? output.stdout : null;
  }

  /** All files that are in it, relative to the work tree. */
  async listAll(): Promise<readonly string[]> {
    return this.#listTracked([":/"]);
  }

  /** The files that are to stay out of the workspace, as a sparse checkout has them. */
  async listSkipped(): Promise<readonly string[]> {
    const tagged = split(await this.#run(["ls-files", "-t", "--full-name", "-z", "--", ":/"]));
    return tagged.flatMap((line) => (line.startsWith("S ") ? [line.slice(2)] : []));
  }

  /** The files at or below the given paths, all relative to the work tree. */
  async list(paths: readonly string[]): Promise<readonly string[]> {
    if (paths.length === 0) return [];
    return this.#listTracked(paths.map((path) => `:(top,literal)${path}`));
  }

  /** Takes files out. */
  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await this.#run(["update-index", "--force-remove", "-z", "--stdin"], { input: paths.join("\0") });
  }

  /**
   * Writes the index as a tree object and returns its id. Nothing in Git leads to our index, so that `git gc --prune=now`
   * may have thrown away what it names: that is written again.
   */
  async writeTree(): Promise<string> {
    const first = await this.#git.run(["write-tree"], this.#options({}));
    if (first.code === 0) return first.stdout.toString("utf8").trim();
    await writeBlobs(this.#project, await this.#missing());
    // A tree with a hole in it would break the repository for Git.
    await this.remove(await this.#missing());
    return (await this.#run(["write-tree"])).toString("utf8").trim();
  }

  /** Files whose blobs are not in the repository. */
  async #missing(): Promise<readonly string[]> {
    const entries = split(await this.#run(["ls-files", "--full-name", "--stage", "-z", "--", ":/"])).flatMap(
      (line) => {
        const match = /^(\d+) ([0-9a-f]+) \d\t(.+)$/s.exec(line);
        // The commits of submodules are in their own repositories.
        return match === null || match[1] === "160000" ? [] : [{ id: match[2] ?? "", path: match[3] ?? "" }];
      },
    );
    const input = entries.map(({ id }) => `${id}\n`).join("");
    const found = await this.#git.text(["cat-file", "--batch-check=%(objectname)"], { input });
    const gone = new Set(found.split("\n").flatMap((line) => line.match(/^(\S+) missing$/)?.[1] ?? []));
    return entries.filter(({ id }) => gone.has(id)).map(({ path }) => path);
  }

  async #listTracked(pathspecs: readonly string[]): Promise<readonly string[]> {
    return split(await this.#run(["ls-files", "--full-name", "-z", "--", ...pathspecs]));
  }

  /**
   * Takes files in. One that can't be read, or whose filter fails, would keep all others out: it is found, named, and left
   * as it is in the index. Throws when Git can't write.
   */
  async #addEach(paths: readonly string[], warnings: string[]): Promise<void> {
    if (paths.length === 0) return;
    const options = ["--add", "--remove", "--replace", "--ignore-skip-worktree-entries"];
    const args = ["update-index", ...options, "-z", "--stdin"];
    const added = await this.#git.run(args, this.#options({ input: paths.join("\0") }));
    if (added.code === 0) return;
    if (cannotWrite.test(added.stderr)) throw new GitError(args, added);
    if (paths.length === 1) {
      warnings.push(`${paths[0]} is not recorded as it is now: ${reasonOf(added.stderr)}`);
      return;
    }
    const middle = Math.ceil(paths.length / 2);
    await this.#addEach(paths.slice(0, middle), warnings);
    await this.#addEach(paths.slice(middle), warnings);
  }

  async #listUntracked(excluded: readonly string[], warnings: string[]): Promise<readonly string[]> {
    const prefix = this.#project.prefix;
    const never = [".dvc/tmp", ".dvc/cache", ".dvc/config.local"].map((path) => prefix + path);
    const pathspecs = [...excluded, ...never].map((path) => `:(top,exclude,literal)${path}`);
    const others = [
      "ls-files",
      "--others",
      "--exclude-standard",
      "--full-name",
      "-z",
      "--",
      ":/",
      ...pathspecs,
    ];
    const found = split(await this.#run(others));
    const kept: string[] = [];
    for (const path of found) {
      const problem = await this.#objection(path);
      if (problem === null) kept.push(path);
      else warnings.push(`${path} is not recorded: ${problem}`);
    }
    return kept;
  }

  async #objection(path: string): Promise<string | null> {
    if (path.endsWith("/")) return "a Git repository of its own";
    const absolute = join(this.#project.workTree, path);
    try {
      const found = await lstat(absolute);
      if (found.isSymbolicLink()) return null;
      if (!found.isFile()) return "not a regular file";
      if (found.size > untrackedLimit) {
        return `untracked and larger than ${untrackedLimit / 1024 / 1024} MiB; track it with Git, ignore it, or make it an output`;
      }
      await access(absolute, constants.R_OK);
      return null;
    } catch (error) {
      return `it cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
  }

  /** An untracked file that was small once may have become a large log. */
  async #dropGrownFiles(warnings: string[]): Promise<void> {
    const grown: string[] = [];
    for (const path of this.#untracked) {
      const found = await lstat(join(this.#project.workTree, path)).catch(() => null);
      if (found === null || found.size <= untrackedLimit) continue;
      grown.push(path);
      this.#untracked.delete(path);
      warnings.push(
        `${path} is not recorded any more: it has grown beyond ${untrackedLimit / 1024 / 1024} MiB`,
      );
    }
    await this.remove(grown);
  }

  #run(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    return this.#git.bytes(args, this.#options(options));
  }

  #options(options: GitOptions): GitOptions {
    return {
      ...options,
      mayFetch: true,
      environment: { ...options.environment, GIT_INDEX_FILE: this.#path },
    };
  }

  async #clear(): Promise<void> {
    await rm(this.#path, { force: true });
    await rm(`${this.#path}.lock`, { force: true });
  }
}

/** The first of Git's sentences about one file, but the last when a filter said something before. */
function reasonOf(complaint: string): string {
  const lines = complaint.trim().split("\n");
  return lines.find((line) => line.includes("clean filter")) ?? lines[0] ?? "";
}

function split(output: Buffer): string[] {
  return output
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "");
}
