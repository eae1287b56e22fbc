import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkpointRows, groupByBaseline } from "../../src/editor/labels/experimentRows.ts";
import type { Experiment } from "../../src/engine/model.ts";
import { checkpoint } from "../support/checkpoint.ts";

const shape = (count: number, recent: number, notable: readonly number[]) =>
  checkpointRows(
    Array.from({ length: count }, (_, index) => checkpoint(index + 1)),
    recent,
    ({ sequence }) => notable.includes(sequence),
  ).map((row) => (row.kind === "checkpoint" ? row.checkpoint.sequence : `+${row.count}`));

describe("rows of an experiment", () => {
  it("shows a short line whole, newest first", () => assert.deepEqual(shape(3, 5, []), [3, 2, 1]));
  it("folds the middle, and keeps the first", () =>
    assert.deepEqual(shape(12, 3, []), [12, 11, 10, "+8", 1]));
  it("keeps what is notable between folds", () =>
    assert.deepEqual(shape(12, 2, [6]), [12, 11, "+4", 6, "+4", 1]));
  it("folds no single checkpoint", () => assert.deepEqual(shape(4, 2, []), [4, 3, 2, 1]));
  it("has no rows without checkpoints", () => assert.deepEqual(shape(0, 3, []), []));
  it("shows all when nothing is to be folded", () =>
    assert.equal(shape(500, Number.POSITIVE_INFINITY, []).length, 500));
});

describe("groups by baseline", () => {
  const experiment = (name: string, baseline: string): Experiment => ({
    name,
    ref: `refs/exps/${baseline}/${name}`,
    baseline,
    createdAt: 0,
    resumedFrom: null,
    checkpoints: [checkpoint(1)],
  });
  it("keeps the order of the index", () => {
    const all = [experiment("c", "2"), experiment("b", "1"), experiment("a", "2")];
    const groups = groupByBaseline(all, (baseline) => baseline);
    assert.deepEqual(
      groups.map((group) => [group.baseline, group.experiments.map(({ name }) => name)]),
      [
        ["2", ["c", "a"]],
        ["1", ["b"]],
      ],
    );
  });
});
