import assert from "node:assert/strict";
import { chmod, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { objectPath, openCache } from "../../src/engine/store/cache.ts";
import { copyForReading } from "../../src/engine/store/copyForReading.ts";
import { exportCheckpoint } from "../../src/engine/store/exportCheckpoint.ts";
import { hashBytes } from "../../src/engine/store/fileHash.ts";
import { verify } from "../../src/engine/store/integrity.ts";
import { planRestore, type RestoreScope, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

/** Records the given number of epochs and returns the checkpoints. */
async function recordEpochs(project: RecordingProject, epochs: number): Promise<readonly Checkpoint[]> {
  const recorder = await project.open();
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    await project.train(epoch);
    assert.ok((await recorder.snapshot(request(project.stage, { step: epoch }))).ok);
  }
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  return project.recorded;
}

async function apply(project: RecordingProject, checkpoint: Checkpoint | undefined, scope: RestoreScope) {
  assert.ok(checkpoint);
  const plan = await planRestore(project.project, checkpoint, scope, project.hasher);
  if (!plan.ok) return plan;
  return restore(plan.value);
}

test("restoring outputs says what changes, brings the bytes back, and undo takes that back", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 2);
  assert.ok(first);
  await project.write({
    "model.bin": "unsaved work",
    "weights/extra.bin": "unsaved too",
    "train.py": "print(43)",
  });
  const before = await snapshotOfFolder(project.root);
  const plan = await planRestore(project.project, first, "outputs", project.hasher);
  assert.ok(plan.ok);
  assert.deepEqual(
    plan.value.changes,
    [
      { path: "metrics.json", action: "replace", size: null },
      { path: "model.bin", action: "replace", size: 19 },
      { path: "weights/extra.bin", action: "delete", size: null },
      { path: "weights/first.bin", action: "replace", size: 7 },
    ].map((change) => (change.action === "delete" ? { ...change, size: 0 } : change)),
  );
  assert.deepEqual(await snapshotOfFolder(project.root), before, "planning changes nothing");

  const restored = await restore(plan.value);
  assert.ok(restored.ok, JSON.stringify(restored));
  assert.equal(await project.read("model.bin"), "model after epoch 1");
  assert.equal(await project.read("weights/first.bin"), "first 1");
  assert.equal(await project.read("metrics.json"), '{"loss":1}');
  assert.equal(await project.read("train.py"), "print(43)", "code is not an output");
  await assert.rejects(stat(project.path("weights/extra.bin")));
  await writeFile(project.path("model.bin"), "still writable");

  assert.ok((await apply(project, first, "outputs")).ok);
  assert.equal(await project.read("model.bin"), "model after epoch 1", "the cache was not written through");
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("model.bin"), "still writable");
});

test("undo right after a restore brings back everything that was there", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 2);
  await project.write({ "model.bin": "unsaved work", "weights/extra.bin": "unsaved too" });
  const before = await snapshotOfFolder(project.root);
  assert.ok((await apply(project, first, "everything")).ok);
  assert.equal(await project.read("weights/first.bin"), "first 1");
  const undone = await undoRestore(project.project, project.hasher);
  assert.ok(undone.ok, JSON.stringify(undone));
  assert.deepEqual(await snapshotOfFolder(project.root), before);
  const redone = await undoRestore(project.project, project.hasher);
  assert.ok(redone.ok, JSON.stringify(redone));
  assert.equal(await project.read("weights/first.bin"), "first 1", "undo of undo is redo");
});

test("undo takes the last restore back, also when the clock has gone back since the one before", async (t) => {
  const project = await recordingProject(t);
  const [first, second] = await recordEpochs(project, 3);
  assert.ok((await apply(project, first, "outputs")).ok);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() - 3_600_000 });
  assert.ok((await apply(project, second, "outputs")).ok);
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("model.bin"), "model after epoch 1");
});

test("applying everything brings code back, keeps untracked files, HEAD, index and branch", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 1);
  await project.write({ "train.py": "print(43)", "later.py": "new" });
  await project.commit("Later work");
  await project.write({ "train.py": "print(44)", "mine.txt": "keep me" });
  const head = await project.git("rev-parse", "HEAD");
  const index = await readFile(project.path(".git/index"));
  const applied = await apply(project, first, "everything");
  assert.ok(applied.ok, JSON.stringify(applied));
  assert.equal(await project.read("train.py"), "print(42)");
  await assert.rejects(stat(project.path("later.py")));
  assert.equal(await project.read("mine.txt"), "keep me");
  assert.equal(await project.git("rev-parse", "HEAD"), head);
  assert.deepEqual(await readFile(project.path(".git/index")), index);
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("train.py"), "print(44)");
  assert.equal(await project.read("later.py"), "new");
});

test("a damaged or missing object is named with the nearest complete checkpoint, and nothing is changed", async (t) => {
  const project = await recordingProject(t);
  const checkpoints = await recordEpochs(project, 3);
  const cache = await openCache(project.project);
  const [, second, third] = checkpoints;
  const modelOf = (checkpoint: Checkpoint | undefined) => {
    const output = checkpoint?.outs.find(({ path }) => path === "model.bin");
    assert.ok(output);
    return objectPath(cache, output.hash, false);
  };
  await rm(modelOf(second));
  await chmod(modelOf(third), 0o644);
  await truncate(modelOf(third), 5);
  await writeFile(project.path("model.bin"), "unsaved work");
  const before = await snapshotOfFolder(project.root);
  const damaged = await apply(project, third, "outputs");
  assert.ok(!damaged.ok);
  assert.equal(damaged.problem.reason, "object-damaged");
  assert.match(
    damaged.problem.message,
    /^amber-heron@3: model\.bin \([0-9a-f]{32}\) is damaged in the cache\./,
  );
  assert.match(damaged.problem.message, /nearest complete checkpoint before it is amber-heron@1\.$/);
  const missing = await apply(project, second, "outputs");
  assert.ok(!missing.ok);
  assert.equal(missing.problem.reason, "object-missing");
  assert.deepEqual(await snapshotOfFolder(project.root), before);

  const report = await verify(project.project, checkpoints, project.hasher);
  assert.deepEqual(
    report.problems.map(({ path, kind }) => [path, kind]),
    [
      ["model.bin", "missing"],
      ["model.bin", "damaged"],
    ],
  );
});

test("a changed byte is found by its hash: who needs the object is told, and it is not offered as complete", async (t) => {
  const project = await recordingProject(t);
  const [first, second, third] = await recordEpochs(project, 3);
  assert.ok(first && second && third);
  const cache = await openCache(project.project);
  const objectOf = (content: string) => objectPath(cache, hashBytes(Buffer.from(content)), false);
  const damaged = objectOf("first 2");
  await chmod(damaged, 0o644);
  await writeFile(damaged, "first X");
  await chmod(damaged, 0o444);
  await rm(objectOf("model after epoch 3"));
  await project.write({ "model.bin": "unsaved work" });

  const refused = await apply(project, third, "outputs");
  assert.ok(!refused.ok);
  assert.match(refused.problem.message, /nearest complete checkpoint before it is amber-heron@1\.$/);
  const report = await verify(project.project, project.recorded, project.hasher);
  const hashOf = ({ outs }: Checkpoint, output: string) => outs.find(({ path }) => path === output)?.hash;
  assert.deepEqual(
    report.problems.map(({ path, kind, outputs }) => [path, kind, outputs]),
    [
      ["weights/first.bin", "damaged", [hashOf(second, "weights")]],
      ["model.bin", "missing", [hashOf(third, "model.bin")]],
    ],
  );
});

test("everything is refused while a rebase is under way", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 1);
  await project.write({ "train.py": "print(1)" });
  await project.commit("One");
  await assert.rejects(project.git("rebase", "--exec", "false", "HEAD~1"));
  const refused = await apply(project, first, "everything");
  assert.ok(!refused.ok);
  assert.equal(refused.problem.reason, "operation-under-way");
  assert.match(refused.problem.message, /finish or abort the rebase/);
  assert.ok((await apply(project, first, "outputs")).ok);
});

test("a checkpoint is exported with its outputs, into an empty folder only", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 2);
  assert.ok(first);
  const directory = join(project.root, "..", `export-${process.pid}`);
  t.after(() => rm(directory, { recursive: true, force: true }));
  const exported = await exportCheckpoint(project.project, first, directory, project.hasher);
  assert.ok(exported.ok, JSON.stringify(exported));
  assert.equal(await readFile(join(directory, "model.bin"), "utf8"), "model after epoch 1");
  assert.equal(await readFile(join(directory, "weights/deep/second.bin"), "utf8"), "never changes");
  assert.equal(await readFile(join(directory, "train.py"), "utf8"), "print(42)");
  const again = await exportCheckpoint(project.project, first, directory, project.hasher);
  assert.ok(!again.ok);
  assert.equal(again.problem.reason, "folder-not-empty");
});

test("one output of a checkpoint is copied for other programs, and stays where it is", async (t) => {
  const project = await recordingProject(t);
  const [first] = await recordEpochs(project, 2);
  assert.ok(first);
  const copyOf = (path: string) => copyForReading(project.project, first, path, project.hasher);
  const [model, folder, code] = [
    await copyOf("model.bin"),
    await copyOf("weights"),
    await copyOf("train.py"),
  ];
  assert.ok(model.ok && folder.ok && code.ok);
  assert.equal(await readFile(model.value, "utf8"), "model after epoch 1");
  assert.equal(await readFile(join(folder.value, "deep/second.bin"), "utf8"), "never changes");
  assert.equal(await readFile(code.value, "utf8"), "print(42)");
  assert.deepEqual(await copyOf("model.bin"), model);
  const missing = await copyOf("other.bin");
  assert.ok(!missing.ok);
  assert.equal(missing.problem.reason, "not-recorded");
  assert.equal(await project.git("status", "--porcelain", "--", ".dvc"), "");
});
