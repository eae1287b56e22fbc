import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact, Facts } from "../../src/engine/compare/filter/facts.ts";
import { parseFilter, passes, unknownName } from "../../src/engine/compare/filter/filter.ts";
import { sortedBy } from "../../src/engine/compare/filter/sort.ts";

function facts(values: { readonly [name: string]: Fact }): Facts {
  return { get: (name) => values[name], names: Object.keys(values) };
}

const heron = facts({
  name: "amber-heron",
  status: "failed",
  accuracy: 0.91,
  "params.lr": 0.1,
  starred: false,
  age: 90,
});

const truths: readonly (readonly [expression: string, passes: boolean])[] = [
  ["status == failed", true],
  ["status = 'failed'", true],
  ["status != failed", false],
  ["accuracy > 0.9", true],
  ["accuracy >= 0.91 and accuracy <= 0.91", true],
  ["accuracy<0.9", false],
  ["name ~ amber-*", true],
  ['name ~ "*-otter"', false],
  ["starred", false],
  ["not starred", true],
  ["!starred && accuracy", true],
  ["status == running or accuracy > 0.9 and params.lr == 0.1", true],
  ["(status == running or accuracy > 0.9) and params.lr == 0.2", false],
  ["not (status == failed)", false],
  ["missing == 3", false],
  ["missing > 3", false],
  ["missing != 3", true],
  ["missing == null", true],
  ["age < 2m", true],
  ["age > 2m", false],
  ["starred == false", true],
  ["params.lr == 1e-1", true],
];

for (const [expression, expected] of truths) {
  test(`filter: ${expression}`, () => {
    const filter = parseFilter(expression);
    if (!filter.ok) throw new Error(filter.problem.message);
    assert.equal(passes(filter.value, heron), expected);
  });
}

const mistakes: readonly (readonly [expression: string, message: string])[] = [
  ["", "it ends where a name should follow"],
  ["accuracy >", "it ends where a value should follow"],
  ["accuracy > high", 'accuracy > needs a number, and "high" at character 12 is none'],
  ["(accuracy > 1", "it ends where ) should follow"],
  ["accuracy > 1)", '")" at character 13 stands where and, or, or the end should be'],
  ["accuracy 1", '"1" at character 10 stands where and, or, or the end should be'],
  ["and accuracy", '"and" at character 1 stands where a name should be'],
  ['name == "x', '" at character 9 is never closed'],
  ["a & b", "& at character 3 can't be understood"],
];

for (const [expression, message] of mistakes) {
  test(`a filter that is none: ${expression || "nothing"}`, () => {
    const filter = parseFilter(expression);
    assert.equal(filter.ok ? "" : filter.problem.message, message);
  });
}

test("a name that nothing has is told, with the nearest one", () => {
  assert.equal(
    unknownName("acuracy", [heron]),
    'no experiment has a param or metric "acuracy"; did you mean accuracy?',
  );
  assert.equal(unknownName("accuracy", [heron]), null);
  assert.equal(unknownName("anything", []), null);
});

test("sorting: numbers by size, either way round, what has none last", () => {
  const items = [3, null, Number.NaN, 10, 1].map((size) => facts({ size }));
  const sizes = (key: string) => sortedBy(items, (item) => item, key).map((item) => item.get("size"));
  assert.deepEqual(sizes("size"), [1, 3, 10, null, Number.NaN]);
  assert.deepEqual(sizes("-size"), [10, 3, 1, null, Number.NaN]);
  const names = ["run-10", "run-9", "Amber"].map((name) => facts({ name }));
  assert.deepEqual(
    sortedBy(names, (item) => item, "name").map((item) => item.get("name")),
    ["Amber", "run-9", "run-10"],
  );
});
