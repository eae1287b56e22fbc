import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import type { RunServices } from "../../src/engine/run/services.ts";
import { until } from "../support/poll.ts";
import {
  committedProject,
  ended,
  experimentNamed,
  killRun,
  runLimit,
  seenEnvironments,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";

/** A run held after its first epoch, whose recording folder is put out of the way: the next snapshot can't be taken. */
async function troubledRun(t: TestContext, onSnapshotFailure: RunServices["onSnapshotFailure"]) {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository, { onSnapshotFailure });
  const started = await startRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const run = () => {
    const found = desk.controller.runs.find(({ id }) => id === started.id);
    assert.ok(found);
    return found;
  };
  await until(() => run().progress.checkpoints === 1, runLimit, "the first checkpoint");
  const folder = repository.path(".dvc/tmp/savepoint/recording", started.id);
  const aside = repository.path(".dvc/tmp/aside");
  await rename(folder, aside);
  await repository.write({ [`.dvc/tmp/savepoint/recording/${started.id}`]: "in the way" });
  const repair = async () => {
    await rm(folder);
    await rename(aside, folder);
  };
  return { repository, desk, run, repair, signal: repository.path(".dvc/tmp/DVC_CHECKPOINT") };
}

test("a run is stopped also when the disk does not take the request", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository);
  const { id } = await startRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const run = () => desk.controller.runs.find((one) => one.id === id);
  await until(() => run()?.progress.checkpoints === 1, runLimit, "the first checkpoint");
  const request = repository.path(".dvc/tmp/savepoint/runs", id, "stage-1-1/stop");
  await mkdir(`${request}.savepoint-tmp`);
  assert.deepEqual(await desk.controller.stop(id, "now"), { ok: true, value: undefined });
  assert.equal((await ended(desk, id)).state, "interrupted");
});

test("a checkpoint that can't be taken holds the training and asks; Retry takes it, and nothing is lost", async (t) => {
  const { repository, desk, run, repair, signal } = await troubledRun(t, { kind: "ask" });
  await rm(repository.path("hold-1"));
  await until(() => run().attention?.choices.length, runLimit, "the question");
  assert.deepEqual(run().attention?.choices, ["retry", "skip", "stop"]);
  assert.doesNotMatch(run().attention?.message ?? "", /\n/);
  assert.equal(run().state, "running");
  assert.ok(existsSync(signal), "the training waits");
  await repair();
  desk.controller.decide(run().id, "retry");
  assert.equal((await ended(desk, run().id)).state, "succeeded");
  assert.equal(run().attention, null);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
});

test("Skip lets the training go on with a mark in the record, and tells it so", async (t) => {
  const { repository, desk, run, repair, signal } = await troubledRun(t, { kind: "ask" });
  await repository.write({ "hold-2": "" });
  await rm(repository.path("hold-1"));
  await until(() => run().attention?.choices.length, runLimit, "the question");
  desk.controller.decide(run().id, "skip");
  await until(() => !existsSync(signal), runLimit, "the training to go on");
  const answer = JSON.parse(await repository.read(".dvc/tmp/DVC_CHECKPOINT.result"));
  assert.equal(answer.ok, false);
  assert.equal(typeof answer.error, "string");
  await repair();
  await rm(repository.path("hold-2"));
  const end = await ended(desk, run().id);
  assert.deepEqual([end.state, end.skippedCheckpoints], ["succeeded", 1]);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [1, 3, 4, 5],
  );
});

test("Stop ends the run with what was recorded before", async (t) => {
  const { repository, desk, run } = await troubledRun(t, { kind: "ask" });
  await rm(repository.path("hold-1"));
  await until(() => run().attention?.choices.length, runLimit, "the question");
  desk.controller.decide(run().id, "stop");
  const end = await ended(desk, run().id);
  assert.equal(end.state, "interrupted");
  assert.equal((await experimentNamed(desk, "amber-heron")).checkpoints.length, 1);
});

test("a training that is ended while the question is open ends the run", async (t) => {
  const { repository, desk, run } = await troubledRun(t, { kind: "ask" });
  await rm(repository.path("hold-1"));
  await until(() => run().attention?.choices.length, runLimit, "the question");
  await killRun(run().id);
  const end = await ended(desk, run().id);
  assert.deepEqual([end.state, end.end?.signal, end.skippedCheckpoints], ["failed", "SIGKILL", 1]);
});

test("where nobody can be asked, a checkpoint is skipped after its time, with a mark", async (t) => {
  const { repository, desk, run, repair, signal } = await troubledRun(t, { kind: "skip-after", limit: 200 });
  await repository.write({ "hold-2": "" });
  await rm(repository.path("hold-1"));
  await until(() => run().skippedCheckpoints === 1, runLimit, "the checkpoint to be skipped");
  await until(() => !existsSync(signal), runLimit, "the training to go on");
  await repair();
  await rm(repository.path("hold-2"));
  assert.deepEqual([(await ended(desk, run().id)).state, run().skippedCheckpoints], ["succeeded", 1]);
});

/** A run held after its first epoch, whose cache is put out of the way: snapshots can be taken, but not stored. */
async function runWithoutCache(t: TestContext, onSnapshotFailure: RunServices["onSnapshotFailure"]) {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository, { onSnapshotFailure });
  const started = await startRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const run = () => desk.controller.runs.find(({ id }) => id === started.id) ?? assert.fail();
  await until(() => run().progress.checkpoints === 1, runLimit, "the first checkpoint");
  const [cache, aside] = [repository.path(".dvc/cache"), repository.path(".dvc/tmp/aside")];
  await rename(cache, aside);
  await repository.write({ ".dvc/cache": "in the way" });
  await rm(repository.path("hold-1"));
  const repair = async () => {
    await rm(cache);
    await rename(aside, cache);
  };
  return { desk, run, repair };
}

test("training is held when two checkpoints can't be stored: somebody is asked, and it goes on by itself once they can", async (t) => {
  const { desk, run, repair } = await runWithoutCache(t, { kind: "ask" });
  await until(() => run().attention?.choices.length, runLimit, "the question");
  assert.match(run().attention?.message ?? "", /^Checkpoint amber-heron@2 could not be stored: /);
  assert.equal(run().progress.pending, 2);
  await repair();
  const end = await ended(desk, run().id);
  assert.deepEqual([end.state, end.skippedCheckpoints], ["succeeded", 0]);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
});

test("where nobody can be asked, training does not hang when checkpoints can't be stored; they are stored later", async (t) => {
  const { desk, run, repair } = await runWithoutCache(t, { kind: "skip-after", limit: 200 });
  await until(() => run().skippedCheckpoints >= 2, runLimit, "the last checkpoints to be skipped");
  await repair();
  assert.equal((await ended(desk, run().id)).state, "succeeded");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.slice(0, 3).map(({ step }) => step),
    [1, 2, 3],
  );
});

test("a clock that goes back changes neither the order nor what a retry goes on from", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": `${trainingFiles["dvc.yaml"]}`.replace(
      "    deps: [train.py]",
      "    meta: {savepoint: {retries: 1}}\n    deps: [train.py]",
    ),
  });
  await repository.write({ "fail-3": "" });
  let time = Date.now();
  const desk = await testDesk(t, repository, { now: () => (time -= 60_000) });
  const started = await startRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  assert.equal((await ended(desk, started.id)).state, "succeeded");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ step, sequence }) => [step, sequence]),
    [1, 2, 3, 4, 5].map((step) => [step, step]),
  );
  const starts = seenEnvironments(repository).map((seen) => seen.SAVEPOINT_RESUMED_STEP);
  assert.deepEqual(starts, [null, "3"]);
});

test("damaged run records are left alone", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({
    ".dvc/tmp/savepoint/runs/20200101T000000-00000000/run.json": "{broken",
    ".dvc/tmp/savepoint/runs/20200101T000000-00000001/run.json":
      '{"version":2,"id":"20200101T000000-00000001"}',
    ".dvc/tmp/savepoint/runs/20200101T000000-00000002/run.json":
      '{"version":1,"id":"20200101T000000-00000002","state":"running","stages":[{"stage":{}}]}',
    ".dvc/tmp/savepoint/runs/.. x/run.json": "{}",
  });
  const desk = await testDesk(t, repository);
  assert.deepEqual(await desk.controller.adopt(), []);
  assert.deepEqual(desk.controller.runs, []);
  assert.ok((await desk.controller.start({ verb: "run", stages: ["train"] })).ok);
});

test("a project without .dvc, and with spaces and quotes in its names, runs", async (t) => {
  const repository = await committedProject(t, {
    'a "folder"/dvc.yaml': `stages:\n  train:\n    cmd: "echo 'it''s \\"done\\"' > 'out put.txt'"\n    outs: ["out put.txt"]\n`,
  });
  const desk = await testDesk(t, repository);
  const started = await startRun(desk, { verb: "run", stages: [] });
  const run = await ended(desk, started.id);
  assert.equal(run.state, "succeeded", JSON.stringify(run));
  assert.equal((await experimentNamed(desk, run.experiment)).checkpoints.length, 1);
  assert.match(await repository.read('a "folder"/.gitignore'), /out put\.txt/);
});
