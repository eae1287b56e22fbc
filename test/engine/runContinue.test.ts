import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Checkpoint, Experiment } from "../../src/engine/model.ts";
import { until } from "../support/poll.ts";
import {
  committedProject,
  type Desk,
  ended,
  experimentNamed,
  finishRun,
  runLimit,
  seenEnvironments,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";

/** A run of training that was stopped after its third epoch. */
async function stoppedRun(t: TestContext) {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-3": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  await until(() => desk.controller.runs[0]?.progress.checkpoints === 3, runLimit, "three checkpoints");
  await desk.controller.stop(run.id, "now");
  await ended(desk, run.id);
  await rm(repository.path("hold-3"));
  return { repository, desk, experiment: await experimentNamed(desk, "amber-heron") };
}

function at({ checkpoints }: Experiment, sequence: number): Checkpoint {
  const found = checkpoints[sequence - 1];
  assert.ok(found);
  return found;
}

async function steps(desk: Desk, name: string) {
  const { checkpoints } = await experimentNamed(desk, name);
  return checkpoints.map(
    ({ stage, kind, step, sequence }) => `${sequence} ${stage} ${kind === "signal" ? step : kind}`,
  );
}

test("resume goes on in the same experiment, with the stages behind", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  // Work of the user's own in an output, which no checkpoint has.
  await repository.write({ "model.json": "ruined" });
  const run = await finishRun(desk, { verb: "resume", checkpoint: at(experiment, 3) });
  assert.equal(run.state, "succeeded");
  assert.deepEqual([run.verb, run.experiment, run.resumedFrom?.sequence], ["resume", "amber-heron", 3]);
  assert.deepEqual(await steps(desk, "amber-heron"), [
    "1 train 1",
    "2 train 2",
    "3 train 3",
    "4 train 4",
    "5 train 5",
    "6 evaluate stage-end",
  ]);
  const grown = await experimentNamed(desk, "amber-heron");
  assert.equal(at(grown, 4).parent, at(experiment, 3).sha);
  assert.deepEqual(JSON.parse(await repository.read("model.json")).history, [0.5, 1, 1.5, 2, 2.5]);
  assert.deepEqual(seenEnvironments(repository).at(-1), {
    DVC_STAGE: "train",
    DVC_EXP_NAME: "amber-heron",
    DVCLIVE_RESUME: "1",
    SAVEPOINT_RESUMED_STEP: "3",
  });
  const over = await desk.controller.start({ verb: "resume", checkpoint: at(grown, 6) });
  assert.ok(!over.ok && over.problem.reason === "up-to-date", JSON.stringify(over));
});

test("fork begins a new experiment at a checkpoint, with params of its own; the old one stays", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  const run = await finishRun(desk, {
    verb: "fork",
    checkpoint: at(experiment, 2),
    name: "brisk-wren",
    set: [{ file: "params.json", key: "rate", value: "2.0" }],
  });
  assert.equal(run.state, "succeeded");
  const fork = await experimentNamed(desk, "brisk-wren");
  assert.equal(fork.resumedFrom?.sha, at(experiment, 2).sha);
  assert.equal(at(fork, 3).parent, at(experiment, 2).sha);
  assert.deepEqual(await steps(desk, "brisk-wren"), [
    "1 train 1",
    "2 train 2",
    "3 train 3",
    "4 train 4",
    "5 train 5",
    "6 evaluate stage-end",
  ]);
  assert.deepEqual(JSON.parse(await repository.read("model.json")).history, [0.5, 1, 6, 8, 10]);
  const old = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    old.checkpoints.map(({ sha }) => sha),
    experiment.checkpoints.map(({ sha }) => sha),
  );
});

test("rewind goes on in the same experiment from an older checkpoint, and keeps the tail", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  const run = await finishRun(desk, { verb: "rewind", checkpoint: at(experiment, 1) });
  assert.equal(run.state, "succeeded");
  assert.equal(run.experiment, "amber-heron");
  const rewound = await experimentNamed(desk, "amber-heron");
  assert.equal(at(rewound, 2).parent, at(experiment, 1).sha);
  assert.deepEqual(
    rewound.checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6],
  );
  const tail = await repository.git("rev-parse", `${experiment.ref}-tail-1`);
  assert.equal(tail, at(experiment, 3).sha);
  assert.deepEqual(JSON.parse(await repository.read("model.json")).history, [0.5, 1, 1.5, 2, 2.5]);
});

test("resume of an older checkpoint, or of one that is gone, is refused and changes nothing", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  const refs = await repository.git("for-each-ref");
  const model = await repository.read("model.json");
  const older = await desk.controller.start({ verb: "resume", checkpoint: at(experiment, 2) });
  assert.ok(!older.ok && older.problem.reason === "not-the-last");
  const gone = { ...at(experiment, 3), stage: "fine-tune" };
  const missing = await desk.controller.start({ verb: "fork", checkpoint: gone });
  assert.ok(!missing.ok && missing.problem.reason === "stage-missing");
  assert.equal(await repository.git("for-each-ref"), refs);
  assert.equal(await repository.read("model.json"), model);
});

test("a pipeline that failed behind a finished stage goes on there", async (t) => {
  const repository = await committedProject(t, { ...trainingFiles, "evaluate.py": "raise SystemExit(4)\n" });
  const desk = await testDesk(t, repository);
  const failed = await finishRun(desk, { verb: "run", stages: [], name: "dry-finch" });
  assert.deepEqual([failed.state, failed.end?.code], ["failed", 4]);
  const experiment = await experimentNamed(desk, "dry-finch");
  await repository.write({ "evaluate.py": `${trainingFiles["evaluate.py"]}` });
  const last = experiment.checkpoints.at(-1);
  assert.ok(last);
  const run = await finishRun(desk, { verb: "resume", checkpoint: last });
  assert.deepEqual(
    run.stages.map(({ stage, state }) => `${stage} ${state}`),
    ["train skipped", "evaluate succeeded"],
  );
  assert.equal(seenEnvironments(repository).length, 1, "training did not run again");
});

test("a pipeline that failed at a stage beside the last checkpoint's goes on there", async (t) => {
  const pipeline = `${trainingFiles["dvc.yaml"]}  report:
    cmd: test -e allowed
    outs: [report.txt: {persist: true}]
`;
  const repository = await committedProject(t, { ...trainingFiles, "dvc.yaml": pipeline });
  const desk = await testDesk(t, repository);
  const failed = await finishRun(desk, { verb: "run", stages: [], name: "dry-finch" });
  assert.equal(failed.state, "failed");
  await repository.write({ allowed: "", "report.txt": "" });
  const last = (await experimentNamed(desk, "dry-finch")).checkpoints.at(-1);
  assert.equal(last?.stage, "evaluate");
  const run = await finishRun(desk, { verb: "resume", checkpoint: last });
  assert.deepEqual(
    run.stages.map(({ stage, state, reason }) => `${stage} ${state}: ${reason}`),
    ["evaluate skipped: ended with dry-finch@6", "report succeeded: done"],
  );
});

test("a run with the eager policy begins with the latest checkpoint of its stage", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  const run = await finishRun(desk, { verb: "run", stages: ["train"], policy: "eager", force: true });
  assert.equal(run.state, "succeeded");
  assert.notEqual(run.experiment, experiment.name);
  assert.equal(seenEnvironments(repository).at(-1)?.SAVEPOINT_RESUMED_STEP, "3");
});

test("when its commit was rewritten and thrown away, an experiment resumes, forks and rewinds as before", async (t) => {
  const { repository, desk, experiment } = await stoppedRun(t);
  const { baseline } = experiment;
  await repository.git("commit", "--quiet", "--amend", "--allow-empty", "--message", "Rewritten");
  await repository.git("branch", "--move", "other");
  await repository.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all");
  await repository.git("gc", "--quiet", "--prune=now");
  const forked = await finishRun(desk, { verb: "fork", checkpoint: at(experiment, 1), name: "calm-otter" });
  assert.equal(forked.state, "succeeded");
  const rewound = await finishRun(desk, { verb: "rewind", checkpoint: at(experiment, 2) });
  assert.equal(rewound.state, "succeeded");
  for (const name of ["calm-otter", "amber-heron"]) {
    const line = await experimentNamed(desk, name);
    assert.equal(line.baseline, baseline);
    assert.deepEqual(
      (await steps(desk, name)).slice(0, 5),
      [1, 2, 3, 4, 5].map((step) => `${step} train ${step}`),
    );
  }
  const last = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1);
  assert.ok(last);
  const resumed = await finishRun(desk, {
    verb: "resume",
    checkpoint: last,
    set: [{ file: "params.json", key: "epochs", value: "6" }],
  });
  assert.equal(resumed.state, "succeeded");
  assert.match((await steps(desk, "amber-heron")).join(), /\d train 6/);
  await repository.git("fsck", "--strict");
});
