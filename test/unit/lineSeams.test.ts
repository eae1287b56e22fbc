import assert from "node:assert/strict";
import { test } from "node:test";
import { jumpOf, seamsOf, seamText } from "../../src/engine/compare/lineSeams.ts";
import type { Checkpoint, Experiment } from "../../src/engine/model.ts";
import { checkpoint } from "../support/checkpoint.ts";

const losses = [2.3, 1.62, 1.19, 0.93, 0.78, 0.69, 0.63, 0.59, 0.56, 0.54];
const metrics = (loss: number | string, more = {}) => ({ "metrics.json": { loss, ...more } });

/** Checkpoints of one run, from a sequence on. */
function recorded(values: readonly number[], changes: Partial<Checkpoint> = {}, from = 1): Checkpoint[] {
  return values.map((loss, index) =>
    checkpoint(from + index, {
      metrics: metrics(loss),
      ...changes,
      sha: `${changes.run ?? "r1"}${from + index}`.padEnd(40, "0"),
    }),
  );
}

function experiment(name: string, checkpoints: readonly Checkpoint[]): Experiment {
  const own = checkpoints.map((one) => ({ ...one, experiment: name }));
  const baseline = "b".repeat(40);
  return { name, ref: `refs/exps/bb/${name}`, baseline, createdAt: 0, resumedFrom: null, checkpoints: own };
}

/** A line that goes on from one of its checkpoints, by another run. */
function continued(name: string, line: readonly Checkpoint[], values: readonly number[]): Experiment {
  const last = line.at(-1);
  assert.ok(last);
  const resumedFrom = { experiment: "amber-heron", sequence: last.sequence, sha: last.sha };
  return experiment(name, [...line, ...recorded(values, { run: "r2", resumedFrom }, last.sequence + 1)]);
}

const parent = recorded(losses);
const told = (one: Experiment, all: readonly Experiment[] = [one]) =>
  seamsOf(one, all).map((seam) => `${seam.checkpoint.sequence}: ${seamText(seam.metrics[0])}`);

test("a fresh run has no seam", () => {
  assert.deepEqual(seamsOf(experiment("amber-heron", parent), []), []);
});

test("a resume is told with its first checkpoint, and each resume of a line once", () => {
  assert.deepEqual(told(continued("amber-heron", parent, [0.525, 0.515])), ["11: continuous"]);
  const jumped = continued("amber-heron", parent, [0.73, 0.6]);
  assert.deepEqual(told(jumped), ["11: loss jumped by 42 %"]);
  assert.equal(seamsOf(jumped, [jumped]).map(jumpOf)[0]?.key, "loss");
  const last = jumped.checkpoints.at(-1);
  const resumedFrom = { experiment: "amber-heron", sequence: 12, sha: last?.sha ?? "" };
  const again = recorded([0.59], { run: "r3", resumedFrom }, 13);
  assert.deepEqual(told(experiment("amber-heron", [...jumped.checkpoints, ...again])), [
    "11: loss jumped by 42 %",
    "13: continuous",
  ]);
});

test("a fork is held against what its parent did at the same step, under whatever name that is kept", () => {
  const values = [2, 1.9, 1.85, 1.8, 1.78, 0.6, 0.5];
  const line = recorded(values);
  const fork = continued("brisk-wren", line.slice(0, 5), [0.61]);
  assert.deepEqual(told(fork, [fork]), ["6: loss fell by 65 %"]);
  assert.deepEqual(told(fork, [fork, experiment("amber-heron-tail-1", line)]), ["6: continuous"]);
});

test("a jump for the better is told and not marked", () => {
  const better = continued("amber-heron", parent, [0.2]);
  assert.deepEqual(told(better), ["11: loss fell by 61 %"]);
  assert.deepEqual(seamsOf(better, [better]).map(jumpOf), [null]);
});

test("the metric that is off most comes first; durations and metrics without a goal don't count", () => {
  const line = recorded(losses).map((one, index) => ({
    ...one,
    metrics: metrics(losses[index] ?? 0, { accuracy: 0.9 + index / 1000, seconds: index, lr: 0.1 }),
  }));
  const resumed = continued("amber-heron", line, [0.53]);
  const checkpoints = resumed.checkpoints.map((one) =>
    one.run === "r2" ? { ...one, metrics: metrics(0.53, { accuracy: 0.6, seconds: 900, lr: 3 }) } : one,
  );
  const [seam] = seamsOf({ ...resumed, checkpoints }, []);
  assert.deepEqual(
    seam?.metrics.map((one) => `${one.key}: ${seamText(one)}`),
    ["accuracy: accuracy fell by 34 %", "loss: continuous"],
  );
});

test("other stages, missing metrics and short lines tell nothing", () => {
  const other = continued("amber-heron", parent, [9]);
  const last = other.checkpoints.at(-1);
  assert.ok(last);
  const replaced = (changes: Partial<Checkpoint>) =>
    told({ ...other, checkpoints: [...parent, { ...last, ...changes }] });
  assert.deepEqual(replaced({ stage: "evaluate" }), []);
  assert.deepEqual(replaced({ metrics: {} }), []);
  assert.deepEqual(told(continued("amber-heron", parent.slice(0, 2), [9])), []);
});

test("without steps the places in the line count", () => {
  const line = recorded(losses, { step: null });
  const resumed = continued("amber-heron", line, [0.8]);
  const checkpoints = resumed.checkpoints.map((one) => ({ ...one, step: null }));
  assert.deepEqual(told({ ...resumed, checkpoints }), ["11: loss jumped by 55 %"]);
});

test("words for values that no percentage fits", () => {
  const broken = continued("amber-heron", parent, [Number.NaN]);
  assert.deepEqual(told(broken), ["11: loss became NaN"]);
  assert.deepEqual(told(continued("amber-heron", parent, [80])), ["11: loss jumped from 0.515 to 80"]);
});
