import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { AnswerValue, Checkpoint } from "../../src/engine/model.ts";
import { answerQuestion } from "../../src/engine/run/answering.ts";
import { openQuestion } from "../../src/engine/run/openQuestion.ts";
import { askingFiles } from "../support/asking.ts";
import { until } from "../support/poll.ts";
import {
  cleanUp,
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
import type { TemporaryProject } from "../support/temporaryProject.ts";

const hostScript = resolve(import.meta.dirname, "../support/runHost.ts");

function answer(desk: Desk, checkpoint: Checkpoint, value: AnswerValue) {
  const { services, experiments, controller } = desk;
  return answerQuestion(
    { project: services.project, experiments, runs: controller, now: Date.now },
    checkpoint,
    value,
  );
}

/** The checkpoint whose question waits. */
function asked(desk: Desk): Promise<Checkpoint> {
  return until(
    async () => {
      await desk.experiments.refresh();
      return desk.experiments.experiments.map(openQuestion).find((open) => open !== null);
    },
    runLimit,
    "the question",
  );
}

async function model(repository: TemporaryProject): Promise<object> {
  return JSON.parse(await repository.read("model.json"));
}

async function start(t: TestContext, question?: object) {
  const files = question ? { ...askingFiles, "question.json": JSON.stringify(question) } : askingFiles;
  const repository = await committedProject(t, files);
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  return { repository, desk, run };
}

/** A run whose code did not wait for the answer and left. */
async function pausedRun(t: TestContext) {
  const started = await start(t);
  await asked(started.desk);
  await started.repository.write({ impatient: "75", asked: "" });
  const over = await ended(started.desk, started.run.id);
  await Promise.all([rm(started.repository.path("impatient")), rm(started.repository.path("asked"))]);
  return { ...started, over };
}

test("code that waits goes on with the answer, which is noted at the checkpoint", async (t) => {
  const { repository, desk, run } = await start(t);
  const checkpoint = await asked(desk);
  assert.equal(checkpoint.question?.question, "Go on?");
  assert.equal(checkpoint.step, 1);
  assert.deepEqual(await model(repository), { epochs: 1 });

  const answered = await answer(desk, checkpoint, true);
  assert.ok(answered.ok);
  assert.deepEqual([answered.value.run.id, answered.value.isResumed], [run.id, false]);
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.equal(checkpoints[0]?.annotations.answer?.value, true);
  assert.equal(checkpoints[0]?.annotations.answer?.by, "Ada Tester");
});

for (const [question, value] of [
  [{ question: "Which?", choices: ["sgd", "adam"] }, "adam"],
  [{ question: "Which?", choices: ["sgd", "adam"], multiple: true }, ["sgd", "adam"]],
  [{ question: "Why?", kind: "text" }, "line one\nline “two”"],
  [{ question: "Stop?" }, false],
] as const) {
  test(`the answer ${JSON.stringify(value)} arrives`, async (t) => {
    const { repository, desk, run } = await start(t, question);
    assert.ok((await answer(desk, await asked(desk), value)).ok);
    assert.equal((await ended(desk, run.id)).state, "succeeded");
    assert.deepEqual(await model(repository), { epochs: 2, answer: value });
  });
}

test("an answer that does not fit is refused, and the question stays open", async (t) => {
  const { desk } = await start(t);
  const checkpoint = await asked(desk);
  const refused = await answer(desk, checkpoint, "perhaps");
  assert.ok(!refused.ok);
  assert.equal(refused.problem.reason, "invalid-answer");
  assert.equal((await asked(desk)).sha, checkpoint.sha);
});

test("of two windows that answer, one wins and the other is told so", async (t) => {
  const { repository, desk, run } = await start(t);
  const other = await testDesk(t, repository);
  const checkpoint = await asked(desk);
  const answers = await Promise.all([answer(desk, checkpoint, true), answer(other, checkpoint, false)]);
  const [lost] = answers.filter(({ ok }) => !ok);
  assert.equal(answers.filter(({ ok }) => ok).length, 1);
  assert.ok(lost && !lost.ok);
  assert.equal(lost.problem.reason, "already-answered");
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: answers[0]?.ok });
});

test("the answer of another window reaches the code that this one listens to", async (t) => {
  const { repository, desk, run } = await start(t);
  const other = await testDesk(t, repository);
  const answered = await answer(other, await asked(other), true);
  assert.ok(answered.ok);
  assert.equal(answered.value.isResumed, false);
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
});

test("code that does not wait leaves the run interrupted; the answer resumes it", async (t) => {
  const { repository, desk, over } = await pausedRun(t);
  assert.equal(over.state, "interrupted");
  assert.equal(over.stages[0]?.reason, "waits for an answer");
  await repository.write({ "model.json": '{"epochs": 99}' });

  const answered = await answer(desk, await asked(desk), true);
  assert.ok(answered.ok);
  assert.equal(answered.value.isResumed, true);
  assert.equal(answered.value.run.experiment, "amber-heron");
  assert.equal((await ended(desk, answered.value.run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
});

test("code that goes on without an answer closes the question", async (t) => {
  const { repository, desk, run } = await start(t);
  const checkpoint = await asked(desk);
  await repository.write({ impatient: "go on", asked: "" });
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: null });
  const refused = await answer(desk, checkpoint, true);
  assert.ok(!refused.ok);
  assert.equal(refused.problem.reason, "superseded");
});

test("a question that nobody answered does not make a retry", async (t) => {
  const repository = await committedProject(t, askingFiles);
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [], retries: 3 });
  await asked(desk);
  await repository.write({ impatient: "1", asked: "" });
  assert.equal((await ended(desk, run.id)).state, "interrupted");
  assert.equal((await asked(desk)).sequence, 1);
});

test("a listener that dies leaves the question to the next, which records it once", async (t) => {
  const repository = await committedProject(t, askingFiles);
  const host = spawn(process.execPath, [hostScript, repository.root, "start"], { stdio: "ignore" });
  cleanUp(t, async () => void host.kill("SIGKILL"));
  const first = await testDesk(t, repository);
  const checkpoint = await asked(first);
  host.kill("SIGKILL");
  await until(() => host.signalCode !== null, runLimit, "the host to die");

  const answered = await answer(first, checkpoint, true);
  assert.ok(answered.ok);
  assert.equal(answered.value.isResumed, false);
  assert.equal((await ended(first, answered.value.run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
  const { checkpoints } = await experimentNamed(first, "amber-heron");
  assert.equal(checkpoints.filter(({ question }) => question !== null).length, 1);
});

test("a machine that goes down leaves the question open; the answer resumes the run", async (t) => {
  const { repository, desk, run } = await start(t);
  const checkpoint = await asked(desk);
  await killRun(run.id);
  await ended(desk, run.id);
  const answered = await answer(desk, checkpoint, true);
  assert.ok(answered.ok);
  assert.equal(answered.value.isResumed, true);
  assert.equal((await ended(desk, answered.value.run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
});

test("another machine that has fetched the refs answers days later", async (t) => {
  const { repository } = await pausedRun(t);
  const folder = `${repository.root}-clone`;
  const git = (args: readonly string[]) => promisify(execFile)("git", args);
  await git(["clone", "--quiet", repository.root, folder]);
  cleanUp(t, () => rm(folder, { recursive: true, force: true }));
  const refs = ["refs/exps/*:refs/exps/*", "refs/notes/savepoint:refs/notes/savepoint"];
  await git(["-C", folder, "fetch", "--quiet", "origin", ...refs]);
  assert.ok(!existsSync(`${folder}/model.json`));

  const desk = await testDesk(t, { ...repository, root: folder } as TemporaryProject);
  const checkpoint = await asked(desk);
  assert.equal(checkpoint.question?.question, "Go on?");
  const answered = await answer(desk, checkpoint, true);
  assert.ok(answered.ok, answered.ok ? "" : answered.problem.message);
  const over = await ended(desk, answered.value.run.id);
  assert.equal(over.state, "succeeded");
  assert.equal(over.experiment, "amber-heron");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  assert.deepEqual(
    checkpoints.map(({ kind }) => kind),
    ["signal", "stage-end"],
  );
  const recorded = await desk.experiments.fileAt(checkpoints[1]?.sha ?? "", "model.json");
  assert.deepEqual(JSON.parse(recorded?.toString() ?? ""), { epochs: 2, answer: true });
});

test("a plain resume of an answered question gives the answer as well", async (t) => {
  const { repository, desk } = await pausedRun(t);
  const checkpoint = await asked(desk);
  // Somebody else runs something, so that the answer can't be followed now.
  const busy = await startRun(desk, { verb: "run", stages: [], name: "calm-otter", force: true });
  await until(
    async () => (await experimentOrNull(desk, "calm-otter")) !== null,
    runLimit,
    "the other question",
  );
  const answered = await answer(desk, checkpoint, true);
  assert.ok(!answered.ok);
  assert.equal(answered.problem.reason, "not-resumed");
  await desk.controller.stop(busy.id, "now");
  await ended(desk, busy.id);
  const last = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1);
  assert.ok(last);
  const over = await finishRun(desk, { verb: "resume", checkpoint: last });
  assert.equal(over.state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
});

test("the Python client ends when nobody answers, and has the answer when it is run again", async (t) => {
  const client = await readFile(resolve(import.meta.dirname, "../../clients/python/savepoint.py"));
  const code = `import json, savepoint
json.dump({"epochs": 1}, open("model.json", "w"))
answer = savepoint.ask("Which?", ["sgd", "adam"], exit_after=0.5, step=1)
json.dump({"epochs": 2, "answer": answer}, open("model.json", "w"))
`;
  const repository = await committedProject(t, { ...askingFiles, "savepoint.py": client, "train.py": code });
  const desk = await testDesk(t, repository);
  const over = await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  assert.equal(over.stages[0]?.reason, "waits for an answer");
  const answered = await answer(desk, await asked(desk), "adam");
  assert.ok(answered.ok);
  assert.equal((await ended(desk, answered.value.run.id)).state, "succeeded");
  assert.deepEqual(await model(repository), { epochs: 2, answer: "adam" });
});

async function experimentOrNull(desk: Desk, name: string) {
  await desk.experiments.refresh();
  return desk.experiments.experiments.find((experiment) => experiment.name === name) ?? null;
}
