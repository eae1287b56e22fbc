import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { until } from "../support/poll.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

/** A pipeline with values in every place where they can be: in Git, in the cache, beside the stage's outputs. */
const pipeline = `stages:
  train:
    cmd: python3 train.py
    params: [lr]
    outs:
    - weights: {persist: true}
    - live: {cache: false}
    metrics:
    - cached.json
    - tracked.json: {cache: false}
params:
- shown.yaml
metrics:
- shown.json
- live/inside.json
- weights/inside.json
`;

const tracked = ["tracked.json", "live/inside.json", "shown.json"];
const cached = ["cached.json", "weights/inside.json"];
const params = ["params.yaml", "shown.yaml"];

/** Writes all of them. With `isOld`, long enough ago for a snapshot to trust their time stamps. */
async function writeValues(project: RecordingProject, value: number, isOld: boolean): Promise<void> {
  for (const file of [...tracked, ...cached, ...params]) {
    await project.write({ [file]: file.endsWith(".json") ? `{"v": ${value}}` : `lr: ${value}\n` });
    const old = new Date(Date.now() - 60_000);
    if (isOld) await utimes(project.path(file), old, old);
  }
}

/** Everything in which a checkpoint says the values. */
async function expectValues(project: RecordingProject, checkpoint: Checkpoint | undefined, value: number) {
  assert.ok(checkpoint);
  const each = <Values>(paths: readonly string[], values: Values) =>
    Object.fromEntries(paths.map((path) => [path, values]));
  assert.deepEqual(checkpoint.metrics, each([...tracked, ...cached], { v: value }));
  assert.deepEqual(checkpoint.params, each(params, { lr: value }));
  for (const file of tracked) {
    assert.equal(await project.git("show", `${checkpoint.sha}:${file}`), `{"v": ${value}}`);
  }
  for (const file of params) {
    assert.equal(await project.git("show", `${checkpoint.sha}:${file}`), `lr: ${value}`);
  }
  assert.match(await project.git("show", `${checkpoint.sha}:dvc.lock`), new RegExp(`lr: ${value}\n`));
}

test("values are those of the moment at which training was held, whatever it writes as soon as it goes on", async (t) => {
  const project = await recordingProject(t, { "dvc.yaml": pipeline });
  const recorder = await project.open();
  for (const value of [1, 2, 3, 4]) {
    await writeValues(project, value, false);
    assert.ok((await recorder.snapshot(request(project.stage, { step: value }))).ok);
  }
  await writeValues(project, 5, false);
  assert.ok((await recorder.drain()).ok);
  for (const value of [1, 2, 3, 4]) await expectValues(project, project.recorded[value - 1], value);
});

test("values that did not change since the checkpoint before are not mistaken for those that come next", async (t) => {
  const project = await recordingProject(t, { "dvc.yaml": pipeline });
  const recorder = await project.open();
  await writeValues(project, 1, true);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 2 }))).ok);
  await writeValues(project, 2, false);
  assert.ok((await recorder.drain()).ok);
  for (const checkpoint of project.recorded) await expectValues(project, checkpoint, 1);
  assert.equal(project.recorded.length, 2);
});

test("after a crash, values are not taken from a workspace that has changed since", async (t) => {
  const project = await recordingProject(t, { "dvc.yaml": pipeline });
  const recorder = await project.open();
  await writeValues(project, 1, true);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  const taken = await recorder.snapshot(request(project.stage, { step: 2 }));
  recorder.dispose();
  assert.ok(taken.ok);
  await writeValues(project, 9, false);
  const recorded = await until(
    async () => (await recoverJournal(project.project, project.hasher)).recorded.at(0),
    10_000,
    "the recording to be recovered",
  );
  assert.equal(recorded.step, 2);
  await expectValues(project, recorded, 1);
});
