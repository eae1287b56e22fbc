import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cancelled,
  emptyQueue,
  isAtRest,
  isDrained,
  moved,
  nextToStart,
  type QueueEntry,
  type QueueState,
  viewOf,
} from "../../src/engine/queue/queueState.ts";

function entry(id: string, state: QueueEntry["state"] = "waiting", name = id): QueueEntry {
  return {
    id,
    name,
    verb: "run",
    stages: [],
    set: [],
    from: null,
    state,
    addedAt: 0,
    runId: null,
    problem: null,
    request: { verb: "run", stages: [] },
    captured: null,
    isCancelled: false,
  };
}

function queue(entries: readonly QueueEntry[], rest: Partial<QueueState> = {}): QueueState {
  return { ...emptyQueue, isPaused: false, ...rest, entries };
}

const ids = ({ entries }: QueueState) => entries.map(({ id }) => id).join("");

test("what waits is started in order, as many at a time as there are jobs, unless the queue is paused", () => {
  const state = queue([entry("a", "succeeded"), entry("b", "running"), entry("c"), entry("d")]);
  assert.equal(nextToStart(state), undefined);
  assert.equal(nextToStart({ ...state, jobs: 2 })?.id, "c");
  assert.equal(nextToStart({ ...state, jobs: 2, isPaused: true }), undefined);
});

test("two runs never work on one experiment at a time", () => {
  const state = queue([entry("a", "running", "heron"), entry("b", "waiting", "heron"), entry("c")], {
    jobs: 9,
  });
  assert.equal(nextToStart(state)?.id, "c");
});

test("an entry is moved before another one or to the end; one that does not wait stays", () => {
  const state = queue([entry("a", "running"), entry("b"), entry("c"), entry("d")]);
  assert.equal(ids(moved(state, "d", "b")), "adbc");
  assert.equal(ids(moved(state, "b", null)), "acdb");
  assert.equal(ids(moved(state, "b", "gone")), "acdb");
  for (const same of [moved(state, "a", null), moved(state, "b", "b"), moved(state, "gone", "b")]) {
    assert.equal(same, state);
  }
});

test("cancelling takes a waiting entry back, and marks a running one", () => {
  const state = queue([entry("a", "running"), entry("b"), entry("c", "failed")]);
  assert.deepEqual(
    ["a", "b", "c"]
      .map((id) => cancelled(state, id).entries.find((one) => one.id === id))
      .map((one) => [one?.state, one?.isCancelled]),
    [
      ["running", true],
      ["cancelled", false],
      ["failed", false],
    ],
  );
});

test("at rest is a paused queue without a running entry; drained is one without anything to do", () => {
  assert.equal(isAtRest(emptyQueue), true);
  assert.equal(isAtRest(queue([entry("a")])), false);
  assert.equal(isAtRest(queue([entry("a", "running")], { isPaused: true })), false);
  assert.equal(isDrained(queue([entry("a", "failed"), entry("b", "cancelled")])), true);
  assert.equal(isDrained(queue([entry("a")])), false);
});

test("views see nothing of what only the queue needs", () => {
  assert.deepEqual(Object.keys(viewOf(entry("a"))).toSorted(), [
    "addedAt",
    "from",
    "id",
    "name",
    "problem",
    "runId",
    "set",
    "stages",
    "state",
    "verb",
  ]);
});
