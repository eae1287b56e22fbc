import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { commands, tasks } from "vscode";
import type { Experiment } from "../../../src/engine/model.ts";
import { openQuestion } from "../../../src/engine/run/openQuestion.ts";
import { until } from "../../support/poll.ts";
import { experiments, experimentTarget, lensTitles, root, stageTarget, write } from "../project/window.ts";

const limit = 60_000;

async function model(): Promise<unknown> {
  return JSON.parse(await readFile(join(root(), "model.json"), "utf8").catch(() => "null"));
}

/** Runs the stage until it asks what is given. */
async function ask(question: object): Promise<Experiment> {
  await rm(join(root(), "model.json"), { force: true });
  await write("question.json", JSON.stringify(question));
  await commands.executeCommand("savepoint.runStage", stageTarget("train"));
  return until(
    async () => (await experiments()).find((experiment) => openQuestion(experiment) !== null),
    limit,
    "the question",
  );
}

/** Runs the command and accepts what its list or box offers first. */
async function acceptFirst(experiment: Experiment): Promise<void> {
  const answering = commands.executeCommand("savepoint.answer", experimentTarget(experiment));
  let isDone = false;
  Promise.resolve(answering).finally(() => {
    isDone = true;
  });
  await until(
    async () => {
      await commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return isDone;
    },
    limit,
    "the answer to be taken",
  );
}

async function ended({ name }: Experiment): Promise<Experiment> {
  return until(
    async () =>
      (await experiments()).find(
        (one) => one.name === name && one.checkpoints.at(-1)?.annotations.end?.state === "succeeded",
      ),
    limit,
    "the run to succeed",
  );
}

describe("a question", function () {
  this.timeout(240_000);

  before(async () => {
    await until(async () => (await lensTitles("dvc.yaml")).size > 0, limit, "the stages to be read");
  });

  it("is answered while its code waits, which goes on", async () => {
    const asking = await ask({ question: "Which?", choices: ["sgd", "adam"] });
    await acceptFirst(asking);
    const over = await ended(asking);
    assert.deepEqual(await model(), { epochs: 2, answer: "sgd" });
    assert.equal(over.checkpoints[0]?.annotations.answer?.value, "sgd");
    assert.equal(openQuestion(over), null);
  });

  it("is answered after its code has gone, which resumes the run", async () => {
    const asking = await ask({ question: "Why?", kind: "text" });
    await write("impatient", "75");
    await write("asked", "");
    await until(() => tasks.taskExecutions.length === 0, limit, "the code to have gone");
    await Promise.all([rm(join(root(), "impatient")), rm(join(root(), "asked"))]);
    await acceptFirst(asking);
    const over = await ended(asking);
    assert.equal(over.name, asking.name);
    assert.deepEqual(await model(), { epochs: 2, answer: "" });
  });
});
