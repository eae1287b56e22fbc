import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { steppedFiles, takeWorkLog } from "../support/keyedSteps.ts";
import { until } from "../support/poll.ts";
import {
  committedProject,
  type Desk,
  ended,
  experimentNamed,
  finishRun,
  killRun,
  runLimit,
  startRun,
  testDesk,
} from "../support/runs.ts";

async function named(desk: Desk, experiment: string, name: string): Promise<Checkpoint> {
  const { checkpoints } = await experimentNamed(desk, experiment);
  const found = checkpoints.find((checkpoint) => checkpoint.name === name);
  assert.ok(found, `${experiment} has no checkpoint ${name}`);
  return found;
}

test("a step's end is a checkpoint; a fresh run does all steps again, a fork those after its checkpoint", async (t) => {
  const repository = await committedProject(t, steppedFiles);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "first" });
  assert.deepEqual(await takeWorkLog(repository), ["one", "two", "from None", "three"]);
  const { checkpoints } = await experimentNamed(desk, "first");
  assert.deepEqual(
    checkpoints.map(({ kind, name, step }) => `${kind} ${name} ${step}`),
    ["signal one null", "signal two null", "signal null 1", "signal three 1"],
  );
  assert.equal(await repository.git("status", "--porcelain", "--", "steps"), "");

  await finishRun(desk, { verb: "run", stages: [], name: "second", force: true });
  assert.deepEqual(await takeWorkLog(repository), ["one", "two", "from None", "three"]);

  // Later steps are in the workspace, and must not be believed.
  await finishRun(desk, { verb: "fork", checkpoint: await named(desk, "first", "one"), name: "third" });
  assert.deepEqual(await takeWorkLog(repository), ["two", "from None", "three"]);

  await repository.write({ "input.txt": "second" });
  await finishRun(desk, { verb: "fork", checkpoint: await named(desk, "first", "three"), name: "fourth" });
  assert.deepEqual(await takeWorkLog(repository), ["two", "from 1"]);
});

test("a retry and a resume after kill -9 do not do again what was done", async (t) => {
  const repository = await committedProject(t, steppedFiles);
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-two": "" });
  const retried = await finishRun(desk, { verb: "run", stages: [], name: "retried", retries: 1 });
  assert.equal(retried.state, "succeeded");
  assert.deepEqual(await takeWorkLog(repository), ["one", "two", "two", "from None", "three"]);

  await repository.write({ "hold-two": "" });
  const run = await startRun(desk, { verb: "run", stages: [], name: "killed", force: true });
  const log = () => repository.read("work.log").catch(() => "");
  await until(async () => (await log()).includes("two"), runLimit, "the second step");
  await killRun(run.id);
  assert.notEqual((await ended(desk, run.id)).state, "succeeded");
  await rm(repository.path("hold-two"));
  await takeWorkLog(repository);
  const { checkpoints } = await experimentNamed(desk, "killed");
  const last = checkpoints.at(-1);
  assert.equal(last?.name, "one");
  await finishRun(desk, { verb: "resume", checkpoint: last });
  assert.deepEqual(await takeWorkLog(repository), ["two", "from None", "three"]);
});

test("steps are forgotten by pattern when a run goes on from a checkpoint, and only once", async (t) => {
  const repository = await committedProject(t, steppedFiles);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "first" });
  await takeWorkLog(repository);
  await repository.write({ "fail-three": "" });
  const run = await finishRun(desk, {
    verb: "fork",
    checkpoint: await named(desk, "first", "three"),
    name: "second",
    forget: ["t*"],
    retries: 1,
  });
  assert.equal(run.state, "succeeded");
  // The retry goes on from the run's own checkpoint, which has the second step done again.
  assert.deepEqual(await takeWorkLog(repository), ["two", "from 1", "three", "from 1", "three"]);
  assert.deepEqual(readdirSync(repository.path("steps")).length, 3);
});

test("a fresh run skips what an earlier one did where the outputs are kept from run to run", async (t) => {
  const repository = await committedProject(t, {
    ...steppedFiles,
    "dvc.yaml": String(steppedFiles["dvc.yaml"]).replaceAll("checkpoint: true", "persist: true"),
  });
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "first" });
  await takeWorkLog(repository);
  await finishRun(desk, { verb: "run", stages: [], name: "second", force: true });
  assert.deepEqual(await takeWorkLog(repository), ["from None"]);
});
