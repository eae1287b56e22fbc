import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { Emitter } from "../../src/engine/event.ts";
import type { RunnerStatus } from "../../src/runner/files.ts";
import { isAlive, processesWithEnvironment } from "../../src/runner/process.ts";
import { runMark } from "../../src/runner/tree.ts";
import { until } from "../support/poll.ts";
import {
  cleanUp,
  committedProject,
  type Desk,
  ended,
  experimentNamed,
  killRun,
  runLimit,
  seenEnvironments,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

const hostScript = resolve(import.meta.dirname, "../support/runHost.ts");

async function host(
  t: TestContext,
  repository: TemporaryProject,
  mode: "start" | "adopt",
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [hostScript, repository.root, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUp(t, async () => {
    child.kill("SIGKILL");
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes("ready") || child.exitCode !== null, runLimit, "the host to listen");
  assert.equal(child.exitCode, null);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await until(() => child.signalCode !== null, runLimit, "the host to die");
}

/** A run that another process started, held after its second epoch. */
async function heldRun(t: TestContext, files = trainingFiles) {
  const repository = await committedProject(t, files);
  await repository.write({ "hold-2": "" });
  const child = await host(t, repository, "start");
  // Its state is written before it asks: held it is once it was answered.
  const answer = async () => JSON.parse(await repository.read(".dvc/tmp/DVC_CHECKPOINT.result"));
  const isAsking = () => existsSync(repository.path(".dvc/tmp/DVC_CHECKPOINT"));
  await until(
    async () => (await answer()).checkpoint === "amber-heron@2" && !isAsking(),
    runLimit,
    "the second epoch",
  );
  return { repository, child };
}

async function signalledSteps(desk: Desk) {
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  return checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step);
}

async function runnerStatus(repository: TemporaryProject, runId: string): Promise<RunnerStatus> {
  return JSON.parse(await repository.read(`.dvc/tmp/savepoint/runs/${runId}/stage-1-1/status.json`));
}

test("a run whose window was killed is adopted, goes on through all stages, and loses no checkpoint", async (t) => {
  const { repository, child } = await heldRun(t);
  await kill(child);
  await rm(repository.path("hold-2"));
  const signal = repository.path(".dvc/tmp/DVC_CHECKPOINT");
  await until(() => existsSync(signal), runLimit, "the training to wait for somebody");
  const desk = await testDesk(t, repository);
  const [adopted] = await desk.controller.adopt();
  assert.equal(adopted?.experiment, "amber-heron");
  const run = await ended(desk, adopted?.id ?? "");
  assert.equal(run.state, "succeeded");
  assert.deepEqual(
    run.stages.map(({ state }) => state),
    ["succeeded", "succeeded"],
  );
  assert.deepEqual(await signalledSteps(desk), [1, 2, 3, 4, 5]);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.equal(checkpoints.at(-1)?.stage, "evaluate");
  assert.equal(run.progress.checkpoints, checkpoints.length);
  assert.equal(seenEnvironments(repository).length, 1);
  await repository.git("fsck", "--strict");
});

test("a window that only watches takes over when the listener dies", async (t) => {
  const { repository, child } = await heldRun(t);
  const desk = await testDesk(t, repository);
  assert.deepEqual(await desk.controller.adopt(), []);
  assert.equal(desk.controller.runs[0]?.readOnly, true);
  await kill(child);
  await until(() => desk.controller.runs[0]?.readOnly === false, runLimit, "the watcher to take over");
  await rm(repository.path("hold-2"));
  assert.equal((await ended(desk, desk.controller.runs[0]?.id ?? "")).state, "succeeded");
  assert.deepEqual(await signalledSteps(desk), [1, 2, 3, 4, 5]);
});

test("of two windows that open at once, one adopts", async (t) => {
  const { repository, child } = await heldRun(t);
  await kill(child);
  const desks = [await testDesk(t, repository), await testDesk(t, repository)];
  const adopted = await Promise.all(desks.map(({ controller }) => controller.adopt()));
  assert.deepEqual(adopted.map((runs) => runs.length).toSorted(), [0, 1]);
  await rm(repository.path("hold-2"));
  for (const desk of desks) {
    const id = desk.controller.runs[0]?.id ?? "";
    assert.equal((await ended(desk, id)).state, "succeeded");
  }
});

test("a run that ended while nobody listened is finished from its runner's record", async (t) => {
  const { repository, child } = await heldRun(t);
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-2": "" });
  await kill(child);
  await rm(repository.path("hold-2"));
  await until(() => !existsSync(repository.path("fail-2")), runLimit, "the training to fail");
  const [adopted] = await desk.controller.adopt();
  const run = await ended(desk, adopted?.id ?? "");
  assert.deepEqual([run.state, run.end?.code], ["failed", 3]);
  assert.deepEqual(await signalledSteps(desk), [1, 2]);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.equal(checkpoints.at(-1)?.annotations.end?.state, "failed");
});

test("a run whose runner and training were killed with the window is lost, and can be resumed", async (t) => {
  const { repository, child } = await heldRun(t);
  const desk = await testDesk(t, repository);
  await desk.controller.adopt();
  const id = desk.controller.runs[0]?.id ?? "";
  const status = await runnerStatus(repository, id);
  await kill(child);
  process.kill(status.runner.pid, "SIGKILL");
  await killRun(id);
  const run = await ended(desk, id);
  assert.equal(run.state, "lost");
  const last = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1);
  assert.ok(last);
  await rm(repository.path("hold-2"), { force: true });
  const resumed = await desk.controller.start({ verb: "resume", checkpoint: last });
  assert.ok(resumed.ok);
  assert.equal((await ended(desk, resumed.value.id)).state, "succeeded");
  assert.deepEqual(await signalledSteps(desk), [1, 2, 3, 4, 5]);
});

/** Training below a shell that does not hand itself over to it, so that it outlives the shell. */
const belowShell = {
  ...trainingFiles,
  "dvc.yaml": String(trainingFiles["dvc.yaml"]).replace("python3 train.py", "python3 train.py; exit $?"),
};

test("training that outlives its runner and its shell is listened to, and Stop ends it", async (t) => {
  const { repository, child } = await heldRun(t, belowShell);
  const desk = await testDesk(t, repository);
  await desk.controller.adopt();
  const id = desk.controller.runs[0]?.id ?? "";
  const status = await runnerStatus(repository, id);
  await kill(child);
  process.kill(status.runner.pid, "SIGKILL");
  assert.ok(status.child);
  process.kill(status.child.pid, "SIGKILL");
  await until(() => desk.controller.runs[0]?.readOnly === false, runLimit, "the watcher to take over");
  await repository.write({ "hold-3": "" });
  await rm(repository.path("hold-2"));
  await until(() => desk.controller.runs[0]?.progress.checkpoints === 3, runLimit, "the third checkpoint");
  await desk.controller.stop(id, "now");
  assert.equal((await ended(desk, id)).state, "interrupted");
  assert.deepEqual(processesWithEnvironment(runMark(id)), []);
});

test("an adopted run can be stopped, and nothing of its tree is left", async (t) => {
  const { repository, child } = await heldRun(t);
  await kill(child);
  const desk = await testDesk(t, repository);
  const [adopted] = await desk.controller.adopt();
  assert.ok(adopted);
  const status = await runnerStatus(repository, adopted.id);
  await desk.controller.stop(adopted.id, "now");
  assert.equal((await ended(desk, adopted.id)).state, "interrupted");
  assert.ok(status.child && !isAlive(status.child));
});

test("a stage whose window was killed at the moment of its launch is launched by who adopts the run", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  const closed = new Emitter<void>();
  const launched = { reveal: () => {}, onDidClose: closed.event, dispose: () => {} };
  let launches = 0;
  const launcher = {
    launch: async () => {
      launches += 1;
      return launched;
    },
  };
  const killed = await testDesk(t, repository, { launch: { ...desk.services.launch, launcher } });
  const started = await killed.controller.start({ verb: "run", stages: ["train"], name: "amber-heron" });
  assert.ok(started.ok);
  await until(() => launches === 1, runLimit, "the launch");
  killed.controller.dispose();
  await desk.controller.adopt();
  assert.equal((await ended(desk, started.value.id)).state, "succeeded");
  assert.deepEqual(await signalledSteps(desk), [1, 2, 3, 4, 5]);
  assert.equal(seenEnvironments(repository).length, 1);
});

test("giving a run up leaves the training alone, and the next controller goes on", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const first = await testDesk(t, repository);
  const started = await first.controller.start({ verb: "run", stages: ["train"], name: "amber-heron" });
  assert.ok(started.ok);
  await until(() => first.controller.runs[0]?.progress.step === 1, runLimit, "the first epoch");
  first.controller.dispose();
  await rm(repository.path("hold-1"));
  const second = await testDesk(t, repository);
  await second.controller.adopt();
  assert.equal((await ended(second, started.value.id)).state, "succeeded");
  assert.deepEqual(await signalledSteps(second), [1, 2, 3, 4, 5]);
});

test("a window that is killed again and again loses no checkpoint, and the training never hangs", async (t) => {
  const epochs = 40;
  const repository = await committedProject(t, {
    ...trainingFiles,
    "params.json": `{"epochs": ${epochs}, "rate": 1}`,
  });
  let window = await host(t, repository, "start");
  const model = async () => JSON.parse(await repository.read("model.json")).epoch;
  // At the very moment of an epoch's end, which is when its checkpoint is under way.
  for (const epoch of [3, 7, 8, 15, 22, 30]) {
    await until(async () => (await model()) >= epoch, runLimit, `epoch ${epoch}`);
    await kill(window);
    window = await host(t, repository, "adopt");
  }
  await kill(window);
  const desk = await testDesk(t, repository);
  const [adopted] = await desk.controller.adopt();
  const id = adopted?.id ?? desk.controller.runs[0]?.id ?? "";
  assert.equal((await ended(desk, id)).state, "succeeded");
  const steps = await signalledSteps(desk);
  assert.deepEqual(
    [...new Set(steps)],
    Array.from({ length: epochs }, (_, index) => index + 1),
  );
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  );
  assert.equal((await repository.git("for-each-ref", "refs/exps")).split("\n").length, 1);
  await repository.git("fsck", "--strict");
});

test("adopting in a project where nothing ever ran makes no file", async (t) => {
  const repository = await committedProject(t, { "dvc.yaml": "stages: {}\n" });
  const desk = await testDesk(t, repository);
  assert.deepEqual(await desk.controller.adopt(), []);
  assert.equal(existsSync(repository.path(".dvc")), false);
});

test("a run that another machine has taken over is given up, and only looked at", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  await repository.write({ "hold-2": "" });
  const run = await startRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const view = () => desk.controller.runs.find(({ id }) => id === run.id);
  await until(() => view()?.progress.checkpoints === 2, runLimit, "two checkpoints");
  const leases = ".dvc/tmp/savepoint/listener";
  const [own = ""] = await readdir(repository.path(leases));
  const owner = { host: "another-machine", pid: 1, startTime: null };
  const theirs = `lease-${Number(own.slice("lease-".length)) + 1}`;
  await repository.write({
    [`${leases}/${theirs}`]: JSON.stringify({ owner, token: "theirs", runId: run.id }),
  });
  await rm(repository.path(`${leases}/${own}`));
  await until(() => view()?.readOnly === true, runLimit, "the run to be given up");
  assert.equal(view()?.state, "running");
  // They let go, so that this process takes it up again and the test can end it.
  await rm(repository.path(`${leases}/${theirs}`));
  await desk.controller.adopt();
  await until(() => view()?.readOnly === false, runLimit, "the run to be taken up again");
});
