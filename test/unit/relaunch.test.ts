import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings } from "../../src/engine/pipeline/settings.ts";
import type { StageRecord } from "../../src/engine/run/record.ts";
import { nextLaunch, pauseBefore, type RelaunchOptions } from "../../src/engine/run/relaunch.ts";
import type { LaunchRecord } from "../../src/engine/run/run.ts";

const options: RelaunchOptions = {
  retries: 2,
  asksAgain: false,
  stop: null,
  firstPause: 1_000,
  random: () => 0,
};

function entry(iteration: number, launches: readonly [iteration: number, state: "failed" | "succeeded"][]) {
  const records = launches.map(
    ([of, state]): LaunchRecord => ({
      iteration: of,
      startedAt: 0,
      from: null,
      end: { state, reason: "", at: 0 },
    }),
  );
  return { stage: { settings: defaultSettings }, launches: records, iteration } as unknown as StageRecord;
}

const failed = { state: "failed", reason: "exit code 3" } as const;
const succeeded = { state: "succeeded", reason: "done" } as const;

test("a failure is tried again, each time after a longer pause, until the retries are used up", () => {
  assert.deepEqual(nextLaunch(entry(1, [[1, "failed"]]), failed, options), {
    kind: "again",
    reason: "exit code 3; retry 1 of 2",
    pause: 1_000,
    iteration: 1,
  });
  const second = nextLaunch(
    entry(1, [
      [1, "failed"],
      [1, "failed"],
    ]),
    failed,
    options,
  );
  assert.equal(second.kind === "again" && second.pause, 2_000);
  const third = nextLaunch(
    entry(1, [
      [1, "failed"],
      [1, "failed"],
      [1, "failed"],
    ]),
    failed,
    options,
  );
  assert.deepEqual(third, { kind: "over", ...failed });
});

test("retries count anew in each iteration", () => {
  const next = nextLaunch(
    entry(2, [
      [1, "failed"],
      [1, "failed"],
      [1, "succeeded"],
      [2, "failed"],
    ]),
    failed,
    options,
  );
  assert.equal(next.kind === "again" && next.reason, "exit code 3; retry 1 of 2");
});

test("what never started, was stopped or was lost is not tried again", () => {
  assert.equal(nextLaunch(entry(1, []), failed, options).kind, "over");
  for (const state of ["interrupted", "lost"] as const) {
    assert.deepEqual(nextLaunch(entry(1, []), { state, reason: "" }, options), {
      kind: "over",
      state,
      reason: "",
    });
  }
});

test("only a success that asks for it begins another iteration", () => {
  const asking = { ...options, asksAgain: true };
  const next = nextLaunch(entry(1, [[1, "succeeded"]]), succeeded, asking);
  assert.deepEqual(next, { kind: "again", reason: "iteration 2", pause: 0, iteration: 2 });
  assert.deepEqual(nextLaunch(entry(1, [[1, "succeeded"]]), succeeded, options), {
    kind: "over",
    ...succeeded,
  });
  assert.equal(nextLaunch(entry(defaultSettings.iterations, []), succeeded, asking).kind, "over");
});

test("a stop keeps what would follow from being launched, and an iteration that is done is not the stage", () => {
  for (const stop of ["now", "after-next-checkpoint"] as const) {
    const asking = { ...options, asksAgain: true, stop };
    const next = nextLaunch(entry(1, [[1, "succeeded"]]), succeeded, asking);
    assert.deepEqual(next, { kind: "over", state: "interrupted", reason: "stopped" });
    assert.deepEqual(nextLaunch(entry(1, []), succeeded, { ...options, stop }), {
      kind: "over",
      ...succeeded,
    });
  }
  const once = entry(1, [[1, "failed"]]);
  assert.deepEqual(nextLaunch(once, failed, { ...options, stop: "now" }), { kind: "over", ...failed });
  assert.equal(nextLaunch(once, failed, { ...options, stop: "after-next-checkpoint" }).kind, "again");
});

test("a pause has a limit, and a share of it is left to chance", () => {
  const settings = { first: 10_000, limit: 30_000, jitter: 0.5 };
  const pauses = [1, 2, 3, 60].map((retry) =>
    pauseBefore(retry, settings, { firstPause: 1, random: () => 0 }),
  );
  assert.deepEqual(pauses, [10_000, 20_000, 30_000, 30_000]);
  assert.equal(pauseBefore(3, settings, { firstPause: 1, random: () => 0.5 }), 22_500);
  assert.equal(pauseBefore(2, { ...settings, first: null }, { firstPause: 100, random: () => 0 }), 200);
});
