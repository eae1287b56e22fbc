import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { finishQueue, queueDesk } from "../support/isolated.ts";
import { committedProject, experimentNamed, trainingFiles } from "../support/runs.ts";

test("queued runs go through in order, with the code and params of when they were queued", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await queueDesk(t, repository);
  const set = (value: string) => [{ file: "params.json", key: "rate", value }];
  const added = await desk.queue.add(
    ["2.0", "3.0"].map(
      (rate) => ({ verb: "run", stages: ["train"], set: set(rate), name: `rate-${rate[0]}` }) as const,
    ),
  );
  assert.ok(added.ok);
  assert.deepEqual(
    added.value.map(({ name, state, set: changes }) => [name, state, changes[0]?.value]),
    [
      ["rate-2", "waiting", "2.0"],
      ["rate-3", "waiting", "3.0"],
    ],
  );
  // What is done to the workspace afterwards is no business of theirs.
  await repository.write({ "params.json": '{"epochs": 9, "rate": 9}\n' });
  await rm(repository.path("train.py"));
  await desk.queue.move(added.value[1]?.id ?? "", added.value[0]?.id ?? null);
  assert.equal(desk.queue.isPaused, true);
  await finishQueue(desk, 1);
  assert.deepEqual(
    desk.queue.entries.map(({ name, state, problem }) => [name, state, problem]),
    [
      ["rate-3", "succeeded", null],
      ["rate-2", "succeeded", null],
    ],
  );
  const [first, second] = [await experimentNamed(desk, "rate-3"), await experimentNamed(desk, "rate-2")];
  assert.ok(first.createdAt < second.createdAt);
  assert.deepEqual(
    first.checkpoints.map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(second.checkpoints.at(-1)?.params["params.json"], { epochs: 5, rate: 2 });
  assert.equal(await repository.git("for-each-ref", "refs/savepoint"), "");
  await desk.queue.clearFinished();
  assert.deepEqual(desk.queue.entries, []);
});
