import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import type { Checkpoint, Experiment } from "../../src/engine/model.ts";
import { exportCheckpoint } from "../../src/engine/store/exportCheckpoint.ts";
import { wholeness } from "../../src/engine/trigger/fileFormat.ts";
import { until } from "../support/poll.ts";
import {
  cleanUp,
  committedProject,
  type Desk,
  ended,
  experimentNamed,
  finishRun,
  runLimit,
  startRun,
  testDesk,
} from "../support/runs.ts";
import type { Files, TemporaryProject } from "../support/temporaryProject.ts";

const hostScript = resolve(import.meta.dirname, "../support/runHost.ts");
const savers = readFileSync(resolve(import.meta.dirname, "../support/savers.py"), "utf8");

/** A stage whose code saves as a library does, and knows nothing of checkpoints. */
function savingFiles(kind: string, steps: number, settings: string): Files {
  return {
    "dvc.yaml": `stages:
  train:
    cmd: python3 savers.py ${kind} ${steps}
    outs:
      - output: {checkpoint: true}
    meta:
      savepoint: ${settings}
`,
    "savers.py": savers,
    ".gitignore": "/saver.log\n/hold-*\n/kill-*\n",
    ".dvcignore": "",
    ".dvc/config": "",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
  };
}

const folders = "{watch: {paths: output/checkpoint-*/, settle: 300ms}}";
/** A set waits for the others for a multiple of the settling time: long enough for a busy machine. */
const lightningFiles = "{watch: {paths: output/*.ckpt, settle: 2s}}";
const kerasFiles = "{watch: {paths: output/*.keras, settle: 300ms}}";

async function logged(repository: TemporaryProject, line: string): Promise<void> {
  await until(
    () => existsSync(repository.path("saver.log")) && log(repository).includes(line),
    runLimit,
    `the saver to have ${line}`,
  );
}

function log(repository: TemporaryProject): readonly string[] {
  return readFileSync(repository.path("saver.log"), "utf8").trim().split("\n");
}

/** The experiment once it has this many checkpoints. */
function recorded(desk: Desk, count: number): Promise<Experiment> {
  return until(
    async () => {
      await desk.experiments.refresh();
      const [experiment] = desk.experiments.experiments;
      return experiment !== undefined && experiment.checkpoints.length >= count ? experiment : null;
    },
    runLimit,
    `${count} checkpoints`,
  );
}

async function start(t: TestContext, files: Files, held: readonly string[] = []) {
  const repository = await committedProject(t, files);
  await repository.write(Object.fromEntries(held.map((name) => [name, ""])));
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  return { repository, desk, run };
}

async function release(repository: TemporaryProject, name: string): Promise<void> {
  await rm(repository.path(name));
}

/** Paths below `output` that a checkpoint has. */
async function outputsOf(t: TestContext, desk: Desk, checkpoint: Checkpoint): Promise<readonly string[]> {
  const { services } = desk;
  const folder = `${services.project.root}-${randomUUID()}`;
  cleanUp(t, () => rm(folder, { recursive: true, force: true }));
  const exported = await exportCheckpoint(services.project, checkpoint, folder, services.hasher);
  assert.ok(exported.ok);
  const names = await readdir(join(folder, "output"), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    assert.notEqual(await wholeness(join(parentPath, name)), "cut", `${name} of ${checkpoint.name} is whole`);
  }
  const top = files.map(({ parentPath, name }) =>
    join(parentPath, name).slice(join(folder, "output").length + 1),
  );
  return top.toSorted();
}

const whole = [
  "config.json",
  "model.safetensors",
  "optimizer.pt",
  "rng_state.pth",
  "scheduler.pt",
  "trainer_state.json",
];

function folder(step: number): readonly string[] {
  return whole.map((name) => `checkpoint-${step}/${name}`);
}

test("a Hugging Face folder is taken when it is complete, and what is begun after it is left out", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("hugging-face", 2, folders), [
    "hold-1-state",
    "hold-2-model",
  ]);
  await logged(repository, "held 1 state");
  await new Promise((done) => setTimeout(done, 1_000));
  assert.equal(
    desk.controller.runs.find(({ id }) => id === run.id)?.progress.checkpoints,
    0,
    "not without its last file",
  );
  await release(repository, "hold-1-state");
  const [first] = (await recorded(desk, 1)).checkpoints;
  assert.ok(first);
  assert.deepEqual([first.kind, first.step, first.total, first.name], ["watch", 1, 2, "checkpoint-1"]);
  assert.deepEqual(first.metrics, { signal: { loss: 1, eval_accuracy: 0, eval_loss: "NaN" } });
  assert.equal(first.warning, null);
  await logged(repository, "held 2 model");
  assert.deepEqual(await outputsOf(t, desk, first), folder(1));
  // By hand, while the second is half there.
  assert.ok((await desk.controller.recordNow(run.id)).ok);
  const [, manual] = (await recorded(desk, 2)).checkpoints;
  assert.ok(manual);
  assert.deepEqual(await outputsOf(t, desk, manual), folder(1));

  await release(repository, "hold-2-model");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ kind, step }) => [kind, step]),
    [
      ["watch", 1],
      ["manual", 1],
      ["watch", 2],
    ],
    "the last one is taken when the code has ended, and the end itself adds nothing",
  );
});

test("a folder that is renamed into place is taken under its final name", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("hugging-face-staged", 1, folders), [
    "hold-1-model",
    "hold-1-after",
  ]);
  await logged(repository, "held 1 model");
  assert.ok(existsSync(repository.path("output/tmp-checkpoint-1")));
  assert.ok((await desk.controller.recordNow(run.id)).ok);
  const [manual] = (await recorded(desk, 1)).checkpoints;
  assert.deepEqual(
    manual?.outs.map(({ fileCount }) => fileCount),
    [0],
    "nothing of a temporary name",
  );
  await release(repository, "hold-1-model");
  const [, taken] = (await recorded(desk, 2)).checkpoints;
  assert.ok(taken);
  assert.deepEqual([taken.kind, taken.step, taken.name], ["watch", 1, "checkpoint-1"]);
  assert.deepEqual(await outputsOf(t, desk, taken), ["checkpoint-1/model.safetensors"]);
  await release(repository, "hold-1-after");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
});

test("Lightning's best and last files make one checkpoint, with what the name says", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("lightning", 2, lightningFiles), [
    "hold-1-last",
    "hold-1-after",
    "hold-2-after",
  ]);
  await logged(repository, "held 1 last");
  // Longer than it takes to settle.
  await new Promise((done) => setTimeout(done, 2_700));
  assert.equal((await recordedNow(desk)).length, 0, "the other file is still being written");
  await release(repository, "hold-1-last");
  const [first] = (await recorded(desk, 1)).checkpoints;
  assert.ok(first);
  assert.deepEqual([first.step, first.name], [100, "epoch=0-step=100-val_loss=1.00.ckpt"]);
  assert.deepEqual(first.metrics, { signal: { val_loss: 1 } });
  assert.deepEqual(await outputsOf(t, desk, first), ["epoch=0-step=100-val_loss=1.00.ckpt", "last.ckpt"]);
  await release(repository, "hold-1-after");
  const [, second] = (await recorded(desk, 2)).checkpoints;
  assert.ok(second);
  assert.deepEqual(await outputsOf(t, desk, second), ["epoch=1-step=200-val_loss=0.50.ckpt", "last.ckpt"]);
  await release(repository, "hold-2-after");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  assert.equal((await experimentNamed(desk, "amber-heron")).checkpoints.length, 2);
});

test("a Keras file that is written slowly is not taken before its end", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("keras", 1, kerasFiles), [
    "hold-1-model",
    "hold-1-after",
  ]);
  await logged(repository, "held 1 model");
  // Much longer than it takes to settle: only the format tells that it is half a file.
  await new Promise((done) => setTimeout(done, 1_500));
  assert.equal((await recordedNow(desk)).length, 0);
  await release(repository, "hold-1-model");
  const [first] = (await recorded(desk, 1)).checkpoints;
  assert.deepEqual([first?.step, first?.name], [1, "weights.01-1.00.keras"]);
  await release(repository, "hold-1-after");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
});

test("fast saves with rotation leave whole folders only, and the code resumes from its last", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("hugging-face", 30, folders), [
    "hold-30-config",
  ]);
  await logged(repository, "held 30 config");
  await recorded(desk, 1);
  assert.ok((await desk.controller.stop(run.id, "now")).ok);
  await ended(desk, run.id);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.ok(checkpoints.length > 0);
  for (const checkpoint of checkpoints) {
    const files = await outputsOf(t, desk, checkpoint);
    const steps = new Set(files.map((file) => Number(/checkpoint-(\d+)/.exec(file)?.[1])));
    assert.deepEqual(files, [...steps].flatMap(folder).toSorted(), `all of ${[...steps]}`);
    assert.ok(checkpoint.step !== null && steps.has(checkpoint.step));
  }
  const last = checkpoints.at(-1);
  assert.ok(last);
  assert.ok(
    !(await outputsOf(t, desk, last)).some((file) => file.startsWith("checkpoint-30/")),
    "half of a folder",
  );
  await release(repository, "hold-30-config");
  const over = await finishRun(desk, { verb: "resume", checkpoint: last });
  assert.equal(over.state, "succeeded");
  assert.ok(log(repository).includes(`started from ${last.step}`));
});

test("what a killed training has completed is taken, and half of a folder is not", async (t) => {
  const { desk, run, repository } = await start(t, savingFiles("hugging-face", 3, folders), ["kill-2-model"]);
  const over = await ended(desk, run.id);
  assert.equal(over.state, "failed");
  assert.ok(log(repository).includes("killed 2 model"));
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ kind, step }) => [kind, step]),
    [["watch", 1]],
  );
  const [first] = checkpoints;
  assert.ok(first);
  assert.deepEqual(await outputsOf(t, desk, first), folder(1));
  assert.equal((await finishRun(desk, { verb: "resume", checkpoint: first })).state, "succeeded");
  assert.deepEqual(log(repository).slice(-3), ["started from 1", "saved 2", "saved 3"]);
});

test("what becomes complete while nobody listens is taken by whoever listens next, once", async (t) => {
  const repository = await committedProject(t, savingFiles("hugging-face", 3, folders));
  await repository.write({ "hold-1-after": "", "hold-2-after": "", "hold-3-after": "" });
  const host = await startHost(t, repository);
  const desk = await testDesk(t, repository);
  await recorded(desk, 1);
  host.kill("SIGKILL");
  await until(() => host.signalCode !== null, runLimit, "the host to die");
  await release(repository, "hold-1-after");
  await logged(repository, "saved 2");

  const [run] = await desk.controller.adopt();
  assert.ok(run);
  await recorded(desk, 2);
  await release(repository, "hold-2-after");
  await recorded(desk, 3);
  await release(repository, "hold-3-after");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ kind, step }) => [kind, step]),
    [
      ["watch", 1],
      ["watch", 2],
      ["watch", 3],
    ],
  );
});

test("a training that ends while nobody listens has its last folder taken", async (t) => {
  const repository = await committedProject(t, savingFiles("hugging-face", 2, folders));
  await repository.write({ "hold-1-after": "", "kill-2-after": "" });
  const host = await startHost(t, repository);
  const desk = await testDesk(t, repository);
  await recorded(desk, 1);
  host.kill("SIGKILL");
  await until(() => host.signalCode !== null, runLimit, "the host to die");
  await release(repository, "hold-1-after");
  await logged(repository, "killed 2 after");

  const [run] = await desk.controller.adopt();
  assert.ok(run);
  await ended(desk, run.id);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ kind, step }) => [kind, step]),
    [
      ["watch", 1],
      ["watch", 2],
    ],
  );
});

test("stop after the next checkpoint holds for one that the code did not ask for", async (t) => {
  const { repository, desk, run } = await start(t, savingFiles("hugging-face", 2, folders), [
    "hold-1-config",
    "hold-1-after",
  ]);
  await logged(repository, "held 1 config");
  assert.ok((await desk.controller.stop(run.id, "after-next-checkpoint")).ok);
  await release(repository, "hold-1-config");
  const over = await ended(desk, run.id);
  assert.equal(over.state, "interrupted");
  assert.deepEqual(
    (await experimentNamed(desk, "amber-heron")).checkpoints.map(({ step }) => step),
    [1],
  );
});

test("at intervals, outputs are recorded if they have changed", async (t) => {
  const files = savingFiles("hugging-face", 2, "{interval: 1s}");
  const { repository, desk, run } = await start(t, files, ["hold-1-after", "hold-2-after"]);
  // A slow saver is met in the middle, too: the code does not wait.
  const withFiles = (count: number) =>
    until(
      async () => (await recordedNow(desk)).find(({ outs }) => outs[0]?.fileCount === count),
      runLimit,
      `a checkpoint with ${count} files`,
    );
  await logged(repository, "saved 1");
  const first = await withFiles(whole.length);
  assert.equal(first.kind, "interval");
  assert.deepEqual(await outputsOf(t, desk, first), folder(1));
  // Some intervals in which nothing happens.
  const before = (await recordedNow(desk)).length;
  await new Promise((done) => setTimeout(done, 3_500));
  assert.equal((await recordedNow(desk)).length, before);
  await release(repository, "hold-1-after");
  await logged(repository, "saved 2");
  assert.deepEqual(await outputsOf(t, desk, await withFiles(2 * whole.length)), [...folder(1), ...folder(2)]);
  await release(repository, "hold-2-after");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
});

async function recordedNow(desk: Desk): Promise<readonly Checkpoint[]> {
  await desk.experiments.refresh();
  return desk.experiments.experiments[0]?.checkpoints ?? [];
}

async function startHost(t: TestContext, repository: TemporaryProject): Promise<ChildProcess> {
  const host = spawn(process.execPath, [hostScript, repository.root, "start"], { stdio: "ignore" });
  cleanUp(t, async () => void host.kill("SIGKILL"));
  return host;
}
