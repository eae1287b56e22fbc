import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSeam, type SeriesPoint } from "../../src/engine/compare/seam.ts";

const series = (values: readonly number[], start = 1, spacing = 1): SeriesPoint[] =>
  values.map((value, index) => ({ x: start + index * spacing, value }));

/** The loss of a small network, as it falls. */
const falling = [2.3, 1.62, 1.19, 0.93, 0.78, 0.69, 0.63, 0.59, 0.56, 0.54, 0.525, 0.515];
const wavering = [0.61, 0.52, 0.66, 0.48, 0.57, 0.43, 0.6, 0.47, 0.51, 0.4, 0.55, 0.46];
const rising = [0.41, 0.6, 0.72, 0.79, 0.83, 0.855, 0.87, 0.88, 0.886, 0.89, 0.893, 0.895];

/** Numbers from 0 up to 1 that are the same at each run of the test. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function noise(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}

test("a loss that goes on where its parent was heading is continuous", () => {
  for (const value of [0.515, 0.507, 0.5, 0.523]) {
    assert.equal(checkSeam(series(falling), series([value], 13), 12, "minimize")?.verdict, "continuous");
  }
});

test("a loss that jumps is worse, by how much of what was to be expected", () => {
  const seam = checkSeam(series(falling), series([0.7, 0.6], 13), 12, "minimize");
  assert.equal(seam?.verdict, "worse");
  assert.equal(seam.actual, 0.7);
  assert.ok(seam.change !== null && Math.abs(seam.change - 0.4) < 0.03, String(seam.change));
});

test("the goal decides whether a jump is for the better", () => {
  const parent = series(rising);
  assert.equal(checkSeam(parent, series([0.75], 13), 12, "maximize")?.verdict, "worse");
  assert.equal(checkSeam(parent, series([0.75], 13), 12, "minimize")?.verdict, "better");
  assert.equal(checkSeam(parent, series([0.75], 13), 12, null)?.verdict, "different");
});

test("a curve that wavers explains a value that a smooth one does not", () => {
  assert.equal(checkSeam(series(wavering), series([0.64], 13), 12, "minimize")?.verdict, "continuous");
  const smooth = wavering.map((_, index) => 0.5 - index / 1_000);
  assert.equal(checkSeam(series(smooth), series([0.64], 13), 12, "minimize")?.verdict, "worse");
});

test("noise alone hardly ever raises an alarm, and real jumps on calm curves do", () => {
  const random = generator(7);
  const course = (x: number) => 0.4 + 2 * Math.exp(-x / 8);
  const judge = (count: number, spread: number, factor: number) => {
    const value = (x: number) => course(x) * (1 + spread * noise(random));
    const parent = Array.from({ length: count }, (_, index) => ({ x: index + 1, value: value(index + 1) }));
    const child = [{ x: count + 1, value: value(count + 1) * factor }];
    return checkSeam(parent, child, count, "minimize")?.verdict;
  };
  const count = (length: number, spread: number, factor: number, verdict: string) =>
    Array.from({ length: 500 }, () => judge(length, spread, factor)).filter((one) => one === verdict).length;
  for (const length of [4, 6, 12, 30]) {
    for (const spread of [0.01, 0.1, 0.3]) {
      const alarms = count(length, spread, 1, "worse") + count(length, spread, 1, "better");
      assert.ok(alarms <= 10, `${alarms} of 500 at ${length} values that vary by ${spread}`);
    }
  }
  assert.ok(count(30, 0.01, 1.38, "worse") >= 495);
});

test("the parent's own later values count before where it was heading", () => {
  // After step 5 the parent's learning rate was cut: it fell at once, and so did the fork.
  const parent = series([1, 0.98, 0.97, 0.96, 0.95, 0.5, 0.49, 0.48]);
  const fork = checkSeam(parent, series([0.5, 0.49], 6), 5, "minimize");
  assert.equal(fork?.verdict, "continuous");
  assert.equal(fork.expected, 0.5);
  assert.equal(checkSeam(parent.slice(0, 5), series([0.5], 6), 5, "minimize")?.verdict, "better");
});

test("a fork with another grid of steps is held against the line between the parent's values", () => {
  const parent = series([1, 0.9, 0.8, 0.75, 0.7, 0.68], 100, 100);
  const seam = checkSeam(parent, series([0.71], 450, 50), 400, "minimize");
  assert.equal(seam?.verdict, "continuous");
  assert.ok(Math.abs(seam.expected - 0.725) < 1e-9);
  assert.equal(checkSeam(parent, series([1.4], 650), 600, "minimize")?.verdict, "worse");
});

test("nobody can tell from too few values, or from places too far apart", () => {
  assert.equal(checkSeam(series([1, 0.9, 0.8]), series([5], 4), 3, "minimize"), null);
  assert.equal(checkSeam(series(falling), [], 12, "minimize"), null);
  assert.equal(checkSeam([], series([1]), 0, "minimize"), null);
  assert.equal(checkSeam(series(falling), series([5], 40), 12, "minimize"), null);
});

test("few values widen what is let pass", () => {
  const [few, many] = [
    series([0.9, 0.87, 0.9, 0.88]),
    series(Array.from({ length: 16 }, (_, i) => 0.9 - 0.02 * (i % 2))),
  ];
  assert.equal(checkSeam(few, series([1.03], 5), 4, "minimize")?.verdict, "continuous");
  assert.equal(checkSeam(many, series([1.03], 17), 16, "minimize")?.verdict, "worse");
});

test("NaN after finite values is a break, and after NaN it is no news", () => {
  const broken = checkSeam(series(falling), series([Number.NaN], 13), 12, "maximize");
  assert.equal(broken?.verdict, "worse");
  assert.equal(broken.change, null);
  const infinite = checkSeam(series(falling), series([Number.POSITIVE_INFINITY], 13), 12, "minimize");
  assert.equal(infinite?.verdict, "worse");
  assert.equal(checkSeam(series([...falling, Number.NaN]), series([Number.NaN], 14), 13, "minimize"), null);
});

test("NaN here and there in the parent is passed over", () => {
  const parent = series(falling).toSpliced(4, 1, { x: 5, value: Number.NaN });
  assert.equal(checkSeam(parent, series([0.51], 13), 12, "minimize")?.verdict, "continuous");
});

test("a metric that stands still lets a twentieth pass and no more", () => {
  const still = series([0.5, 0.5, 0.5, 0.5]);
  assert.equal(checkSeam(still, series([0.52], 5), 4, "minimize")?.verdict, "continuous");
  assert.equal(checkSeam(still, series([0.6], 5), 4, "minimize")?.verdict, "worse");
});

test("near zero there is a verdict and no percentage", () => {
  const zero = checkSeam(series([0.2, 0.1, 0.05, 0, 0, 0, 0]), series([0.3], 8), 7, "minimize");
  assert.equal(zero?.verdict, "worse");
  assert.equal(zero.change, null);
  const nothing = series([0, 0, 0, 0]);
  assert.equal(checkSeam(nothing, series([0], 5), 4, "minimize")?.verdict, "continuous");
});

test("steps that were trained again do not confuse it", () => {
  const parent = [...series(falling), ...series([0.6, 0.58, 0.55], 7)];
  assert.equal(checkSeam(parent, series([0.51], 13), 12, "minimize")?.verdict, "continuous");
});
