import assert from "node:assert/strict";
import { test } from "node:test";
import { answerQuestion } from "../../src/engine/run/answering.ts";
import { openQuestion } from "../../src/engine/run/openQuestion.ts";
import {
  committedProject,
  ended,
  experimentNamed,
  finishRun,
  runLimit,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";
import { clients } from "./interpreters.ts";

for (const { name, command, skip } of clients) {
  test(`${name} client and the engine: a run that waited for an answer goes on with it, and does no step twice`, {
    skip,
    timeout: 10 * runLimit,
  }, async (t) => {
    const words = [...command, "story"].map((word) => `'${word}'`);
    const repository = await committedProject(t, {
      "dvc.yaml": `stages:
  train:
    cmd: ${JSON.stringify(words.join(" "))}
    outs:
      - steps: {checkpoint: true}
      - output: {checkpoint: true}
      - answer
`,
      ".gitignore": "/log\n",
      ".dvcignore": "",
      ".dvc/config": "",
      ".dvc/.gitignore": String(trainingFiles[".dvc/.gitignore"]),
    });
    const desk = await testDesk(t, repository);
    const paused = await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
    assert.equal(paused.state, "interrupted");
    const experiment = await experimentNamed(desk, "amber-heron");
    assert.deepEqual(
      experiment.checkpoints.map((checkpoint) => checkpoint.name ?? checkpoint.question?.question),
      ["prepare", "Go on?"],
    );

    const open = openQuestion(experiment);
    assert.ok(open);
    const services = {
      project: desk.services.project,
      experiments: desk.experiments,
      runs: desk.controller,
      now: Date.now,
    };
    const answered = await answerQuestion(services, open, true);
    assert.ok(answered.ok, JSON.stringify(answered));
    assert.equal((await ended(desk, answered.value.run.id)).state, "succeeded");
    assert.equal(await repository.read("answer"), "true");
    assert.equal(await repository.read("log"), "begun\nended\n");
  });
}
