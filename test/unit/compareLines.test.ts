import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateRemaining } from "../../src/engine/compare/estimate.ts";
import { inheritedCount, ownCheckpoints } from "../../src/engine/compare/lineage.ts";
import type { Origin } from "../../src/engine/model.ts";
import { resolveReference } from "../../src/engine/store/references.ts";
import { experiment, measured, shaOf } from "../support/experiments.ts";

const origin = (sequence: number, name = "heron"): Origin => ({
  experiment: name,
  sequence,
  sha: shaOf("heron", sequence),
});
const shared = [1, 2, 3].map((sequence) => measured(sequence, { loss: 1 / sequence }));
const heron = experiment("heron", [...shared, measured(4, { loss: 0.5 })]);
const fork = experiment(
  "otter",
  [...shared.slice(0, 2), { ...measured(3, { loss: "Infinity" }), sha: shaOf("otter", 3) }],
  origin(2),
);

test("a fork's own checkpoints come after those that it inherited", () => {
  assert.equal(inheritedCount(fork), 2);
  assert.deepEqual(
    ownCheckpoints(fork).map(({ sequence }) => sequence),
    [3],
  );
});

test("time left follows the newest paces and is not confused by a pause or a clock that went back", () => {
  const steady = [1, 2, 3, 4].map((step) => ({ step, time: step * 1000 }));
  assert.equal(estimateRemaining(steady, 10, 4000), 6000);
  assert.equal(estimateRemaining(steady, 10, 4600), 5400);
  assert.equal(estimateRemaining(steady, 10, 90_000), 5000);
  assert.equal(estimateRemaining([...steady, { step: 5, time: 100_000 }], 10, 100_000), 5000);
  assert.equal(estimateRemaining([...steady, { step: 5, time: 3000 }], 10, 3000), 5000);
  assert.equal(
    estimateRemaining(
      [
        { step: 100, time: 0 },
        { step: 200, time: 50 },
      ],
      1000,
      50,
    ),
    400,
  );
  assert.equal(estimateRemaining(steady, 4, 4000), 0);
  assert.equal(estimateRemaining(steady, null, 4000), null);
  assert.equal(estimateRemaining(steady.slice(0, 1), 10, 1000), null);
  assert.equal(estimateRemaining([], 10, 1000), null);
});

test("references find what people mean", () => {
  const named = experiment("amber", [
    { ...measured(1, { loss: 3 }), sha: shaOf("amber", 1), name: "warm-up" },
    { ...measured(2, { loss: 1 }), sha: shaOf("amber", 2) },
    { ...measured(3, { loss: 2 }), sha: shaOf("amber", 3), step: 20 },
  ]);
  const all = [named, fork, heron];
  const found = (text: string) => {
    const result = resolveReference(all, text);
    return result.ok
      ? `${result.value.experiment.name}@${result.value.checkpoint.sequence}`
      : result.problem.reason;
  };
  assert.equal(found("amber"), "amber@3");
  assert.equal(found(" amber@latest "), "amber@3");
  assert.equal(found("amber@2"), "amber@2");
  assert.equal(found("amber@best"), "amber@2");
  assert.equal(found("amber@step:20"), "amber@3");
  assert.equal(found("amber@warm-up"), "amber@1");
  assert.equal(found(named.ref), "amber@3");
  assert.equal(found(`${named.ref}@1`), "amber@1");
  assert.equal(found(shaOf("otter", 3).slice(0, 12)), "otter@3");
  assert.equal(found(shaOf("heron", 1)), "heron@1");
  assert.equal(found(shaOf("heron", 1).slice(0, 8)), "reference-ambiguous");
  assert.equal(found("amber@9"), "reference-no-sequence");
  assert.equal(found("amber@step:7"), "reference-no-step");
  assert.equal(found("amber@soon"), "reference-unknown-selector");
  assert.equal(found(""), "reference-empty");
  assert.equal(found("feedbeef"), "reference-unknown");
  const unknown = resolveReference(all, "ambr@3");
  assert.match(unknown.ok ? "" : unknown.problem.message, /did you mean "amber"\?/);
  const none = resolveReference([], "amber");
  assert.match(none.ok ? "" : none.problem.message, /no experiments yet/);
});
