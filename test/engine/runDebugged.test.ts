import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { committedProject, experimentNamed, finishRun, testDesk, trainingFiles } from "../support/runs.ts";

test("a debugger's words go into the first launch of its stage alone, and into nothing that is recorded", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    ".gitignore": `${trainingFiles[".gitignore"]}/debugged.log\n`,
  });
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-2": "" });
  const run = await finishRun(desk, {
    verb: "run",
    stages: ["train", "evaluate"],
    retries: 1,
    debugged: {
      stage: "train",
      commands: ['echo "$LET_IN" >> debugged.log && python3 train.py'],
      environment: { LET_IN: "python" },
    },
  });
  assert.equal(run.state, "succeeded");
  // Once, although the stage was launched a second time after its failure.
  assert.equal(await readFile(repository.path("debugged.log"), "utf8"), "python\n");
  const lock = await readFile(repository.path("dvc.lock"), "utf8");
  assert.match(lock, /train:\n {4}cmd: python3 train\.py\n/);
  assert.doesNotMatch(lock, /LET_IN/);
});

test("debugging from a checkpoint runs its stage alone, with the state restored, as an experiment of its own", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    ".gitignore": `${trainingFiles[".gitignore"]}/debugged.log\n`,
  });
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  const trained = await experimentNamed(desk, "amber-heron");
  const checkpoint = trained.checkpoints.find(({ step, kind }) => step === 3 && kind === "signal");
  assert.ok(checkpoint);
  const run = await finishRun(desk, {
    verb: "fork",
    checkpoint,
    name: "amber-heron-debug",
    force: true,
    debugged: {
      stage: "train",
      commands: ['echo "$SAVEPOINT_RESUMED_STEP" >> debugged.log && python3 train.py'],
      environment: {},
    },
  });
  assert.equal(run.state, "succeeded");
  assert.deepEqual(
    run.stages.map(({ stage }) => stage),
    ["train"],
  );
  assert.equal(await readFile(repository.path("debugged.log"), "utf8"), "3\n");
  const now = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    now.checkpoints.map(({ sha }) => sha),
    trained.checkpoints.map(({ sha }) => sha),
  );
});
