import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { until } from "../support/poll.ts";
import {
  committedProject,
  ended,
  experimentNamed,
  finishRun,
  runLimit,
  seenEnvironments,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";

const fresh = { verb: "run", stages: ["train"], name: "amber-heron" } as const;

/** Two stages; the first asks to be run again until it was run as often as `rounds` says. */
const machine = (settings: string) => ({
  ...trainingFiles,
  "dvc.yaml": `stages:
  machine:
    cmd: python3 machine.py
    deps: [machine.py]
    outs: [state.txt]
    meta: {savepoint: {${settings}}}
  report:
    cmd: cp state.txt report.txt
    deps: [state.txt]
    outs: [report.txt]
`,
  "machine.py": `
import json, os, sys, time
rounds = 3
count = int(open("state.txt").read()) if os.path.exists("state.txt") else 0
with open("iterations.log", "a") as log:
    log.write(os.environ["SAVEPOINT_ITERATION"] + " " + str(count) + "\\n")
if os.path.exists("fail-%d" % count):
    os.remove("fail-%d" % count)
    sys.exit(3)
with open("state.txt", "w") as file:
    file.write(str(count + 1))
while os.path.exists("hold-%d" % count):
    time.sleep(0.01)
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
with open(signal + ".tmp", "w") as file:
    json.dump({"v": 1, "when": "stage-end", "again": count + 1 < rounds, "metadata": {"count": count + 1}}, file)
os.rename(signal + ".tmp", signal)
while os.path.exists(signal):
    pass
`,
  ".gitignore": `${trainingFiles[".gitignore"]}/iterations.log\n`,
});

test("each launch of a stage stands in its run: when, from what, and how it ended", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-2": "", "fail-4": "" });
  const run = await finishRun(desk, { ...fresh, retries: 2 });
  assert.equal(run.state, "succeeded");
  const [stage] = run.stages;
  assert.deepEqual(
    stage?.launches.map(({ from, iteration, end }) => ({
      from,
      iteration,
      end: `${end?.state}: ${end?.reason}`,
    })),
    [
      { from: null, iteration: 1, end: "failed: exit code 3" },
      { from: "amber-heron@2, step 2/5 (the run's own latest)", iteration: 1, end: "failed: exit code 3" },
      { from: "amber-heron@4, step 4/5 (the run's own latest)", iteration: 1, end: "succeeded: done" },
    ],
  );
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ sequence }) => sequence),
    checkpoints.map((_, index) => index + 1),
  );
  assert.deepEqual(
    seenEnvironments(repository).map(({ SAVEPOINT_RESUMED_STEP: step }) => step),
    [null, "2", "4"],
  );
});

test("a stage that fails more often than its retries allow has failed", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-2": "", "fail-4": "" });
  const run = await finishRun(desk, { ...fresh, retries: 1 });
  assert.equal(run.state, "failed");
  assert.equal(run.stages[0]?.launches.length, 2);
});

test("a stage that asks for it is run again with what it made, and its end tells what is pending", async (t) => {
  const repository = await committedProject(t, machine(""));
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { ...fresh, stages: [] });
  assert.equal(run.state, "succeeded", run.stages.map(({ reason }) => reason).join());
  assert.equal(await repository.read("report.txt"), "3");
  assert.equal(await repository.read("iterations.log"), "1 0\n2 1\n3 2\n");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  const ends = checkpoints.map(({ kind, metadata, progress }) => ({ kind, count: metadata.count, progress }));
  const pending = { completed: [], pending: ["machine", "report"], again: true };
  assert.deepEqual(ends.slice(0, 3), [
    { kind: "stage-end", count: 1, progress: { ...pending, iterations: {} } },
    { kind: "stage-end", count: 2, progress: { ...pending, iterations: { machine: 2 } } },
    {
      kind: "stage-end",
      count: 3,
      progress: { completed: ["machine"], pending: ["report"], iterations: { machine: 3 }, again: false },
    },
  ]);
  assert.deepEqual(ends[3]?.progress?.completed, ["machine", "report"]);
  const again = await desk.controller.start({ verb: "run", stages: ["machine"] });
  assert.equal(again.ok ? "" : again.problem.reason, "up-to-date");
});

test("a stage that asks more often than its iterations allow has failed, and is not up to date", async (t) => {
  const repository = await committedProject(t, machine("iterations: 2"));
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { ...fresh, stages: ["machine"] });
  assert.equal(run.state, "failed");
  assert.equal(run.stages[0]?.reason, "asked for iteration 3, and meta.savepoint.iterations allows 2");
});

test("Stop after the next checkpoint holds for the end of an iteration, and a resume counts on", async (t) => {
  const repository = await committedProject(t, machine(""));
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { ...fresh, stages: ["machine"] });
  await until(
    () => desk.controller.runs[0]?.stages[0]?.launches.length === 2,
    runLimit,
    "the second iteration",
  );
  await desk.controller.stop(run.id, "after-next-checkpoint");
  await rm(repository.path("hold-1"));
  const stopped = await ended(desk, run.id);
  assert.equal(stopped.state, "interrupted");
  assert.deepEqual([stopped.stages[0]?.state, stopped.stages[0]?.reason], ["interrupted", "stopped"]);
  const checkpoint = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1);
  assert.ok(checkpoint);
  const resumed = await finishRun(desk, { verb: "resume", checkpoint });
  assert.equal(resumed.state, "succeeded");
  assert.equal(await repository.read("iterations.log"), "1 0\n2 1\n3 2\n");
});

test("an iteration that fails is tried again from the one before, and a resume counts on", async (t) => {
  const repository = await committedProject(t, machine("retries: 1"));
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-1": "" });
  const run = await finishRun(desk, { ...fresh, stages: ["machine"] });
  assert.equal(run.state, "succeeded");
  assert.equal(await repository.read("iterations.log"), "1 0\n2 1\n2 1\n3 2\n");

  await repository.write({ "fail-1": "" });
  await rm(repository.path("iterations.log"));
  const failed = await finishRun(desk, {
    verb: "run",
    stages: ["machine"],
    name: "calm-otter",
    retries: 0,
    force: true,
  });
  assert.equal(failed.state, "failed");
  const checkpoint = (await experimentNamed(desk, "calm-otter")).checkpoints.at(-1);
  assert.ok(checkpoint);
  const resumed = await finishRun(desk, { verb: "resume", checkpoint });
  assert.equal(resumed.state, "succeeded");
  assert.equal(await repository.read("iterations.log"), "1 0\n2 1\n2 1\n3 2\n");
});
