import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gitEnvironment } from "../../src/engine/system/git.ts";

const execute = promisify(execFile);

/** Contents by path, relative to a folder. */
export interface Files {
  readonly [path: string]: string | Uint8Array;
}

/** A folder of its own for one test. Whoever made it calls {@link TemporaryFolder.dispose}, as in `t.after(folder.dispose)`. */
export interface TemporaryFolder {
  /** Absolute real path. */
  readonly root: string;
  /** Absolute path of a file in it. */
  path(...segments: string[]): string;
  write(files: Files): Promise<void>;
  read(path: string): Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** A temporary folder that is a Git repository on branch `main`, with an author, and with all first files committed. */
export interface TemporaryProject extends TemporaryFolder {
  /** Runs Git in it and returns what it printed, without the newline at the end. Throws when Git fails. */
  git(...args: string[]): Promise<string>;
  /** Commits everything that is not ignored, and returns the commit. */
  commit(message: string): Promise<string>;
}

/** Makes a folder with the given files in another one, by default the system's for temporary files. */
export async function temporaryFolder(files: Files = {}, parent = tmpdir()): Promise<TemporaryFolder> {
  const root = await realpath(await mkdtemp(join(parent, "savepoint-test-")));
  const folder: TemporaryFolder = {
    root,
    path: (...segments) => join(root, ...segments),
    read: (path) => readFile(join(root, path), "utf8"),
    async write(added) {
      for (const [path, content] of Object.entries(added)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), content);
      }
    },
    dispose: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
  await folder.write(files);
  return folder;
}

/** Makes a {@link TemporaryProject} with the given files, where {@link temporaryFolder} makes its own. */
export async function temporaryProject(files: Files = {}, parent?: string): Promise<TemporaryProject> {
  const folder = await temporaryFolder(files, parent);
  const git = async (...args: string[]) => {
    const { stdout } = await execute("git", args, {
      cwd: folder.root,
      env: gitEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.replace(/\n$/, "");
  };
  const commit = async (message: string) => {
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", `--message=${message}`);
    return git("rev-parse", "HEAD");
  };
  await git("init", "--quiet", "--initial-branch=main");
  for (const [key, value] of [
    ["user.name", "Ada Tester"],
    ["user.email", "ada@example.org"],
    ["commit.gpgSign", "false"],
  ] as const) {
    await git("config", key, value);
  }
  await commit("First commit");
  return { ...folder, git, commit };
}
