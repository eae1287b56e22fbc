import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { objectPath, openCache } from "../../src/engine/store/cache.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { planRestore, type RestoreScope, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { undoPoints } from "../../src/engine/store/undoPoints.ts";
import type { WorkerRequestKind, WorkerRequests } from "../../src/engine/store/workerMessages.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { type RecordingProject, recordingProject, request, workerPath } from "../support/recording.ts";
import { mountDisk } from "../support/smallDisk.ts";
import { type Files, temporaryFolder } from "../support/temporaryProject.ts";

async function changedProject(t: TestContext, files: Files = {}) {
  return change(await recordingProject(t, files));
}

/** Records a checkpoint, after which outputs and code are changed. */
async function change(project: RecordingProject) {
  await project.train(1);
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  await project.train(2);
  await project.write({ "train.py": "print(43)", "weights/mine.bin": "mine" });
  return { project, checkpoint };
}

async function apply(
  { project, hasher }: Pick<RecordingProject, "project" | "hasher">,
  checkpoint: Checkpoint,
  scope: RestoreScope = "everything",
) {
  const plan = await planRestore(project, checkpoint, scope, hasher);
  return plan.ok ? restore(plan.value) : plan;
}

async function expectUndo(project: RecordingProject, before: object): Promise<void> {
  const undone = await undoRestore(project.project, project.hasher);
  assert.ok(undone.ok, JSON.stringify(undone));
  assert.deepEqual(await snapshotOfFolder(project.root), before);
}

test("an output's folder on another disk is restored, and taken back", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  await rm(project.path("weights"), { recursive: true });
  const disk = mountDisk(t, project.path("weights"), "size=4m");
  if (disk === null) return;
  try {
    await project.write({ "weights/first.bin": "mine", "weights/more.bin": "mine too" });
    const before = await snapshotOfFolder(project.root);
    const applied = await apply(project, checkpoint);
    assert.ok(applied.ok, JSON.stringify(applied));
    assert.equal(await project.read("weights/first.bin"), "first 1");
    assert.deepEqual(await readdir(project.path("weights")), ["deep", "first.bin"]);
    await expectUndo(project, before);
  } finally {
    disk.unmount();
  }
});

test("what fails half-way is put back: the other disk is full", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  await rm(project.path("weights"), { recursive: true });
  const disk = mountDisk(t, project.path("weights"), "size=64k");
  if (disk === null) return;
  try {
    await writeFile(project.path("weights/large.tmp"), Buffer.alloc(64 * 1024)).catch(() => {});
    await project.write({ ".dvcignore": "*.tmp\n" });
    const before = await snapshotOfFolder(project.root);
    const applied = await apply(project, checkpoint, { paths: ["train.py", "model.bin", "weights"] });
    assert.ok(!applied.ok);
    assert.equal(applied.problem.reason, "disk-full", applied.problem.message);
    assert.match(
      applied.problem.message,
      /^amber-heron@1 could not be restored: .*weights\/.*Nothing was changed\.$/,
    );
    assert.deepEqual(await snapshotOfFolder(project.root), before);
    assert.deepEqual(await undoPoints(project.project), [], "there is nothing to take back");
  } finally {
    disk.unmount();
  }
});

test("an output that is a link to a folder elsewhere stays one", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  const elsewhere = await temporaryFolder({ "first.bin": "mine" });
  t.after(elsewhere.dispose);
  await rm(project.path("weights"), { recursive: true });
  await symlink(elsewhere.root, project.path("weights"));
  assert.ok((await apply(project, checkpoint, "outputs")).ok);
  assert.equal(await elsewhere.read("first.bin"), "first 1");
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await elsewhere.read("first.bin"), "mine");
});

test("a folder that may not be written is named before anything is changed", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  await rm(project.path("weights"), { recursive: true });
  const disk = mountDisk(t, project.path("weights"), "size=4m");
  if (disk === null) return;
  try {
    await project.write({ "weights/first.bin": "mine" });
    disk.change("ro");
    const before = await snapshotOfFolder(project.root);
    const refused = await apply(project, checkpoint);
    assert.ok(!refused.ok);
    assert.equal(refused.problem.reason, "not-writable");
    assert.match(
      refused.problem.message,
      /^amber-heron@1 was not restored: the folder weights may not be written/,
    );
    assert.deepEqual(await snapshotOfFolder(project.root), before);
    assert.deepEqual(await undoPoints(project.project), []);
  } finally {
    disk.unmount();
  }
});

test("a pipe at an output's place is in the way, and nobody waits for its end", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  await rm(project.path("model.bin"));
  execFileSync("mkfifo", [project.path("model.bin")]);
  const refused = await apply(project, checkpoint);
  assert.ok(!refused.ok);
  assert.match(refused.problem.message, /model\.bin is in the way \(neither a file nor a folder\)/);
});

/** Lets something happen after the files were kept, before they are overwritten. */
class InterruptedHasher extends Hasher {
  meanwhile: (() => Promise<void>) | null = null;

  override async call<Kind extends WorkerRequestKind>(kind: Kind, asked: WorkerRequests[Kind]) {
    const answer = await super.call(kind, asked);
    if (kind === "keepOutputs") await this.meanwhile?.();
    return answer;
  }
}

test("what somebody saves after the safety copy was made is not overwritten", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  const hasher = new InterruptedHasher(workerPath);
  t.after(() => hasher.dispose());
  for (const path of ["train.py", "model.bin", "weights/mine.bin", "weights/deep/second.bin"]) {
    await project.train(2);
    await project.write({ "weights/mine.bin": "mine" });
    await rm(project.path("weights/deep/second.bin"));
    const before = await snapshotOfFolder(project.root);
    hasher.meanwhile = () => project.write({ [path]: "saved at this moment" });
    const refused = await apply({ project: project.project, hasher }, checkpoint);
    assert.ok(!refused.ok, `${path} was overwritten`);
    assert.equal(refused.problem.reason, "changed-meanwhile");
    assert.match(refused.problem.message, new RegExp(`${path} was changed by something else`));
    assert.equal(await project.read(path), "saved at this moment");
    const after = await snapshotOfFolder(project.root);
    assert.deepEqual({ ...after, [path]: "" }, { ...before, [path]: "" });
  }
  assert.deepEqual(await undoPoints(project.project), []);
});

test("an object that was damaged without a trace is no safety copy", async (t) => {
  const { project, checkpoint } = await changedProject(t);
  const recorder = await project.open({ runId: "run-2", parent: checkpoint.sha, sequence: 1 });
  assert.ok((await recorder.snapshot(request(project.stage, { step: 2 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  const last = project.recorded.at(-1)?.outs.find(({ path }) => path === "model.bin");
  assert.ok(last);
  const object = objectPath(await openCache(project.project), last.hash, false);
  await chmod(object, 0o644);
  await writeFile(object, "MODEL AFTER EPOCH 2");
  await chmod(object, 0o444);
  const before = await snapshotOfFolder(project.root);
  assert.ok((await apply(project, checkpoint)).ok);
  await expectUndo(project, before);
});

test("a name that is not valid UTF-8 keeps code from being restored, not outputs", async (t) => {
  const project = await recordingProject(t);
  const name = Buffer.concat([Buffer.from(project.path("caf")), Buffer.from([0xe9])]);
  await writeFile(name, "one").catch(() => t.skip("this file system has UTF-8 names only"));
  await project.commit("An old name");
  const { checkpoint } = await change(project);
  await writeFile(name, "mine");
  const refused = await apply(project, checkpoint);
  assert.ok(!refused.ok);
  assert.match(refused.problem.message, /the name of caf\ufffd is not valid UTF-8\. Rename it/);
  assert.ok((await apply(project, checkpoint, "outputs")).ok);
  assert.equal((await readFile(name)).toString(), "mine");
});

test("files outside of a sparse checkout stay out", async (t) => {
  const { project, checkpoint } = await changedProject(t, {
    "big/data.txt": "one\n",
    "lib/code.txt": "one\n",
  });
  await project.write({ "big/data.txt": "two\n", "lib/code.txt": "two\n" });
  await project.git("commit", "--quiet", "--all", "--message", "Two");
  await project.git("sparse-checkout", "set", "lib", ".dvc", "weights");
  const before = await snapshotOfFolder(project.root);
  assert.ok(!("big/data.txt" in before));
  const applied = await apply(project, checkpoint);
  assert.ok(applied.ok, JSON.stringify(applied));
  assert.equal(await project.read("lib/code.txt"), "one\n");
  await project.git("status");
  await expectUndo(project, before);
  assert.doesNotMatch(await project.git("status", "--porcelain"), /big/);
});
