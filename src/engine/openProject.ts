import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Project } from "./project.ts";
import { failure, type Result, success } from "./result.ts";
import { Git, type GitOutput } from "./system/git.ts";

export type OpenFailure =
  | "not-a-directory"
  | "git-missing"
  | "not-a-repository"
  | "bare-repository"
  | "repository-not-trusted"
  | "repository-unreadable"
  | "no-commit";

/**
 * Finds the project that a folder belongs to. Its root is the nearest folder with a `.dvc` folder, up to the top of the
 * Git work tree; else the nearest with a `dvc.yaml`; else the top. Reads only.
 */
export async function openProject(directory: string): Promise<Result<Project, OpenFailure>> {
  const start = await realpath(directory).catch(() => null);
  if (start === null || !(await isDirectory(start))) {
    return failure(
      "not-a-directory",
      `${directory} is not a folder: open the folder of your project.`,
      directory,
    );
  }
  const git = new Git(start);
  let kind: GitOutput;
  try {
    kind = await git.run(["rev-parse", "--is-inside-work-tree"]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return failure(
      "git-missing",
      "Git was not found: install it from https://git-scm.com, see that it is on PATH, and try again.",
    );
  }
  if (kind.code !== 0) return explain(start, kind.stderr);
  if (kind.stdout.toString("utf8").trim() !== "true") {
    return failure(
      "bare-repository",
      `${start} is in a Git repository without a work tree: open a clone of it instead.`,
      start,
    );
  }
  const [workTree, gitDirectory, commonDirectory, objectFormat, head] = await Promise.all([
    git.text(["rev-parse", "--show-toplevel"]),
    git.text(["rev-parse", "--absolute-git-dir"]),
    git.text(["rev-parse", "--path-format=absolute", "--git-common-dir"]),
    git.textOrNull(["rev-parse", "--show-object-format"]),
    git.textOrNull(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]),
  ]);
  if (head === null) {
    return failure(
      "no-commit",
      `${workTree} has no commit yet: commit your files once, since every experiment grows from a commit.`,
      workTree,
    );
  }
  const top = await realpath(workTree);
  const root = await findRoot(start, top);
  const below = relative(top, root).split(sep).join("/");
  return success({
    root,
    workTree: top,
    gitDirectory: await realpath(gitDirectory),
    commonDirectory: await realpath(commonDirectory),
    prefix: below === "" ? "" : `${below}/`,
    objectFormat: objectFormat === "sha256" ? "sha256" : "sha1",
  });
}

function explain(directory: string, stderr: string): Result<Project, OpenFailure> {
  if (/dubious ownership/.test(stderr)) {
    return failure(
      "repository-not-trusted",
      `Git does not trust ${directory}, which belongs to another user: run git config --global --add safe.directory ${directory}`,
      directory,
    );
  }
  if (/not a git repository/i.test(stderr)) {
    return failure(
      "not-a-repository",
      `${directory} is not in a Git repository: run git init there and commit your files.`,
      directory,
    );
  }
  const lines = stderr.trim().split("\n");
  const reason = lines.find((line) => line.startsWith("fatal: "))?.slice("fatal: ".length) ?? lines[0] ?? "";
  return failure(
    "repository-unreadable",
    `Git cannot read the repository of ${directory}: ${reason}`,
    directory,
  );
}

async function findRoot(start: string, top: string): Promise<string> {
  const folders: string[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === top || dirname(folder) === folder) break;
  }
  for (const folder of folders) if (await isDirectory(join(folder, ".dvc"))) return folder;
  for (const folder of folders) if (await isFile(join(folder, "dvc.yaml"))) return folder;
  return top;
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
