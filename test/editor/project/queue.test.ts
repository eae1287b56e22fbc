import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { commands } from "vscode";
import type { QueuedTarget } from "../../../src/contract.ts";
import type { QueuedRun } from "../../../src/engine/queue/queuedRun.ts";
import { until } from "../../support/poll.ts";
import { experiments, root, stageTarget, write } from "./window.ts";

const limit = 60_000;

describe("the queue", function () {
  this.timeout(240_000);

  it("keeps the params of the moment, runs in its order, and leaves the workspace alone", async () => {
    const known = new Set((await experiments()).map(({ name }) => name));
    for (const steps of [1, 2, 4]) {
      await write("params.yaml", `steps: ${steps}\npause: 0\n`);
      await commands.executeCommand("savepoint.addToQueue", stageTarget("train"));
    }
    const [first, second, third] = await entries();
    assert.ok(first && second && third);
    assert.deepEqual(await states(), ["waiting", "waiting", "waiting"]);
    await commands.executeCommand("savepoint.queueMoveUp", target(third));
    await commands.executeCommand("savepoint.queueMoveDown", target(first));
    assert.deepEqual(await ids(), [third.id, first.id, second.id]);
    await commands.executeCommand("savepoint.queueCancel", target(second));
    await commands.executeCommand("savepoint.queueStart");
    await until(
      async () => (await states()).join() === "succeeded,succeeded,cancelled",
      limit,
      "the end of the queue",
    );
    const made = (await experiments()).filter(({ name }) => !known.has(name));
    assert.deepEqual(
      Object.fromEntries(made.map(({ name, checkpoints }) => [name, checkpoints.at(-1)?.step])),
      { [first.name]: 1, [third.name]: 4 },
    );
    assert.equal(await readFile(join(root(), "params.yaml"), "utf8"), "steps: 4\npause: 0\n");
    await write("params.yaml", "steps: 3\npause: 0\n");
    await commands.executeCommand("savepoint.queueClear");
    assert.deepEqual(await entries(), []);
  });
});

function target({ id }: QueuedRun): QueuedTarget {
  return { kind: "queued", root: root(), id };
}

/** The queue as it is on disk, which is what counts for every window. */
async function entries(): Promise<readonly QueuedRun[]> {
  const text = await readFile(join(root(), ".dvc/tmp/savepoint/queue/queue.json"), "utf8");
  return JSON.parse(text).entries;
}

async function states(): Promise<readonly string[]> {
  return (await entries()).map(({ state }) => state);
}

async function ids(): Promise<readonly string[]> {
  return (await entries()).map(({ id }) => id);
}
