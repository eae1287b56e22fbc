import assert from "node:assert/strict";
import { test } from "node:test";
import { narrow } from "../../src/editor/pickers/narrow.ts";

const heading = (label: string) => ({ label, isHeading: true });
const entry = (label: string, description: string) => ({ label, description, isHeading: false });
const entries = [
  heading("amber-heron"),
  entry("step 2", "acc 0.9 · amber-heron"),
  entry("step 1", "acc 0.8 · amber-heron"),
  heading("calm-otter"),
  entry("step 2", "acc 0.7 · calm-otter"),
];
const shownFor = (text: string, limit = 10) =>
  narrow(entries, text, limit).shown.map(
    ({ entry: one }) => `${one.label} ${"description" in one ? one.description : ""}`,
  );

test("nothing typed: the first entries under their headings, and how many more there are", () => {
  assert.deepEqual(shownFor("", 2), [
    "amber-heron ",
    "step 2 acc 0.9 · amber-heron",
    "step 1 acc 0.8 · amber-heron",
  ]);
  assert.equal(narrow(entries, "", 2).more, 1);
  assert.equal(narrow(entries, "", 3).more, 0);
});

test("words are found in any order and case, and a heading comes only with what it heads", () => {
  assert.deepEqual(shownFor("otter STEP"), ["calm-otter ", "step 2 acc 0.7 · calm-otter"]);
  assert.deepEqual(shownFor("heron 0.8"), ["amber-heron ", "step 1 acc 0.8 · amber-heron"]);
  assert.deepEqual(shownFor("nothing like it"), []);
});

test("what occurs as typed is left for the list to find and mark", () => {
  assert.deepEqual(
    narrow(entries, " 0.9 · Amber ", 10).shown.map(({ isWhole }) => isWhole),
    [true, true],
  );
  assert.deepEqual(
    narrow(entries, "amber 0.9", 10).shown.map(({ isWhole }) => isWhole),
    [true, false],
  );
});

test("ten thousand entries are searched all, and few are offered", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => entry(`step ${index}`, `run-${index % 500}`));
  const { shown, more } = narrow(many, "run-499", 5);
  assert.deepEqual([shown.length, more], [5, 15]);
  assert.equal(narrow(many, "step 9999", 5).shown[0]?.entry.label, "step 9999");
});
