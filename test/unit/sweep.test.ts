import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { experimentNameProblem } from "../../src/engine/compare/names.ts";
import { failure, success } from "../../src/engine/result.ts";
import type { ParamChange } from "../../src/engine/run/request.ts";
import { checkSweep } from "../../src/engine/sweep/checkSweep.ts";
import { decimalRange } from "../../src/engine/sweep/decimalRange.ts";
import { expandSweep } from "../../src/engine/sweep/expandSweep.ts";
import { sweepNames } from "../../src/engine/sweep/names.ts";
import { parseSweep } from "../../src/engine/sweep/parseSweep.ts";
import { splitValues } from "../../src/engine/sweep/splitValues.ts";
import { countRuns, gridSize, isSingle, type Sweep } from "../../src/engine/sweep/sweep.ts";

const params = [
  "train:",
  "  lr: 0.1",
  "  epochs: 10",
  "  layers: [64, 64]",
  "name: base",
  "amp: true",
  "",
].join("\n");

function parsed(...assignments: readonly string[]): Sweep {
  const sweep = parseSweep(assignments);
  assert.ok(sweep.ok, sweep.ok ? "" : sweep.problem.message);
  return sweep.value;
}

function checked(assignments: readonly string[], samples: number | null = null) {
  return checkSweep(parsed(...assignments), samples, (file) =>
    file === "params.yaml" ? success(params) : failure("params-missing", `There is no params file ${file}.`),
  );
}

function problemOf(assignments: readonly string[], samples: number | null = null): string {
  const sweep = parseSweep(assignments);
  const result = sweep.ok ? checked(assignments, samples) : sweep;
  assert.ok(!result.ok, `${assignments} is taken`);
  return result.problem.message;
}

/** The values of each run, as `0.1 10`. */
function runsOf(assignments: readonly string[], samples: number | null = null, seed = 1): readonly string[] {
  const sweep = checked(assignments, samples);
  assert.ok(sweep.ok, sweep.ok ? "" : sweep.problem.message);
  return expandSweep(sweep.value, { samples, seed }).map((run) => run.map(({ value }) => value).join(" "));
}

test("lists, ranges and choices make all combinations, the last parameter changing fastest", () => {
  assert.deepEqual(runsOf(["train.lr=0.1,0.01", "train.epochs=range(1, 8, 3)"]), [
    ...["0.1 1", "0.1 4", "0.1 7"],
    ...["0.01 1", "0.01 4", "0.01 7"],
  ]);
  assert.deepEqual(runsOf(["name=choice(sgd, adam)", "amp=true,false"]), [
    ...["sgd true", "sgd false"],
    ...["adam true", "adam false"],
  ]);
  assert.deepEqual(runsOf([]), [""]);
});

test("one value stays as it was typed, and a comma in brackets or quotes separates nothing", () => {
  assert.equal(isSingle(parsed("train.layers=[32, 64]", "name= two words ", "amp=")), true);
  assert.deepEqual(runsOf(["train.layers=[32, 64],[128]"]), ["[32, 64]", "[128]"]);
  assert.deepEqual(runsOf([`name="a,b",it's,c`]), [`"a,b"`, "it's", "c"]);
  assert.deepEqual(splitValues("f(a,b),[1"), ["f(a,b),[1"]);
  assert.deepEqual(splitValues("'a,b"), ["'a,b"]);
  assert.deepEqual(parsed("other.json:a=1").axes[0]?.file, "other.json");
});

test("a range is exact for fractions, counts down, and leaves out its end", () => {
  assert.deepEqual(decimalRange("0.1", "0.4", "0.1", 10), ["0.1", "0.2", "0.3"]);
  assert.deepEqual(decimalRange("1", "-1", "-0.5", 10), ["1", "0.5", "0", "-0.5"]);
  assert.deepEqual(decimalRange("1e-3", "3e-3", "1e-3", 10), ["0.001", "0.002"]);
  assert.deepEqual(decimalRange("0", "100", "1", 3), ["0", "1", "2", "3"]);
  assert.equal(decimalRange("a", "1", "1", 3), null);
  assert.equal(decimalRange("0", "1e400", "1e-400", 3), null);
});

test("what can't be a sweep is said with the key and the way out", () => {
  assert.match(problemOf(["lr"]), /--set takes FILE:KEY=VALUE/);
  assert.match(problemOf(["train.lr=0.1,"]), /train\.lr has nothing between two commas/);
  assert.match(problemOf(["train.lr=0.1", "train.lr=0.2"]), /train\.lr of params\.yaml is set twice/);
  assert.match(problemOf(["train.lr=range(1,2,0)"]), /holds no number/);
  assert.match(problemOf(["train.lr=range(a,2)"]), /range takes numbers/);
  assert.match(problemOf(["train.lr=range(0,1,0.00001)"]), /more than 10000 numbers/);
  assert.match(problemOf(["train.lr=uniform(1)"]), /uniform takes two numbers/);
  assert.match(problemOf(["train.lr=uniform(2,1)"], 3), /the first number must be the smaller one/);
  assert.match(problemOf(["train.lr=loguniform(0,1)"], 3), /numbers above 0/);
  assert.match(problemOf(["train.lr=uniform(0,1)"]), /--samples N/);
  assert.match(
    problemOf(["train.epochs=range(0,500)", "train.lr=range(0,500)"]),
    /more than 10000 runs; give fewer/,
  );
});

test("each value must have the type of the present one", () => {
  assert.match(
    problemOf(["train.lr=0.1,fast"]),
    /'train\.lr' in params\.yaml is a number, but 'fast' is not/,
  );
  assert.match(problemOf(["train.epochs=range(1,3,0.5)"]), /is a whole number, but '1\.5' is not/);
  assert.match(problemOf(["train.epochs=uniform(0.5,3)"], 2), /is a whole number, but '0\.5' is not/);
  assert.match(
    problemOf(["name=uniform(1,3)"], 2),
    /'name' in params\.yaml is a text, but uniform draws numbers/,
  );
  assert.match(problemOf(["train.rate=1,2"]), /has no parameter 'train\.rate'/);
  assert.match(problemOf(["other.yaml:a=1,2"]), /no params file other\.yaml/);
});

test("the same seed draws the same runs, another one others", () => {
  const drawn = ["train.lr=loguniform(1e-4,1e-1)", "train.epochs=uniform(5,8)"];
  assert.deepEqual(runsOf(drawn, 20, 7), runsOf(drawn, 20, 7));
  assert.notDeepEqual(runsOf(drawn, 20, 7), runsOf(drawn, 20, 8));
});

test("samples of a grid are different runs, and each combination comes as often as any other", () => {
  const grid = ["train.lr=0.1,0.2,0.3", "train.epochs=1,2,3,4"];
  assert.equal(new Set(runsOf(grid, 5)).size, 5);
  assert.deepEqual([...runsOf(grid, 50)].sort(), [...runsOf(grid)].sort());
  const mixed = runsOf(["name=sgd,adam", "train.lr=uniform(0,1)"], 7).map((run) => run.split(" ")[0]);
  assert.deepEqual(mixed.filter((name) => name === "sgd").length >= 3, true);
  assert.deepEqual(mixed.length, 7);
});

test("drawn numbers lie between the bounds, are of the parameter's type, and fill the range", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      fc.constantFrom("uniform", "loguniform"),
      fc.integer(),
      (low, factor, distribution, seed) => {
        const high = low * (1 + factor);
        const runs = runsOf([`train.lr=${distribution}(${low},${high})`], 20, seed).map(Number);
        assert.ok(
          runs.every((value) => value >= low && value <= high),
          `${runs} not in ${low}…${high}`,
        );
        assert.ok(new Set(runs).size > 2, `${runs} are all the same`);
      },
    ),
  );
  const whole = runsOf(["train.epochs=uniform(1,3)"], 200);
  assert.deepEqual([...new Set(whole)].sort(), ["1", "2", "3"]);
  const powers = runsOf(["train.epochs=loguniform(1,1000)"], 200).map(Number);
  assert.ok(powers.every(Number.isInteger));
  assert.ok(powers.filter((value) => value < 32).length > 60, "half of them are below the geometric mean");
});

const listedSweep = fc
  .array(fc.uniqueArray(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 5 }), {
    maxLength: 4,
  })
  .map((axes) => parsed(...axes.map((values, index) => `k${index}=${values.join(",")}`)));

test("a grid holds each combination once, in the same order each time", () => {
  fc.assert(
    fc.property(listedSweep, (sweep) => {
      const runs = expandSweep(sweep, { samples: null, seed: 0 }).map((run) => JSON.stringify(run));
      assert.equal(runs.length, gridSize(sweep));
      assert.equal(new Set(runs).size, runs.length);
      assert.deepEqual(
        runs,
        expandSweep(sweep, { samples: null, seed: 9 }).map((run) => JSON.stringify(run)),
      );
    }),
  );
});

test("as many runs come as were counted", () => {
  fc.assert(
    fc.property(
      listedSweep,
      fc.option(fc.integer({ min: 1, max: 80 })),
      fc.integer(),
      (sweep, samples, seed) => {
        const runs = expandSweep(sweep, { samples, seed });
        assert.equal(runs.length, countRuns(sweep, samples));
        for (const run of runs) assert.equal(run.length, sweep.axes.length);
      },
    ),
  );
});

function changes(
  ...runs: readonly (readonly [key: string, value: string][])[]
): readonly (readonly ParamChange[])[] {
  return runs.map((run) => run.map(([key, value]) => ({ file: "params.yaml", key, value })));
}

test("names say what differs, in the words of the parameters", () => {
  const free = () => false;
  assert.deepEqual(
    sweepNames(
      "amber-heron",
      changes(
        [
          ["train.lr", "0.1"],
          ["epochs", "5"],
        ],
        [
          ["train.lr", "0.01"],
          ["epochs", "5"],
        ],
      ),
      free,
    ),
    ["amber-heron-lr-0.1", "amber-heron-lr-0.01"],
  );
  const twoRates = changes(
    [
      ["encoder.lr", "1"],
      ["decoder.lr", "1"],
    ],
    [
      ["encoder.lr", "2"],
      ["decoder.lr", "3"],
    ],
  );
  assert.deepEqual(sweepNames("a", twoRates, free), [
    "a-encoder.lr-1-decoder.lr-1",
    "a-encoder.lr-2-decoder.lr-3",
  ]);
  const words = changes(
    [
      ["train.learning_rate", "0.1"],
      ["train.batchSize", "8"],
    ],
    [
      ["train.learning_rate", "0.2"],
      ["train.batchSize", "16"],
    ],
  );
  assert.deepEqual(sweepNames("a", words, free), ["a-lr-0.1-bs-8", "a-lr-0.2-bs-16"]);
  const alike = changes(
    [
      ["learning_rate", "1"],
      ["layer_ratio", "1"],
    ],
    [
      ["learning_rate", "2"],
      ["layer_ratio", "2"],
    ],
  );
  assert.deepEqual(sweepNames("a", alike, free), [
    "a-learning_rate-1-layer_ratio-1",
    "a-learning_rate-2-layer_ratio-2",
  ]);
  const taken = (name: string) => name === "a-lr-1";
  assert.deepEqual(sweepNames("a", changes([["lr", "1"]], [["lr", "-2"]]), taken), ["a-lr-1-2", "a-lr--2"]);
  const long = "x".repeat(80);
  assert.deepEqual(sweepNames("a", changes([["lr", long]], [["lr", `${long}y`]], [["lr", "''"]]), free), [
    "a-1",
    "a-2",
    "a-3",
  ]);
});

test("names pass Git's rules and differ from one another, whatever the values are", () => {
  const value = fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^[a-z.@{}lock~-]{1,9}$/));
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 }), (rows) => {
      const runs = changes(
        ...rows.map(([a, b]): [string, string][] => [
          ["model.a", a],
          ["b", b],
        ]),
      );
      const names = sweepNames("amber-heron", runs, (name) => name === "amber-heron");
      assert.equal(new Set(names).size, rows.length);
      for (const name of names) assert.equal(experimentNameProblem(name), null, name);
    }),
  );
});
