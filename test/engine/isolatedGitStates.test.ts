import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, constants, existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { copyFile, mkdir, rename, rm, symlink, truncate } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { openWorktree } from "../../src/engine/isolated/worktree.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { gitEnvironment } from "../../src/engine/system/git.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { openedWorktree, worktreeOf } from "../support/isolated.ts";
import { cleanUp, committedProject } from "../support/runs.ts";
import { type TemporaryProject, temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

const execute = promisify(execFile);
const files = {
  "dvc.yaml": "stages:\n  train:\n    cmd: echo\n    deps: [data]\n    outs: [model]\n",
  "code/train.py": "code\n",
  ".gitignore": "/data\n/model\n.venv/\n*.log\n__pycache__/\n",
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
  ".dvcignore": "",
};

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute("git", ["-c", "protocol.file.allow=always", ...args], {
    cwd: directory,
    env: gitEnvironment(),
  });
  return stdout.trim();
}

async function untouched(repository: TemporaryProject, work: () => Promise<void>): Promise<void> {
  const state = async () => [
    await snapshotOfFolder(repository.root),
    await repository.git("status", "--porcelain=v2", "--branch"),
    await repository.git("ls-files", "--stage", "-v"),
  ];
  const before = await state();
  await work();
  assert.deepEqual(await state(), before);
}

test("inputs: data, outputs and small files are copies, an environment is linked, caches stay behind", async (t) => {
  const repository = await committedProject(t, files);
  const outside = await temporaryFolder({ "far.txt": "far" });
  cleanUp(t, () => outside.dispose());
  await repository.write({
    "data/a.csv": "1,2\n",
    "data/sub/b.csv": "3\n",
    model: "weights",
    ".venv/pyvenv.cfg": "home = /usr\n",
    ".venv/lib/python/site.py": "site",
    "code/__pycache__/train.pyc": "x",
    "code/run.log": "log",
    ".dvc/tmp/DVC_CHECKPOINT.result": "{}",
    ".dvc/cache/files/md5/ab/cd": "object",
    ".dvc/config.local": "[core]\n    analytics = false\n[cache]\n    type = copy\n",
  });
  await symlink("a.csv", repository.path("data/near"));
  await symlink(repository.path("data/a.csv"), repository.path("data/absolute"));
  await symlink(outside.root, repository.path("data/outside"));
  await git(repository.root, "worktree", "add", "--quiet", "--detach", "data/other-worktree");
  await untouched(repository, async () => {
    const tree = await openedWorktree(t, repository);
    assert.deepEqual(
      Object.keys(await snapshotOfFolder(tree.root, [".git", ".dvc/tmp", ".venv"])).toSorted(),
      [
        ".dvc/.gitignore",
        ".dvc/config",
        ".dvc/config.local",
        ".dvcignore",
        ".gitignore",
        "code/run.log",
        "code/train.py",
        "data/a.csv",
        "data/absolute",
        "data/near",
        "data/outside",
        "data/sub/b.csv",
        "dvc.yaml",
        "model",
      ],
    );
    assert.equal(readFileSync(tree.path(".venv/lib/python/site.py"), "utf8"), "site");
    assert.equal(readlinkSync(tree.path(".venv/lib")), repository.path(".venv/lib"));
    assert.equal(readlinkSync(tree.path("data/near")), "a.csv");
    assert.equal(readlinkSync(tree.path("data/absolute")), tree.path("data/a.csv"));
    assert.equal(readlinkSync(tree.path("data/outside")), outside.root);
    assert.equal(
      readFileSync(tree.path(".dvc/config.local"), "utf8"),
      `[core]\n    analytics = false\n[cache]\n    dir = ${repository.path(".dvc/cache")}\n    type = copy\n`,
    );
    assert.equal(await git(tree.root, "status", "--porcelain"), "");
  });
});

test("a large file is linked only where it is a declared input, and only where its blocks can't be shared", async (t) => {
  const repository = await committedProject(t, files);
  await repository.write({ "data/large.bin": "", model: "", "large.log": "" });
  for (const path of ["data/large.bin", "model", "large.log"])
    await truncate(repository.path(path), 64 * 1024 * 1024);
  const tree = await openedWorktree(t, repository);
  const isLink = (path: string) => lstatSync(tree.path(path)).isSymbolicLink();
  const clone = constants.COPYFILE_FICLONE_FORCE;
  const canShare = await copyFile(tree.path("model"), tree.path("clone.log"), clone).then(
    () => true,
    () => false,
  );
  assert.deepEqual(["data/large.bin", "model", "large.log"].map(isLink), [!canShare, false, false]);
});

test("the workspace's changes are in it: staged, not staged, new, deleted, renamed; no hook runs", async (t) => {
  const repository = await committedProject(t, { ...files, "old.txt": "old\n", "gone.txt": "gone\n" });
  await repository.write({
    "code/train.py": "changed\n",
    "new.txt": "new\n",
    ".git/hooks/post-checkout": "#!/bin/sh\ntouch hook-ran\n",
  });
  chmodSync(repository.path(".git/hooks/post-checkout"), 0o755);
  await rename(repository.path("old.txt"), repository.path("renamed.txt"));
  await rm(repository.path("gone.txt"));
  await repository.git("add", "new.txt");
  await repository.git("checkout", "--quiet", "--detach");
  await rm(repository.path("hook-ran"));
  await untouched(repository, async () => {
    const tree = await openedWorktree(t, repository);
    assert.equal(readFileSync(tree.path("code/train.py"), "utf8"), "changed\n");
    const there = ["new.txt", "renamed.txt", "old.txt", "gone.txt", "hook-ran"].map((name) =>
      existsSync(tree.path(name)),
    );
    assert.deepEqual(there, [true, true, false, false, false]);
    assert.equal(await git(tree.root, "rev-parse", "HEAD"), await repository.git("rev-parse", "HEAD"));
  });
});

test("a project below the top of its repository", async (t) => {
  const below = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`ml/proj/${path}`, content]),
  );
  const repository = await committedProject(t, {
    ...below,
    "shared/lib.py": "lib\n",
    ".gitignore": "/shared/secret\n",
  });
  await repository.write({ "ml/proj/data/a.csv": "1\n", "shared/secret": "s" });
  const tree = await openedWorktree(t, repository, "ml/proj");
  assert.equal(tree.project.prefix, "ml/proj/");
  assert.equal(readFileSync(tree.path("data/a.csv"), "utf8"), "1\n");
  assert.equal(readFileSync(tree.path("../../shared/lib.py"), "utf8"), "lib\n");
  assert.equal(readFileSync(tree.path("../../shared/secret"), "utf8"), "s");
});

test("a linked worktree, sparse, with settings of its own", async (t) => {
  const repository = await committedProject(t, { ...files, "docs/page.md": "page\n" });
  const linked = await temporaryFolder();
  cleanUp(t, () => linked.dispose());
  await repository.git("config", "extensions.worktreeConfig", "true");
  await repository.git("worktree", "add", "--quiet", linked.path("wt"), "-b", "feature");
  await git(linked.path("wt"), "sparse-checkout", "set", "code");
  assert.equal(existsSync(linked.path("wt/docs")), false);
  const before = await git(linked.path("wt"), "status", "--porcelain=v2", "--branch");
  const tree = await openedWorktree(t, { ...repository, root: linked.path("wt") });
  assert.equal(readFileSync(tree.path("code/train.py"), "utf8"), "code\n");
  assert.equal(existsSync(tree.path("docs")), false);
  assert.equal(await git(tree.root, "status", "--porcelain"), "");
  assert.match(await git(tree.root, "ls-files"), /docs\/page\.md/);
  assert.equal(await git(linked.path("wt"), "status", "--porcelain=v2", "--branch"), before);
});

test("submodules: their files of now; a project that is a submodule itself", async (t) => {
  const library = await temporaryProject({ "lib.py": "one\n" });
  cleanUp(t, () => library.dispose());
  await library.commit("Library");
  const repository = await committedProject(t, files);
  await git(repository.root, "submodule", "add", "--quiet", library.root, "vendor/lib");
  await repository.commit("Submodule");
  await repository.write({ "vendor/lib/lib.py": "two\n" });
  await untouched(repository, async () => {
    const tree = await openedWorktree(t, repository);
    assert.equal(readFileSync(tree.path("vendor/lib/lib.py"), "utf8"), "two\n");
    assert.equal(existsSync(tree.path("vendor/lib/.git")), false);
    assert.equal(await git(tree.root, "status", "--porcelain"), "");
  });

  const above = await temporaryProject({ "top.txt": "top\n" });
  cleanUp(t, () => above.dispose());
  await git(above.root, "submodule", "add", "--quiet", repository.root, "inner");
  await above.commit("Above");
  await mkdir(above.path("inner/data"));
  const inner = await openedWorktree(t, { ...above, root: above.path("inner") });
  assert.equal(readFileSync(inner.path("code/train.py"), "utf8"), "code\n");
});

test("SHA-256, line ends that Git changes, and filters", async (t) => {
  const folder = await temporaryFolder();
  cleanUp(t, () => folder.dispose());
  const root = folder.path("repo");
  await git(folder.root, "init", "--quiet", "--object-format=sha256", "repo");
  for (const [key, value] of [
    ["user.name", "Ada"],
    ["user.email", "ada@example.org"],
    ["core.autocrlf", "true"],
    ["filter.rot.clean", "tr a-y b-z"],
    ["filter.rot.smudge", "tr b-z a-y"],
  ] as const)
    await git(root, "config", key, value);
  const within = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`repo/${path}`, content]),
  );
  await folder.write({
    ...within,
    "repo/.gitattributes": "*.rot filter=rot -text\n",
    "repo/big.rot": "abc\n",
    "repo/text.txt": "a\r\nb\r\n",
  });
  await git(root, "add", "--all");
  await git(root, "commit", "--quiet", "--message=First");
  await folder.write({ "repo/big.rot": "abcd\n" });
  const repository = { ...folder, root } as TemporaryProject;
  const tree = await openedWorktree(t, repository);
  assert.equal(tree.project.objectFormat, "sha256");
  assert.equal(readFileSync(tree.path("text.txt"), "utf8"), "a\r\nb\r\n");
  assert.equal(readFileSync(tree.path("big.rot"), "utf8"), "abcd\n");
});

test("no commit yet is refused clearly; a worktree that Git still knows though it is gone is no obstacle", async (t) => {
  const folder = await temporaryFolder();
  cleanUp(t, () => folder.dispose());
  await git(folder.root, "init", "--quiet");
  const unborn = await openProject(folder.root);
  assert.ok(
    !unborn.ok &&
      unborn.problem.reason === "no-commit" &&
      /commit your files once/.test(unborn.problem.message),
  );

  const repository = await committedProject(t, files);
  const first = await openedWorktree(t, repository);
  await rm(first.directory, { recursive: true });
  const again = await worktreeOf(repository, first.directory);
  assert.ok(again.ok, JSON.stringify(again));
  await rm(`${first.directory}/.git`);
  const lost = await openWorktree(first.from, first.directory);
  assert.ok(!lost.ok && lost.problem.reason === "not-a-worktree");
});
