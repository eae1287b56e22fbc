import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignSlots, cellsOf, checkpointOf, lineOf } from "../../src/editor/comparison/comparisonModel.ts";
import { seamsOf } from "../../src/engine/compare/lineSeams.ts";
import type { Experiment } from "../../src/engine/model.ts";
import { bestReading, chartData, readAt } from "../../src/webview/comparison/chartModel.ts";
import { align, curveOf, keptIndices, nearestIndex, smooth } from "../../src/webview/comparison/series.ts";
import { lineStyle } from "../../src/webview/comparison/style.ts";
import { sampleExperiment, sampleExperiments, sampleRoot } from "../support/comparison/sample.ts";

const loss = { file: "metrics.json", key: "loss" };
const whole = { smoothing: 0, logarithmic: false, range: null };

function experimentNamed(name: string): Experiment {
  const found = sampleExperiments().find((experiment) => experiment.name === name);
  assert.ok(found);
  return found;
}

test("a fork's line has the inherited points first and counts them", () => {
  const line = lineOf(sampleRoot, experimentNamed("brisk-wren"), 2);
  assert.equal(line.inherited, 20);
  assert.equal(line.sequences.length, 31);
  const curve = curveOf(line, loss, "step", true);
  assert.deepEqual([curve.x.length, curve.inherited], [31, 20]);
  const own = curveOf(line, loss, "step", false);
  assert.deepEqual([own.x.length, own.inherited, own.x[0]], [11, 0, 2100]);
});

test("the own part is joined to the point that it branched off from", () => {
  const curve = curveOf(lineOf(sampleRoot, experimentNamed("brisk-wren"), 2), loss, "step", true);
  const { series, x, columns } = chartData([curve], whole);
  assert.deepEqual(
    series.map(({ part, points }) => [part, points]),
    [
      ["inherited", 20],
      ["own", 12],
    ],
  );
  const fork = x.indexOf(2000);
  assert.equal(columns[0]?.[fork], columns[1]?.[fork]);
});

test("training time leaves out the pause between runs and a clock that goes back", () => {
  const experiment = sampleExperiment({ name: "a", length: 4, rate: 0.1 });
  const [first, second, third, fourth] = experiment.checkpoints;
  assert.ok(first && second && third && fourth);
  const day = 86_400_000;
  const paused = {
    ...experiment,
    checkpoints: [
      first,
      { ...second, createdAt: first.createdAt + 5000 },
      { ...third, createdAt: first.createdAt + day, run: "resumed" },
      { ...fourth, createdAt: first.createdAt + day - 1000, run: "resumed" },
    ],
  };
  assert.deepEqual(lineOf(sampleRoot, paused, 0).elapsed, [0, 5000, 5000, 5000]);
});

test("points without a value are left out; a step that was trained again counts once, the later time", () => {
  const line = {
    ...lineOf(sampleRoot, sampleExperiment({ name: "a", length: 4, rate: 0.1 }), 0),
    steps: [10, 20, 10, 30],
    metrics: { m: { v: [1, null, 3, 4] } },
  };
  const curve = curveOf(line, { file: "m", key: "v" }, "step", true);
  assert.deepEqual(
    [curve.x, curve.y, curve.sequences],
    [
      [10, 30],
      [3, 4],
      [3, 4],
    ],
  );
});

test("without any steps the sequence is the axis", () => {
  const line = {
    ...lineOf(sampleRoot, sampleExperiment({ name: "a", length: 3, rate: 0.1 }), 0),
    steps: [null, null, null],
  };
  assert.deepEqual(curveOf(line, loss, "step", true).x, [1, 2, 3]);
});

test("the ends of other stages stand at the step before them, and take no point's place", () => {
  const line = {
    ...lineOf(sampleRoot, sampleExperiment({ name: "a", length: 4, rate: 0.1 }), 0),
    steps: [null, 1, 2, null],
    metrics: { train: { loss: [null, 0.9, 0.8, 0.8] }, evaluation: { recall: [null, null, null, 0.7] } },
  };
  const training = curveOf(line, { file: "train", key: "loss" }, "step", true);
  assert.deepEqual(
    [training.x, training.sequences],
    [
      [1, 2],
      [2, 3],
    ],
  );
  const evaluation = curveOf(line, { file: "evaluation", key: "recall" }, "step", true);
  assert.deepEqual([evaluation.x, evaluation.y], [[2], [0.7]]);
});

test("smoothing starts at the first value, does not move a constant, and stays inside the range", () => {
  assert.deepEqual(
    smooth([5, 5, 5], 0.9).map((value) => Math.round(value * 1e9) / 1e9),
    [5, 5, 5],
  );
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (values, weight) => {
        const smoothed = smooth(values, weight);
        const slack = 1e-6;
        assert.ok(Math.abs((smoothed[0] ?? 0) - (values[0] ?? 0)) < slack);
        assert.ok(smoothed.every((value) => value <= Math.max(...values) + slack));
        assert.ok(smoothed.every((value) => value >= Math.min(...values) - slack));
      },
    ),
  );
});

test("thinning keeps both ends and the extremes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 500 }),
      fc.integer({ min: 2, max: 50 }),
      (values, limit) => {
        const kept = keptIndices(values, limit);
        const drawn = kept.map((index) => values[index] ?? Number.NaN);
        assert.ok(kept.length <= Math.max(limit + 2, values.length <= limit ? values.length : 0));
        assert.deepEqual([kept[0], kept.at(-1)], [0, values.length - 1]);
        assert.equal(Math.max(...drawn), Math.max(...values));
        assert.equal(Math.min(...drawn), Math.min(...values));
      },
    ),
  );
});

test("the nearest point is the nearest", () => {
  assert.equal(nearestIndex([], 3), -1);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), fc.integer(), (values, position) => {
      const x = values.toSorted((left, right) => left - right);
      const found = x[nearestIndex(x, position)] ?? Number.NaN;
      assert.ok(x.every((value) => Math.abs(value - position) >= Math.abs(found - position)));
    }),
  );
});

test("curves are aligned on the union of their points", () => {
  assert.deepEqual(
    align([
      { x: [1, 3], y: [10, 30] },
      { x: [2, 3], y: [20, 33] },
    ]),
    {
      x: [1, 2, 3],
      columns: [
        [10, null, 30],
        [null, 20, 33],
      ],
    },
  );
});

test("the values at a position are sorted best first and say when they are from elsewhere", () => {
  const curves = sampleExperiments().map((experiment, slot) =>
    curveOf(lineOf(sampleRoot, experiment, slot), loss, "step", true),
  );
  const readings = readAt(curves, 2000, "minimize");
  assert.deepEqual(
    readings.map(({ y }) => y),
    readings.map(({ y }) => y).toSorted((left, right) => left - right),
  );
  const finch = readings.find(({ curve }) => curve.line.experiment === "dry-finch");
  assert.deepEqual([finch?.isExact, finch?.x], [false, 700]);
  const best = bestReading(curves, "minimize");
  assert.equal(best?.y, Math.min(...curves.flatMap(({ y }) => y)));
  assert.equal(bestReading(curves, null), null);
});

test("a logarithmic axis leaves out what it cannot show, and says how much", () => {
  const line = {
    ...lineOf(sampleRoot, sampleExperiment({ name: "a", length: 3, rate: 0.1 }), 0),
    metrics: { m: { v: [0, -1, 4] } },
  };
  const { dropped, columns } = chartData([curveOf(line, { file: "m", key: "v" }, "step", true)], {
    ...whole,
    logarithmic: true,
  });
  assert.equal(dropped, 2);
  assert.deepEqual(columns, [[4]]);
});

test("zooming keeps one point on each side, so that lines go on to the edge", () => {
  const curve = curveOf(lineOf(sampleRoot, experimentNamed("amber-heron"), 0), loss, "step", true);
  assert.deepEqual(chartData([curve], { ...whole, range: [450, 610] }).x, [400, 500, 600, 700]);
  assert.deepEqual(chartData([curve], { ...whole, range: [9000, 9100] }).x, [4000]);
});

test("an experiment keeps its colour while others come and go", () => {
  const first = assignSlots(["a", "b", "c"], new Map());
  assert.deepEqual(
    [...first],
    [
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ],
  );
  assert.deepEqual(
    [...assignSlots(["c", "d", "a"], first)],
    [
      ["c", 2],
      ["d", 1],
      ["a", 0],
    ],
  );
});

test("fifty lines look different", () => {
  const looks = Array.from({ length: 50 }, (_, slot) => JSON.stringify(lineStyle(slot)));
  assert.equal(new Set(looks).size, 50);
});

test("nested values become dotted keys; lists become text; numbers that JSON cannot hold too", () => {
  const cells = cellsOf({
    "p.yaml": { a: { b: { c: 1 } }, list: [1, { x: 2 }], none: {}, bad: Number.NaN, off: false },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(cells)), {
    "p.yaml": { "a.b.c": 1, list: '[1,{"x":2}]', none: "{}", bad: "NaN", off: false },
  });
  const hostile = cellsOf({ f: JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') });
  assert.deepEqual(Object.entries(hostile.f ?? {}), [
    ["__proto__.x", 1],
    ["constructor", 2],
  ]);
});

test("a reference without a sequence means the last checkpoint", () => {
  const experiment = experimentNamed("amber-heron");
  assert.equal(checkpointOf(experiment, null)?.sequence, 40);
  assert.equal(checkpointOf(experiment, 7)?.sequence, 7);
  assert.equal(checkpointOf(experiment, 77), undefined);
});

test("a line tells where it was resumed, and its curves what became of their metric there", () => {
  const fork = experimentNamed("brisk-wren");
  const seams = seamsOf(fork, sampleExperiments());
  const line = lineOf(sampleRoot, fork, 2, seams);
  assert.deepEqual([...new Set(line.seams.map(({ sequence }) => sequence))], [21]);
  const seam = curveOf(line, loss, "step", true).seams.get(21);
  assert.match(seam?.text ?? "", / after amber-heron@20$/);
  assert.equal(
    curveOf(lineOf(sampleRoot, experimentNamed("amber-heron"), 0), loss, "step", true).seams.size,
    0,
  );
});
