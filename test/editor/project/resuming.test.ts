import assert from "node:assert/strict";
import { commands, window } from "vscode";
import type { Experiment } from "../../../src/engine/model.ts";
import { until } from "../../support/poll.ts";
import {
  checkpointTarget,
  experiments,
  experimentTarget,
  lensTitles,
  open,
  runToEnd,
  setPreview,
  stageTarget,
  write,
} from "./window.ts";

const limit = 60_000;

/** Steps of the checkpoints that the code asked for. */
function stepsOf({ checkpoints }: Experiment): readonly (number | null)[] {
  return checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step);
}

/** Chooses the first row of a question that is about to open, and starts it. Returns the experiment that ends then. */
function runAfterFirstRow(command: Thenable<unknown>): Promise<Experiment> {
  return runToEnd(async () => {
    let isDone = false;
    const done = command.then(() => {
      isDone = true;
    });
    // Accepting does nothing while no question is open, and answers the one that is.
    await until(
      async () => {
        await commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
        return isDone;
      },
      limit,
      "the question to be answered",
    );
    await done;
  });
}

describe("going on from a checkpoint", function () {
  this.timeout(240_000);
  let first: Experiment;

  before(async () => {
    await setPreview("never");
    await write("params.yaml", "steps: 3\npause: 0\n");
    first = await runToEnd(() => commands.executeCommand("savepoint.runStage", stageTarget("train")));
  });

  beforeEach(() => setPreview("whenChanged"));
  after(async () => {
    await setPreview("never");
    await write("params.yaml", "steps: 3\npause: 0\n");
  });

  it("asks once when something changed, and writes nothing before the answer", async () => {
    await write("params.yaml", "steps: 5\npause: 0\n");
    const before = await experiments();
    const command = commands.executeCommand("savepoint.resume", experimentTarget(first));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      (await experiments()).map(({ checkpoints }) => checkpoints.length),
      before.map(({ checkpoints }) => checkpoints.length),
    );
    const resumed = await runAfterFirstRow(command);
    assert.equal(resumed.name, first.name);
    assert.deepEqual(stepsOf(resumed), [1, 2, 3, 4, 5]);
    first = resumed;
  });

  it("is offered by a lens that says what changed since, also when another program wrote it", async () => {
    await write("params.yaml", "steps: 4\npause: 0\n");
    const lines = (await open("dvc.yaml")).getText().split("\n");
    const line = lines.findIndex((one) => one.startsWith("  train:"));
    const title = await until(
      async () => (await lensTitles("dvc.yaml")).get(line)?.find((one) => one.includes("changed")),
      limit,
      "the lens to say what changed",
    );
    assert.equal(title, "Resume from step 5 (params.yaml changed)");
  });

  it("forks an older checkpoint when its first answer is taken, whatever the setting says", async () => {
    await setPreview("never");
    const forked = await runAfterFirstRow(
      commands.executeCommand("savepoint.resume", checkpointTarget(first, 2)),
    );
    assert.notEqual(forked.name, first.name);
    assert.equal(forked.resumedFrom?.sha, first.checkpoints[1]?.sha);
  });

  it("goes on from the diff of what changed without another question", async () => {
    await write("params.yaml", "steps: 6\npause: 0\n");
    await commands.executeCommand("savepoint.showChanges", experimentTarget(first));
    await until(
      () => window.tabGroups.activeTabGroup.activeTab?.label.includes("↔ now"),
      limit,
      "the diff to be in front",
    );
    const forked = await runToEnd(() => commands.executeCommand("savepoint.forkReviewed"));
    assert.notEqual(forked.name, first.name);
    assert.deepEqual(stepsOf(forked), [1, 2, 3, 4, 5, 6]);
    await commands.executeCommand("workbench.action.closeActiveEditor");
    await commands.executeCommand("savepoint.forkReviewed");
    const names = (await experiments()).map(({ name }) => name);
    assert.equal(names[0], forked.name, "no diff is in front, so nothing starts");
  });
});
