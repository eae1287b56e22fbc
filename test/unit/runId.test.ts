import assert from "node:assert/strict";
import { test } from "node:test";
import { newRunId } from "../../src/engine/run/runId.ts";

const time = Date.UTC(2026, 10, 28, 23, 52, 56, 7);

test("ids of runs sort by time, also within one second, and beside those of earlier versions", () => {
  const ids = [0, 1, 9, 100, 999, 1000].map((later) => newRunId(time + later));
  const earlier = "20261128T235256-ffffffff";
  assert.deepEqual([...ids.toReversed(), earlier].sort(), [earlier, ...ids]);
  assert.match(ids[0] ?? "", /^20261128T235256007-[0-9a-f]{8}$/);
});

test("two runs that begin at the same moment have different ids", () => {
  assert.notEqual(newRunId(time), newRunId(time));
});
