import assert from "node:assert/strict";
import {
  commands,
  type DebugSession,
  type Disposable,
  debug,
  Location,
  Position,
  SourceBreakpoint,
  Uri,
} from "vscode";
import { until } from "../../support/poll.ts";
import { checkpointTarget, experiments, lensTitles, root, runToEnd, stageTarget } from "../project/window.ts";

const limit = 60_000;

/** Line of `train.mjs` on which `main` begins its work, counted from 0. */
const firstLineOfMain = 6;

interface Stop {
  readonly session: DebugSession;
  readonly threadId: number;
}

/** Notes each stop at a breakpoint. */
function watchStops(): { readonly stops: readonly Stop[] } & Disposable {
  const stops: Stop[] = [];
  const registration = debug.registerDebugAdapterTrackerFactory("*", {
    createDebugAdapterTracker: (session) => ({
      onDidSendMessage: (message) => {
        if (message.type === "event" && message.event === "stopped" && message.body.reason === "breakpoint") {
          stops.push({ session, threadId: message.body.threadId });
        }
      },
    }),
  });
  return { stops, dispose: () => registration.dispose() };
}

/** What an expression is where a thread stands. */
async function evaluate({ session, threadId }: Stop, expression: string): Promise<string> {
  const { stackFrames } = await session.customRequest("stackTrace", { threadId, levels: 1 });
  const { result } = await session.customRequest("evaluate", { expression, frameId: stackFrames[0].id });
  return result;
}

describe("debugging a stage", function () {
  this.timeout(240_000);
  const watched = watchStops();
  const breakpoint = new SourceBreakpoint(
    new Location(Uri.file(`${root()}/train.mjs`), new Position(firstLineOfMain, 0)),
  );

  before(async () => {
    // Lenses in source files come when the stages are read.
    await until(async () => (await lensTitles("train.mjs")).size > 0, limit, "the stages to be read");
    debug.addBreakpoints([breakpoint]);
  });

  after(() => {
    watched.dispose();
    debug.removeBreakpoints([breakpoint]);
  });

  /** The experiment of a name, once its run has ended. */
  const ended = (name: string) =>
    until(
      async () =>
        (await experiments()).find((one) => one.name === name && one.checkpoints.at(-1)?.annotations.end),
      limit,
      `the end of ${name}`,
    );

  it("goes on from a checkpoint with its state restored, stops at a breakpoint, and leaves the experiment alone", async () => {
    const trained = await runToEnd(() => commands.executeCommand("savepoint.runStage", stageTarget("train")));
    assert.equal(watched.stops.length, 0, "a plain run is not debugged");
    const before = watched.stops.length;
    await commands.executeCommand("savepoint.debug", checkpointTarget(trained, 2));
    const stop = await until(() => watched.stops[before], limit, "the breakpoint");
    assert.equal(await evaluate(stop, "begin"), "2");
    assert.equal(await evaluate(stop, "process.env.SAVEPOINT_RESUMED_STEP"), "'2'");
    await stop.session.customRequest("continue", { threadId: stop.threadId });
    const debugged = await ended(`${trained.name}-debug`);
    assert.equal(debugged.checkpoints.at(-1)?.annotations.end?.state, "succeeded");
    assert.ok(debugged.checkpoints.some(({ step, kind }) => step === 3 && kind === "signal"));
    const now = (await experiments()).find(({ name }) => name === trained.name);
    assert.deepEqual(
      now?.checkpoints.map(({ sha }) => sha),
      trained.checkpoints.map(({ sha }) => sha),
    );
    await until(() => debug.activeDebugSession === undefined, limit, "the debugger to end with its run");
  });

  it("starts afresh, and goes on without the debugger when that is disconnected at a breakpoint", async () => {
    const before = watched.stops.length;
    await commands.executeCommand("savepoint.debugStage", stageTarget("train"));
    const stop = await until(() => watched.stops[before], limit, "the breakpoint");
    assert.equal(await evaluate(stop, "begin"), "0");
    await debug.stopDebugging(stop.session);
    const debugged = await ended("train-debug");
    assert.equal(debugged.checkpoints.at(-1)?.annotations.end?.state, "succeeded");
    assert.deepEqual(
      debugged.checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step),
      [1, 2, 3],
    );
  });

  it("is offered where the code can be debugged", async () => {
    const titles = await until(
      async () => {
        const found = [...(await lensTitles("train.mjs")).values()].flat();
        return found.length > 0 ? found : null;
      },
      limit,
      "lenses in train.mjs",
    );
    assert.ok(
      titles.some((title) => title.startsWith("Debug")),
      titles.join(", "),
    );
  });
});
