import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatDuration,
  formatNumber,
  formatRemaining,
  formatSize,
  formatTime,
  relativeTime,
  stepLabel,
} from "../../src/engine/compare/present.ts";

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];

function check<Input>(format: (input: Input) => string, expected: readonly (readonly [Input, string])[]) {
  for (const [input, text] of expected) assert.equal(format(input), text);
}

test("ages are said in one unit", () => {
  check(
    (age: number) => relativeTime(1e12 - age, 1e12),
    [
      [0, "now"],
      [-hour, "now"],
      [8 * second, "8 s ago"],
      [119 * second, "1 min ago"],
      [3 * hour, "3 h ago"],
      [30 * hour, "yesterday"],
      [13 * day, "13 days ago"],
      [21 * day, "3 weeks ago"],
      [100 * day, "3 months ago"],
      [800 * day, "2 years ago"],
    ],
  );
});

test("durations are said as people say them", () => {
  check(formatDuration, [
    [0, "0 s"],
    [-5, "0 s"],
    [120, "120 ms"],
    [1500, "1.5 s"],
    [9990, "10 s"],
    [59_600, "1 min"],
    [4 * minute, "4 min"],
    [59.7 * minute, "1 h 00 min"],
    [125 * minute, "2 h 05 min"],
    [52 * hour, "2 d 4 h"],
    [Number.NaN, "–"],
  ]);
  check(formatRemaining, [
    [4 * minute, "4 min left"],
    [2400, "2 s left"],
    [0, "0 s left"],
  ]);
});

test("sizes count in powers of 1000", () => {
  check(formatSize, [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1_550_000, "1.6 MB"],
    [999_999, "1 MB"],
    [12_300_000_000, "12 GB"],
  ]);
});

test("numbers have the digits that help", () => {
  check(formatNumber, [
    [0, "0"],
    [-0, "0"],
    [12, "12"],
    [1200, "1,200"],
    [-1234567, "-1,234,567"],
    [0.9142857, "0.9143"],
    [0.1, "0.1"],
    [1e-5, "1e-5"],
    [0.00012346, "0.0001235"],
    [1234.56, "1,235"],
    [123.456, "123.5"],
    [1.5e20, "1.5e20"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ]);
  fc.assert(
    fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) => {
      const read = Number(formatNumber(value).replaceAll(",", ""));
      assert.ok(Math.abs(read - value) <= Math.abs(value) * 6e-4, `${value} became ${formatNumber(value)}`);
    }),
  );
});

test("steps are called what the training code calls them", () => {
  const at = (step: number | null, total: number | null, name: string | null) => ({
    step,
    total,
    name,
    sequence: 3,
  });
  check(stepLabel, [
    [at(12, 40, "epoch-12"), "epoch 12/40"],
    [at(1200, null, null), "step 1,200"],
    [at(12, null, "Epoch 012"), "epoch 12"],
    [at(500, null, "epoch-2"), "epoch-2 · step 500"],
    [at(null, null, "warm-up"), "warm-up"],
    [at(null, null, "epoch_7"), "epoch 7"],
    [at(null, null, null), "#3"],
  ]);
});

test("times are in UTC", () => {
  assert.equal(formatTime(Date.UTC(2026, 0, 2, 3, 4, 5)), "2026-01-02 03:04:05");
  assert.equal(formatTime(Number.NaN), "–");
});
