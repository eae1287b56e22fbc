import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { mountDisk } from "../support/smallDisk.ts";
import { temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

const cli = testCommandLine();
const oneStage = "stages:\n  train:\n    cmd: echo 1 > model.txt\n    outs: [model.txt]\n";

async function folderOf(t: TestContext, files = {}) {
  const folder = await temporaryFolder(files);
  t.after(folder.dispose);
  return folder;
}

async function projectOf(t: TestContext, files = {}) {
  const project = await temporaryProject(files);
  t.after(project.dispose);
  await project.commit("Files");
  return project;
}

test("a folder outside any Git repository", async (t) => {
  const { root } = await folderOf(t, { "dvc.yaml": oneStage });
  for (const command of ["stages", "run", "list"]) {
    assertRefused(await cli().attempt(root, [command]), /not in a Git repository: run git init/);
  }
  assert.equal(existsSync(`${root}/.dvc`), false);
});

test("a repository without a commit", async (t) => {
  const { root } = await folderOf(t, { "dvc.yaml": oneStage });
  execFileSync("git", ["init", "--quiet", root]);
  assertRefused(await cli().attempt(root, ["run"]), /has no commit yet: commit your files once/);
});

test("a repository without a work tree", async (t) => {
  const { root } = await folderOf(t);
  execFileSync("git", ["init", "--quiet", "--bare", root]);
  assertRefused(await cli().attempt(root, ["list"]), /without a work tree: open a clone/);
});

test("a folder that is not there", async (t) => {
  const { root } = await folderOf(t);
  assertRefused(await cli().attempt(root, ["-C", "nowhere", "list"]), /nowhere is not a folder/);
});

test("no Git on PATH", async (t) => {
  const { root } = await projectOf(t, { "dvc.yaml": oneStage });
  const outcome = await cli().attempt(root, ["run"], { PATH: root });
  assertRefused(outcome, /Git was not found: install it from .*, see that it is on PATH/);
});

test("no dvc.yaml: says so, and makes nothing", async (t) => {
  const { root, git } = await projectOf(t);
  assertRefused(await cli().attempt(root, ["run"]), /There is no dvc\.yaml in .*: create one, or .*-C/);
  const stages = await cli().attempt(root, ["stages"]);
  assert.deepEqual([stages.code, stages.stdout], [0, ""]);
  assert.match(stages.stderr, /^savepoint: there is no dvc\.yaml/);
  assert.equal(await git("status", "--porcelain"), "");
});

test("a read-only disk: reading works, everything else says what to do", async (t) => {
  const folder = await folderOf(t);
  const disk = mountDisk(t, folder.path("disk"), "size=16m");
  if (disk === null) return;
  try {
    const root = folder.path("disk");
    await folder.write({ "disk/dvc.yaml": oneStage });
    const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" });
    git("init", "--quiet");
    git("add", "--all");
    git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message=First");
    disk.change("ro");
    assertRefused(
      await cli().attempt(root, ["run"]),
      /could not be started: .*the disk is read-only; make it/,
    );
    assertRefused(await cli().attempt(root, ["init"]), /could not be made: .*the disk is read-only/);
    disk.change("rw");
    assert.equal((await cli().attempt(root, ["run", "--name", "amber-heron"])).code, 0);
    disk.change("ro");
    assert.match((await cli().attempt(root, ["list"])).stdout, /amber-heron +succeeded/);
    assert.match((await cli().attempt(root, ["show", "amber-heron"])).stdout, /output +model\.txt/);
    for (const args of [
      ["run", "--force"],
      ["fork", "amber-heron"],
      ["apply", "amber-heron"],
      ["export", "amber-heron", "out"],
    ]) {
      assertRefused(await cli().attempt(root, args), /the disk is read-only; make it writable/);
    }
  } finally {
    disk.unmount();
  }
});

test("a full disk: a run is refused, and works once there is space", async (t) => {
  const { root, path, write, git } = await projectOf(t, {
    "dvc.yaml": oneStage,
    ".gitignore": "/.dvc\n/.dvcignore\n",
  });
  const disk = mountDisk(t, path(".dvc"), "size=64k");
  if (disk === null) return;
  try {
    await write({ ".dvc/filler": Buffer.alloc(64 * 1024) }).catch(() => {});
    assertRefused(
      await cli().attempt(root, ["run"]),
      /: .*the disk is full; free some space, then try again/,
    );
    assert.equal(await git("for-each-ref", "refs/exps"), "");
    disk.change("size=16m");
    assert.equal((await cli().attempt(root, ["run"])).code, 0);
  } finally {
    disk.unmount();
  }
});
