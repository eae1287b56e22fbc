import assert from "node:assert/strict";
import { test } from "node:test";
import { bestCheckpoint, decidingMetric, isBetter } from "../../src/engine/compare/best.ts";
import { experimentStatus } from "../../src/engine/compare/status.ts";
import type { Experiment } from "../../src/engine/model.ts";
import { inferGoal } from "../../src/engine/pipeline/goal.ts";
import type { Run, RunState } from "../../src/engine/run/run.ts";
import { checkpoint, experiment, measured } from "../support/experiments.ts";

test("the goal of a metric is told by the words of its name", () => {
  for (const key of [
    "loss",
    "val_loss",
    "valLoss",
    "train.loss",
    "error_rate",
    "RMSE",
    "word-error-rate",
    "perplexity",
  ]) {
    assert.equal(inferGoal(key), "minimize", key);
  }
  for (const key of ["acc", "val.accuracy", "macroF1", "macro_f1", "test/AUC", "mean_reward", "recall@5"]) {
    assert.equal(inferGoal(key), "maximize", key);
  }
  for (const key of ["epoch", "lossless", "seed", "blossom", "accumulated", ""])
    assert.equal(inferGoal(key), null, key);
});

test("held-out metrics decide before training metrics, accuracy before loss, and a setting before all", () => {
  const points = [measured(1, { train_acc: 0.9, time: 3, loss: 1, val: { loss: 2, acc: 0.5 }, epoch: 1 })];
  assert.deepEqual(decidingMetric(points, null), { key: "metrics.json:val.acc", goal: "maximize" });
  assert.deepEqual(decidingMetric([measured(1, { loss: 1, train_acc: 1 })], null)?.key, "metrics.json:loss");
  assert.deepEqual(decidingMetric([measured(1, { time: 1, seed: 2 })], null)?.key, "metrics.json:time");
  assert.equal(decidingMetric([measured(1, { seed: 2, note: "acc" })], null), null);
  assert.deepEqual(decidingMetric(points, { key: "seed", goal: "minimize" }), {
    key: "seed",
    goal: "minimize",
  });
});

test("the best checkpoint is the earliest of equals; NaN never is; infinity can be", () => {
  const best = (values: readonly (number | string | null)[], key = "loss") =>
    bestCheckpoint(
      experiment(
        "e",
        values.map((value, index) => measured(index + 1, { [key]: value })),
      ),
      null,
    )?.checkpoint.sequence;
  assert.equal(best([3, 1, 1, 2]), 2);
  assert.equal(best([Number.NaN, "NaN", 5]), 3);
  assert.equal(best([1, "Infinity"], "acc"), 2);
  assert.equal(best(["NaN", Number.NaN]), undefined);
  assert.equal(best(["text", null]), undefined);
  const two = experiment("e", [measured(1, { "a.b": 2 }), measured(2, { a: { b: 3 } })]);
  assert.equal(bestCheckpoint(two, { key: "metrics.json:a.b", goal: "maximize" })?.checkpoint.sequence, 2);
  assert.equal(bestCheckpoint(two, { key: "a.b", goal: "minimize" })?.value, 2);
  assert.equal(isBetter(Number.NaN, 1, "minimize"), false);
  assert.equal(isBetter(1, Number.NaN, "minimize"), true);
});

function run(state: RunState, startedAt: number): Run {
  return {
    id: `${startedAt}`,
    verb: "run",
    experiment: "e",
    baseline: "b".repeat(40),
    state,
    stages: [],
    resumedFrom: null,
    startedAt,
    end: null,
    progress: { stage: null, step: null, total: null, checkpoints: 0, pending: 0, remaining: null },
    attention: null,
    skippedCheckpoints: 0,
    place: "workspace",
    directory: "/project",
    readOnly: false,
  };
}

test("an experiment stands as its newest run does, then as was noted; else nothing is known", () => {
  const plain = experiment("e", [checkpoint({ sequence: 1 })]);
  const last = plain.checkpoints[0];
  assert.ok(last);
  const end = { state: "interrupted", code: null, signal: "SIGINT", at: 1 } as const;
  const noted = { ...plain, checkpoints: [{ ...last, annotations: { ...last.annotations, end } }] };
  assert.equal(experimentStatus(plain, []), "recorded");
  assert.equal(experimentStatus(noted, []), "interrupted");
  assert.equal(experimentStatus(noted, [run("running", 2), run("failed", 1)]), "running");
  assert.equal(experimentStatus(noted, [run("succeeded", 2), run("failed", 1)]), "succeeded");
  assert.equal(experimentStatus(noted, [run("queued", 3)]), "interrupted");
  assert.equal(experimentStatus(plain, [{ ...run("running", 1), experiment: "other" }]), "recorded");
  // Another machine has gone on after the last run here, and said how it ended, or nothing.
  const here: Run = { ...run("failed", 1), end: { ...end, state: "failed", at: 2 } };
  const later = (of: Experiment) => ({
    ...of,
    checkpoints: of.checkpoints.map((one) => ({ ...one, run: "elsewhere", createdAt: 3 })),
  });
  assert.equal(experimentStatus(later(noted), [here]), "interrupted");
  assert.equal(experimentStatus(later(plain), [here]), "recorded");
  const foreign = experiment("e", [checkpoint({ sequence: 1, kind: "foreign", run: null })]);
  assert.equal(experimentStatus(foreign, []), "recorded");
});
