import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { isAlive, type ProcessIdentity } from "../../src/runner/process.ts";
import { testCommandLine } from "../support/badInput.ts";
import { until } from "../support/poll.ts";
import { committedProject, killRun, runLimit, trainingFiles } from "../support/runs.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

const cli = testCommandLine();

/** A run by the command line that is held after its second epoch. */
async function heldRun(t: TestContext, isTerminal = false) {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-2": "" });
  const run = cli().start(repository.root, ["run", "train", "--name", "amber-heron"], isTerminal);
  t.after(() => run.process.kill("SIGKILL"));
  await until(() => run.output().includes("amber-heron@2"), runLimit, "the second checkpoint");
  return { repository, run };
}

/** Which steps the experiment has. */
async function steps({ root }: TemporaryProject): Promise<readonly (number | null)[]> {
  const [experiment] = await cli().list(root);
  return experiment?.checkpoints.map(({ step }) => step) ?? [];
}

/** The id of the only run. */
async function onlyRun(repository: TemporaryProject): Promise<string> {
  const [id = ""] = await readdir(repository.path(".dvc/tmp/savepoint/runs"));
  return id;
}

/** The command that the runner of the only run started, as it wrote it down. */
async function trainingOf(repository: TemporaryProject): Promise<ProcessIdentity> {
  const run = `.dvc/tmp/savepoint/runs/${await onlyRun(repository)}`;
  return JSON.parse(await repository.read(`${run}/stage-1-1/status.json`)).child;
}

test("Ctrl-C in a terminal ends the stage, gives 130 and keeps the checkpoints, which resume goes on with", async (t) => {
  const { repository, run } = await heldRun(t, true);
  run.process.stdin.write("\x03");
  assert.equal(await run.exited, 130, run.output());
  const advice = /2 checkpoints recorded; go on with savepoint resume amber-heron/;
  await until(() => advice.test(run.output()), runLimit, "the advice to resume");
  assert.deepEqual(await steps(repository), [1, 2]);
  await rm(repository.path("hold-2"));
  assert.equal((await cli().attempt(repository.root, ["resume", "amber-heron"])).code, 0);
  assert.deepEqual((await steps(repository)).slice(0, 5), [1, 2, 3, 4, 5]);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`${signal} to the command stops the stage's processes and keeps the checkpoints`, async (t) => {
    const { repository, run } = await heldRun(t);
    const training = await trainingOf(repository);
    assert.ok(isAlive(training));
    run.process.kill(signal);
    assert.equal(await run.exited, 130, run.output());
    assert.equal(isAlive(training), false);
    assert.deepEqual(await steps(repository), [1, 2]);
  });
}

test("a killed command: its training waits, and the next command goes on with it before its own run", async (t) => {
  const { repository, run } = await heldRun(t);
  run.process.kill("SIGKILL");
  await run.exited;
  await rm(repository.path("hold-2"));
  const next = await cli().attempt(repository.root, ["run", "train", "--name", "calm-otter", "--force"]);
  assert.equal(next.code, 0, next.stderr);
  assert.match(next.stderr, /going on with amber-heron, which an earlier command left/);
  assert.match(next.stderr, /amber-heron succeeded; 5 checkpoints recorded/);
  assert.match(next.stderr, /calm-otter succeeded/);
});

test("a killed command whose training is gone, too, is in nobody's way", async (t) => {
  const { repository, run } = await heldRun(t);
  run.process.kill("SIGKILL");
  await run.exited;
  await killRun(await onlyRun(repository));
  await rm(repository.path("hold-2"));
  const next = await cli().attempt(repository.root, ["resume", "amber-heron"]);
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual((await steps(repository)).slice(0, 5), [1, 2, 3, 4, 5]);
});

test("a run whose every process is dead is not said to be running", async (t) => {
  const { repository, run } = await heldRun(t);
  const status = async () => (await cli().list(repository.root))[0]?.status;
  assert.equal(await status(), "running");
  run.process.kill("SIGKILL");
  await run.exited;
  // The training lives, and waits for somebody who listens.
  assert.equal(await status(), "running");
  const launch = `.dvc/tmp/savepoint/runs/${await onlyRun(repository)}/stage-1-1`;
  process.kill(JSON.parse(await repository.read(`${launch}/status.json`)).runner.pid, "SIGKILL");
  await killRun(await onlyRun(repository));
  assert.equal(await status(), "lost");
  const removed = await cli().attempt(repository.root, ["rm", "amber-heron", "--yes"]);
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(await cli().list(repository.root), []);
  const { stderr } = await cli().attempt(repository.root, ["list"]);
  assert.equal(stderr, "savepoint: no experiments yet; start one with savepoint run.\n");
});
