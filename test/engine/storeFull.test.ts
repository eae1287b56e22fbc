import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";
import { onSmallDisk } from "../support/smallDisk.ts";

const page = 4096;
/** Pages that are free when a checkpoint is taken: from none to more than one checkpoint of this project needs. */
const freePages = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25, 30, 40];

test("a disk that is full at any step of recording: what was released is stored once there is space", async (t) => {
  const project = await recordingProject(t);
  await onSmallDisk(t, project.root, "8m", () => recordOnFullDisk(project));
});

async function recordOnFullDisk(project: RecordingProject): Promise<void> {
  const filler = project.path(".dvc/tmp/filler");
  const recorder = await project.open();
  const released: number[] = [];
  const outcomes = new Set<string>();
  for (const [index, free] of freePages.entries()) {
    const step = index + 1;
    await project.train(step);
    await project.write({ "weights/first.bin": Buffer.alloc(5 * page, step) });
    const { bavail, bsize } = statfsSync(project.root);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - free * page)));
    const taken = await recorder.snapshot(request(project.stage, { step }));
    if (taken.ok) released.push(step);
    else assert.equal(taken.problem.reason, "disk-full", taken.problem.message);
    const drained = await recorder.drain();
    if (!drained.ok) assert.equal(drained.problem.reason, "disk-full", drained.problem.message);
    outcomes.add(taken.ok ? (drained.ok ? "stored" : "waits") : "not taken");
    rmSync(filler);
    assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
    assert.equal(recorder.pending, 0);
  }
  assert.deepEqual([...outcomes].toSorted(), ["not taken", "stored", "waits"]);
  assert.deepEqual(
    project.recorded.map(({ step }) => step),
    released,
  );
  assert.deepEqual(
    project.recorded.map(({ sequence }) => sequence),
    released.map((_, index) => index + 1),
  );
  await project.git("fsck", "--strict");
  const left = readdirSync(project.path(".dvc/tmp/savepoint/recording/run-1")).toSorted();
  assert.deepEqual(left, ["index", "known.json", "line.json"]);
  assert.deepEqual(await readdir(project.path(".dvc/cache")), ["files"]);
  recorder.dispose();
}

test("the disk has room for a tree but not for code that changed: no checkpoint is made without it", async (t) => {
  const project = await recordingProject(t, { "code.txt": "short" });
  await onSmallDisk(t, project.path(".git/objects"), "1m", async (disk) => {
    const recorder = await project.open();
    await project.train(1);
    await project.write({ "code.txt": randomBytes(1_200_000) });
    assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
    const drained = await recorder.drain();
    assert.ok(!drained.ok);
    assert.equal(drained.problem.reason, "disk-full", drained.problem.message);
    disk.change("size=8m");
    assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
    const [checkpoint] = project.recorded;
    assert.equal(checkpoint?.warning, null);
    assert.equal(await project.git("cat-file", "-s", `${checkpoint?.sha}:code.txt`), "1200000");
    recorder.dispose();
  });
});
