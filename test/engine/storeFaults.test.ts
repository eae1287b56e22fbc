import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { chmod, readdir, readFile, rm, rmdir, truncate } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { objectPath, openCache } from "../../src/engine/store/cache.ts";
import { CaptureMemory, capture } from "../../src/engine/store/capture.ts";
import { capturedItems } from "../../src/engine/store/capturedItems.ts";
import { beginRecording } from "../../src/engine/store/lineWriter.ts";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { recordingDirectory } from "../../src/engine/system/layout.ts";
import { until } from "../support/poll.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

/** Works with a small file system mounted at a path; skips the test where mounting is not allowed. */
async function withSmallDisk(t: TestContext, path: string, size: string, work: () => Promise<void>) {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return t.skip("mounting is not allowed here");
  }
  try {
    await work();
  } finally {
    execFileSync("umount", ["--lazy", path]);
  }
}

async function snapshotFiles(project: RecordingProject): Promise<readonly string[]> {
  const all = await readdir(project.path(".dvc/tmp/savepoint/recording/run-1"));
  return all.filter((name) => !["line.json", "index", "known.json"].includes(name));
}

test("the disk is full while training waits: it says so, leaves nothing, and works once there is space", async (t) => {
  const project = await recordingProject(t);
  await withSmallDisk(t, project.path(".dvc/tmp"), "1m", () => recordWhenFull(project));
});

async function recordWhenFull(project: RecordingProject): Promise<void> {
  const recorder = await project.open();
  await project.train(1);
  await project.write({ "model.bin": Buffer.alloc(2_000_000, 1) });
  const failed = await recorder.snapshot(request(project.stage));
  assert.ok(!failed.ok);
  assert.equal(failed.problem.reason, "disk-full");
  assert.match(failed.problem.message, /^The checkpoint could not be taken: .*the disk is full/);
  assert.deepEqual(await snapshotFiles(project), []);
  execFileSync("mount", ["-o", "remount,size=16m", project.path(".dvc/tmp")]);
  const taken = await recorder.snapshot(request(project.stage));
  assert.ok(taken.ok);
  assert.equal(taken.value.sequence, 1);
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.length, 1);
  recorder.dispose();
}

for (const place of [".dvc/cache", ".git/objects"]) {
  test(`the disk of ${place} is full while storing: the snapshot waits and is stored later`, async (t) => {
    const project = await recordingProject(t);
    const copy = project.path(".dvc/tmp/objects");
    if (place === ".git/objects") cpSync(project.path(place), copy, { recursive: true });
    await withSmallDisk(t, project.path(place), "1m", () => storeWhenFull(project, place, copy));
  });
}

async function storeWhenFull(project: RecordingProject, place: string, copy: string): Promise<void> {
  if (place === ".git/objects") cpSync(copy, project.path(place), { recursive: true });
  const recorder = await project.open();
  await project.train(1);
  const filler = project.path(place, "filler");
  try {
    writeFileSync(filler, Buffer.alloc(4_000_000));
  } catch {
    // As full as it gets.
  }
  const taken = await recorder.snapshot(request(project.stage, { step: 1 }));
  assert.ok(taken.ok, "another disk, so training is not held");
  const drained = await recorder.drain();
  assert.ok(!drained.ok);
  assert.equal(drained.problem.reason, "disk-full", drained.problem.message);
  assert.ok(project.problems.length > 0);
  assert.equal(recorder.pending, 1);
  rmSync(filler);
  assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
  assert.equal(project.recorded.length, 1);
  await project.git("fsck", "--strict");
  recorder.dispose();
}

test("somebody else moves the experiment's ref: both lines are kept", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  assert.ok((await recorder.drain()).ok);
  const foreign = await project.git("commit-tree", "HEAD^{tree}", "-p", `${project.ref}`, "-m", "theirs");
  await project.git("update-ref", project.ref, foreign);
  await project.train(2);
  await recorder.snapshot(request(project.stage, { step: 2 }));
  assert.ok((await recorder.drain()).ok);
  assert.equal(await project.git("rev-parse", project.ref), foreign);
  const [first, second] = project.recorded;
  assert.equal(second?.experiment, "amber-heron-2");
  assert.equal(second?.parent, first?.sha);
  assert.equal(recorder.experiment, "amber-heron-2");
  assert.equal(await project.git("rev-parse", `${project.ref}-2`), second?.sha);
});

test("somebody moves the ref again and again while checkpoints are being stored: every commit stays in a line", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  const foreign: string[] = [];
  for (const epoch of [1, 2, 3, 4, 5, 6]) {
    await project.train(epoch);
    assert.ok((await recorder.snapshot(request(project.stage, { step: epoch }))).ok);
    // The snapshot is on its way into the store at this moment.
    const ref = `${project.ref.slice(0, project.ref.lastIndexOf("/"))}/${recorder.experiment}`;
    const parent = await project.git("for-each-ref", "--format=%(objectname)", ref);
    const theirs = await project.git("commit-tree", "HEAD^{tree}", "-p", parent || "HEAD", "-m", `${epoch}`);
    await project.git("update-ref", ref, theirs, parent || "0".repeat(40)).then(
      () => foreign.push(theirs),
      () => {},
    );
  }
  assert.ok((await recorder.drain()).ok);
  assert.ok(foreign.length > 0);
  assert.deepEqual(
    project.recorded.map(({ step }) => step),
    [1, 2, 3, 4, 5, 6],
  );
  const last = project.recorded.at(-1)?.sha ?? "";
  const line = (await project.git("rev-list", "--first-parent", "--reverse", last, "^HEAD")).split("\n");
  assert.deepEqual(
    line,
    project.recorded.map(({ sha }) => sha),
  );
  const reachable = new Set((await project.git("rev-list", "--glob=refs/exps")).split("\n"));
  for (const sha of [...foreign, ...line]) assert.ok(reachable.has(sha), `${sha} must be in some line`);
});

test("somebody moves the ref between a crash and the next start: both lines are kept", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  assert.ok((await recorder.drain()).ok);
  await project.train(2);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 2 }))).ok);
  recorder.dispose();
  const foreign = await project.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs");
  await project.git("update-ref", project.ref, foreign);
  const recorded = await until(
    async () => (await recoverJournal(project.project, project.hasher)).recorded.at(0),
    60_000,
    "the recording to be recovered",
  );
  assert.equal(recorded.step, 2);
  assert.equal(recorded.experiment, "amber-heron-2");
  assert.equal(recorded.parent, project.recorded[0]?.sha);
  assert.equal(await project.git("rev-parse", project.ref), foreign);
  assert.equal(await project.git("rev-parse", `${project.ref}-2`), recorded.sha);
});

test("somebody deletes the experiment's ref: it is made again, with all that it had", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  for (const epoch of [1, 2]) {
    await project.train(epoch);
    await recorder.snapshot(request(project.stage, { step: epoch }));
    assert.ok((await recorder.drain()).ok);
    if (epoch === 1) await project.git("update-ref", "-d", project.ref);
  }
  assert.equal(await project.git("rev-list", "--count", `${project.baseline}..${project.ref}`), "2");
});

test("two recorders with the same name at the same time lose nothing", async (t) => {
  const project = await recordingProject(t);
  const recorders = await Promise.all(["run-1", "run-2"].map((runId) => project.open({ runId })));
  await project.train(1);
  for (const recorder of recorders) assert.ok((await recorder.snapshot(request(project.stage))).ok);
  for (const recorder of recorders) assert.ok((await recorder.drain()).ok);
  assert.deepEqual(project.recorded.map(({ experiment }) => experiment).sort(), [
    "amber-heron",
    "amber-heron-2",
  ]);
  assert.notEqual(recorders[0]?.experiment, recorders[1]?.experiment);
});

test("locks of Git processes that were killed do not keep checkpoints from being stored", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  const locks = [".dvc/tmp/savepoint/recording/run-1/index.lock", `.git/${project.ref}.lock`];
  for (const step of [1, 2]) {
    await project.train(step);
    await project.write({ "train.py": `print(${step})` });
    assert.ok((await recorder.snapshot(request(project.stage, { step }))).ok);
    assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
    for (const lock of locks) {
      writeFileSync(project.path(lock), "");
      utimesSync(project.path(lock), 0, 0);
    }
  }
  assert.equal(await project.git("show", `${project.recorded[1]?.sha}:train.py`), "print(2)");
});

test("a workspace whose dvc.lock can't be written yet has the checkpoint once, and its number is not used again", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  const obstacle = project.path("dvc.lock.savepoint-tmp");
  mkdirSync(obstacle);
  await project.train(1);
  const end = request(project.stage, { kind: "stage-end", succeeded: true });
  assert.ok((await recorder.snapshot(end)).ok);
  assert.equal((await recorder.drain()).ok, false);
  await rmdir(obstacle);
  assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
  await project.train(2);
  const next = await recorder.snapshot(request(project.stage, { step: 2 }));
  assert.ok(next.ok);
  assert.equal(next.value.sequence, 2);
  assert.ok((await recorder.drain()).ok);
  assert.deepEqual(
    project.recorded.map(({ sequence, kind }) => [sequence, kind]),
    [
      [1, "stage-end"],
      [2, "signal"],
    ],
  );
  assert.equal(await project.git("rev-list", "--count", `${project.baseline}..${project.ref}`), "2");
  assert.match(await project.read("dvc.lock"), /path: model\.bin/);
});

test("a name that belongs to other checkpoints is not taken", async (t) => {
  const project = await recordingProject(t);
  const foreign = await project.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs");
  await project.git("update-ref", project.ref, foreign);
  const recorder = await project.open();
  assert.equal(recorder.experiment, "amber-heron-2");
});

test("a truncated object is repaired when the same content is recorded again", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage));
  assert.ok((await recorder.drain()).ok);
  const hash = project.recorded[0]?.outs.find(({ path }) => path === "model.bin")?.hash ?? "";
  const object = objectPath(await openCache(project.project), hash, false);
  await chmod(object, 0o644);
  await truncate(object, 3);
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 2 }));
  assert.ok((await recorder.drain()).ok);
  assert.equal(await readFile(object, "utf8"), "model after epoch 1");
});

test("a third snapshot waits until one of two is stored, and all are stored in order", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  let mostPending = 0;
  const taken = Array.from({ length: 6 }, (_, index) =>
    recorder.snapshot(request(project.stage, { step: index })).then((result) => {
      mostPending = Math.max(mostPending, recorder.pending);
      return result;
    }),
  );
  for (const result of await Promise.all(taken)) assert.ok(result.ok);
  assert.ok((await recorder.drain()).ok);
  assert.equal(mostPending, 2);
  assert.deepEqual(
    project.recorded.map(({ step }) => step),
    [0, 1, 2, 3, 4, 5],
  );
});

test("the clock goes back: the order stays", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  for (const epoch of [1, 2, 3]) {
    await project.train(epoch);
    await recorder.snapshot(
      request(project.stage, { step: epoch, time: 1_700_000_000_000 - epoch * 3_600_000 }),
    );
  }
  assert.ok((await recorder.drain()).ok);
  const subjects = await project.git(
    "log",
    "--first-parent",
    "--format=%s",
    `${project.baseline}..${project.ref}`,
  );
  assert.deepEqual(
    subjects.split("\n"),
    [3, 2, 1].map((n) => `savepoint: amber-heron@${n} train step ${n}`),
  );
});

test("a recording that is cut off is finished with the code of its time, once", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  assert.ok((await recorder.drain()).ok);
  await project.train(2);
  const taken = await recorder.snapshot(request(project.stage, { step: 2 }));
  recorder.dispose();
  assert.ok(taken.ok);
  await project.train(9);
  await project.write({ "train.py": "print('written long after')" });
  // The disposed recorder lets go once what it was doing has stopped.
  const recovery = await until(
    async () => {
      const { recorded, dropped, problems } = await recoverJournal(project.project, project.hasher);
      assert.deepEqual([dropped, problems], [0, []]);
      return recorded.length > 0 ? recorded : null;
    },
    60_000,
    "the recording to be recovered",
  );
  const [checkpoint] = recovery;
  assert.ok(checkpoint);
  assert.equal(checkpoint.sequence, 2);
  assert.equal(checkpoint.parent, project.recorded[0]?.sha);
  assert.deepEqual(checkpoint.metrics, { "metrics.json": { loss: 0.5 } });
  assert.equal(await project.git("show", `${checkpoint.sha}:train.py`), "print(42)");
  assert.equal(await project.git("rev-parse", project.ref), checkpoint.sha);
  assert.deepEqual(readdirSync(project.path(".dvc/tmp/savepoint/recording")), []);
});

test("a snapshot whose copies are gone is dropped, and what came after it is recorded", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  const { root, prefix } = project.project;
  const directory = recordingDirectory(project.project, "run-1");
  beginRecording(project.project, {
    version: 1,
    owner: { process: { host: hostname(), pid: 0, startTime: null }, recorder: "dead" },
    runId: "run-1",
    experiment: "amber-heron",
    baseline: project.baseline,
    resumedFrom: null,
    tip: project.baseline,
    sequence: 0,
    tree: null,
    moving: null,
  });
  for (const sequence of [1, 2]) {
    const items = capturedItems(project.stage);
    const step = request(project.stage, { step: sequence });
    capture({ root, prefix, directory, sequence, request: step, items, sets: null }, new CaptureMemory());
  }
  await rm(join(directory, "1"), { recursive: true });
  const recovery = await recoverJournal(project.project, project.hasher);
  assert.equal(recovery.dropped, 1);
  assert.deepEqual(recovery.problems, []);
  assert.deepEqual(
    recovery.recorded.map(({ step }) => step),
    [2],
  );
});

test("large untracked files are left out and named", async (t) => {
  const project = await recordingProject(t);
  await project.write({ "huge.bin": Buffer.alloc(11 * 1024 * 1024) });
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage));
  assert.ok((await recorder.drain()).ok);
  assert.match(
    project.recorded[0]?.warning ?? "",
    /^huge\.bin is not recorded: untracked and larger than 10 MiB/,
  );
});
