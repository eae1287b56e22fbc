import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { summarizeMetric } from "../../src/engine/compare/metricSummary.ts";
import { commonMetric, paramHistories } from "../../src/engine/compare/paramHistory.ts";
import type { Checkpoint, Value } from "../../src/engine/model.ts";
import { checkpoint, experiment, measured } from "../support/experiments.ts";

const accuracy = { key: "metrics.json:accuracy", goal: "maximize" } as const;

function tried(sequence: number, lr: Value, value: number | null, createdAt = sequence): Checkpoint {
  return checkpoint({
    sequence,
    createdAt,
    params: { "params.yaml": { train: { lr }, fixed: 1 } },
    metrics: value === null ? {} : { "metrics.json": { accuracy: value } },
  });
}

describe("the history of a parameter", () => {
  const experiments = [
    experiment("heron", [tried(1, 0.1, 0.5), tried(2, 0.1, 0.8), tried(3, 0.01, 0.7)]),
    experiment("otter", [tried(1, 0.01, 0.9), tried(2, 0.01, Number.NaN)]),
    experiment("wren", [tried(1, "auto", null, 99)]),
  ];
  const history = paramHistories(experiments, accuracy).get("params.yaml:train.lr");

  it("lists each value once, the one with the best metric first, those without it last", () => {
    assert.deepEqual(
      history?.values.map(({ value, best, experiments: names }) => [value, best?.value ?? null, names]),
      [
        [0.01, 0.9, ["heron", "otter"]],
        [0.1, 0.8, ["heron"]],
        ["auto", null, ["wren"]],
      ],
    );
    assert.equal(history?.values[0]?.best?.checkpoint.experiment, "otter");
  });

  it("judges a value by the checkpoints that had it, not by the whole experiment", () => {
    const [changed] = [experiment("heron", [tried(1, 0.1, 0.5), tried(2, 0.2, 0.95)])];
    const values = paramHistories(changed ? [changed] : [], accuracy).get("params.yaml:train.lr")?.values;
    assert.deepEqual(
      values?.map(({ value, best }) => [value, best?.value]),
      [
        [0.2, 0.95],
        [0.1, 0.5],
      ],
    );
  });

  it("does not count what a fork shares with its origin a second time", () => {
    const origin = experiment("heron", [tried(1, 0.1, 0.5), tried(2, 0.1, 0.6)]);
    const [first, second] = origin.checkpoints;
    assert.ok(first && second);
    const fork = {
      ...experiment("wren", [], { experiment: "heron", sequence: 2, sha: second.sha }),
      checkpoints: [first, second, { ...tried(3, 0.3, 0.7), experiment: "wren" }],
    };
    const values = paramHistories([origin, fork], accuracy).get("params.yaml:train.lr")?.values;
    assert.deepEqual(
      values?.map(({ value, experiments: names }) => [value, names]),
      [
        [0.3, ["wren"]],
        [0.1, ["heron"]],
      ],
    );
  });

  it("lists values in the order of the experiments when there is no metric", () => {
    const values = paramHistories(experiments, null).get("params.yaml:train.lr")?.values;
    assert.deepEqual(
      values?.map(({ value }) => value),
      [0.1, 0.01, "auto"],
    );
  });

  it("tells values apart that are written alike, and none that are the same", () => {
    const values = [1, "1", "null", null, [1], [1], "[1]", 1];
    const all = values.map((value, index) => experiment(`run-${index}`, [tried(1, value, null)]));
    const found = paramHistories(all, null).get("params.yaml:train.lr")?.values;
    assert.deepEqual(
      found?.map(({ value, experiments: names }) => [value, names.length]),
      [
        [1, 2],
        ["1", 1],
        ["null", 1],
        [null, 1],
        [[1], 2],
        ["[1]", 1],
      ],
    );
  });

  it("judges all by the metric that most experiments have", () => {
    const loss = { key: "loss", goal: "minimize" } as const;
    assert.deepEqual(commonMetric([loss, accuracy, null, accuracy]), accuracy);
    assert.equal(commonMetric([null]), null);
  });
});

describe("the summary of a metric", () => {
  const experiments = [
    experiment("otter", [measured(1, { loss: 0.9 }), measured(5, { loss: 0.2 })]),
    experiment("heron", [measured(2, { loss: 0.7 }), measured(3, {}), measured(9, { loss: 0.4 })]),
  ];

  it("has the last of the newest experiment, and the ends over all", () => {
    const summary = summarizeMetric(experiments, "metrics.json:loss", null);
    assert.deepEqual(
      [summary?.last.value, summary?.best?.value, summary?.min.value, summary?.max.value],
      [0.4, 0.2, 0.2, 0.9],
    );
    assert.deepEqual(summary?.series, [0.7, 0.4]);
    assert.equal(summary?.goal, "minimize");
  });

  it("knows no best where the name does not tell which way is better, unless it is told", () => {
    const strange = [experiment("heron", [measured(1, { flux: 1 }), measured(2, { flux: 3 })])];
    assert.equal(summarizeMetric(strange, "flux", null)?.best, null);
    assert.equal(summarizeMetric(strange, "flux", "maximize")?.best?.value, 3);
  });

  it("leaves out what is no finite number, and is none when nothing is left", () => {
    const broken = [experiment("heron", [measured(1, { loss: "nan" }), measured(2, { loss: "text" })])];
    assert.equal(summarizeMetric(broken, "loss", null), null);
    assert.equal(
      summarizeMetric(experiments, "loss", null, () => false),
      null,
    );
  });
});
