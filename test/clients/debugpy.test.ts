import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../src/editor/debug/port.ts";
import { debugpy } from "../../src/editor/debug/processDebuggers.ts";
import { findDebugCommand, withDebugger } from "../../src/engine/run/debugCommand.ts";
import { AttachedDebugger, debugpyLibrary } from "../support/debugpy.ts";
import { until } from "../support/poll.ts";
import {
  cleanUp,
  committedProject,
  ended,
  experimentNamed,
  finishRun,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";

const limit = 60_000;

test("Python waits for its debugger, stops at a breakpoint with the state of the checkpoint, and goes on", async (t) => {
  const library = await debugpyLibrary();
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  const trained = await experimentNamed(desk, "amber-heron");
  const checkpoint = trained.checkpoints.find(({ step, kind }) => step === 3 && kind === "signal");
  assert.ok(checkpoint);

  const command = "python3 train.py";
  const found = findDebugCommand([command]);
  assert.ok(found.ok);
  const place = { port: await freePort(), file: repository.path(".dvc/tmp/debugged.json") };
  const usable = debugpy(library);
  const run = await startRun(desk, {
    verb: "fork",
    checkpoint,
    name: "amber-heron-debug",
    force: true,
    debugged: {
      stage: "train",
      commands: withDebugger([command], found.value, usable.words(place)),
      environment: usable.environment(place),
    },
  });
  await until(() => usable.isWaiting(place), limit, "the process to wait for its debugger");

  const lines = String(trainingFiles["train.py"]).split("\n");
  const line = 1 + lines.findIndex((text) => text.includes('state["epoch"] = epoch'));
  const attached = await AttachedDebugger.attach(place.port, repository.path("train.py"), line);
  cleanUp(t, async () => attached.dispose());
  const { body } = await attached.event("stopped");
  assert.equal(body?.reason, "breakpoint");
  const stack = await attached.request("stackTrace", { threadId: body.threadId });
  const frameId = stack.body?.stackFrames?.[0]?.id;
  const epoch = await attached.request("evaluate", { expression: "epoch", frameId });
  assert.equal(epoch.body?.result, "4");
  await attached.request("setBreakpoints", {
    source: { path: repository.path("train.py") },
    breakpoints: [],
  });
  await attached.request("continue", { threadId: body.threadId });
  assert.equal((await ended(desk, run.id)).state, "succeeded");
  const debugged = await experimentNamed(desk, "amber-heron-debug");
  assert.equal(debugged.checkpoints.findLast(({ kind }) => kind === "signal")?.step, 5);
});
