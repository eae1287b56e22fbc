import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { commands, type TaskExecution, tasks, window } from "vscode";
import type { Experiment } from "../../../src/engine/model.ts";
import { until } from "../../support/poll.ts";
import {
  checkpointTarget,
  experiments,
  experimentTarget,
  root,
  runToEnd,
  savepoint,
  setPreview,
  stageTarget,
  write,
} from "./window.ts";

const limit = 60_000;

describe("running stages", function () {
  this.timeout(240_000);
  let first: Experiment;

  before(async () => {
    // Tests that ran before in this window may have left others.
    await write("params.yaml", "steps: 3\npause: 0\n");
    await setPreview("never");
  });

  it("runs a stage in a terminal of its own and records its checkpoints", async () => {
    const recorded: number[] = [];
    const listener = (await savepoint()).onDidRecordCheckpoint(({ step }) => {
      if (step !== null) recorded.push(step);
    });
    first = await runToEnd(() => commands.executeCommand("savepoint.runStage", stageTarget("train")));
    listener.dispose();
    assert.deepEqual(recorded.slice(0, 3), [1, 2, 3]);
    const signals = first.checkpoints.filter(({ kind }) => kind === "signal");
    assert.deepEqual(
      signals.map(({ step, total }) => [step, total]),
      [
        [1, 3],
        [2, 3],
        [3, 3],
      ],
    );
    assert.equal(first.checkpoints.at(-1)?.annotations.end?.state, "succeeded");
    const names = window.terminals.map(({ name }) => name);
    assert.ok(names.includes(`train · ${first.name}`), `terminals: ${names.join(", ")}`);
  });

  it("continues the same experiment when its last checkpoint is resumed", async () => {
    await write("params.yaml", "steps: 5\npause: 0\n");
    const resumed = await runToEnd(() =>
      commands.executeCommand("savepoint.resume", experimentTarget(first)),
    );
    assert.equal(resumed.name, first.name);
    const steps = resumed.checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step);
    assert.deepEqual(steps, [1, 2, 3, 4, 5]);
  });

  it("forks an older checkpoint into an experiment of its own", async () => {
    const forked = await runToEnd(() =>
      commands.executeCommand("savepoint.fork", checkpointTarget(first, 2)),
    );
    assert.notEqual(forked.name, first.name);
    assert.equal(forked.resumedFrom?.experiment, first.name);
    const steps = forked.checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step);
    assert.deepEqual(steps, [1, 2, 3, 4, 5]);
    assert.equal((await readFile(join(root(), "model.txt"), "utf8")).trim(), "5");
  });

  it("stops a run, which keeps its checkpoints", async () => {
    await write("params.yaml", "steps: 1000\npause: 0.2\n");
    const known = new Set((await experiments()).map(({ name }) => name));
    await commands.executeCommand("savepoint.runStage", stageTarget("train"));
    const running = await until(
      async () => (await experiments()).find(({ name }) => !known.has(name)),
      limit,
      "the first checkpoint",
    );
    await commands.executeCommand("savepoint.stop", experimentTarget(running));
    const stopped = await until(
      async () =>
        (await experiments()).find(
          ({ name, checkpoints }) => name === running.name && checkpoints.at(-1)?.annotations.end,
        ),
      limit,
      "the run to end",
    );
    assert.equal(stopped.checkpoints.at(-1)?.annotations.end?.state, "interrupted");
  });

  it("lists the stages as tasks, and ends such a task with the stage's own exit code", async () => {
    const listed = await tasks.fetchTasks({ type: "savepoint" });
    assert.deepEqual(listed.map(({ name }) => name).sort(), ["fail", "prepare", "train"]);
    const fail = listed.find(({ name }) => name === "fail");
    assert.ok(fail);
    const ended = new Promise<number | undefined>((resolve) => {
      const listener = tasks.onDidEndTaskProcess((event) => {
        if (event.execution.task.name !== "fail") return;
        listener.dispose();
        resolve(event.exitCode);
      });
    });
    await tasks.executeTask(fail);
    assert.equal(await ended, 3);
  });

  it("leaves no task running", async () => {
    const isOurs = ({ task }: TaskExecution) => task.definition.type.startsWith("savepoint");
    await until(() => !tasks.taskExecutions.some(isOurs), limit, "all tasks to end");
  });
});
