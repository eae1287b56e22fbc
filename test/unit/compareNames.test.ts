import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import {
  adjectives,
  animals,
  experimentNameProblem,
  newExperimentName,
  numberedName,
} from "../../src/engine/compare/names.ts";

test("there are enough short words, each once", () => {
  for (const words of [adjectives, animals]) {
    assert.ok(words.length >= 150, `${words.length} words`);
    assert.equal(new Set(words).size, words.length);
    for (const word of words) assert.match(word, /^[a-z]{2,10}$/);
  }
});

test("a new name avoids the taken ones, also when nearly all are taken", () => {
  const first = newExperimentName(
    () => false,
    () => 0,
  );
  assert.equal(first, `${adjectives[0]}-${animals[0]}`);
  assert.equal(
    newExperimentName(
      (name) => name === first,
      () => 0,
    ),
    `${first}-2`,
  );
  assert.equal(
    newExperimentName(
      () => false,
      () => 1,
    ),
    `${adjectives.at(-1)}-${animals.at(-1)}`,
  );
  assert.equal(
    numberedName("a", (name) => ["a", "a-2"].includes(name)),
    "a-3",
  );
});

test("a name that we accept is one that Git accepts", () => {
  const name = fc.oneof(fc.string({ maxLength: 6 }), fc.stringMatching(/^[a-z.@{}lock-]{1,9}$/));
  const accepted = fc
    .sample(name, 300)
    .filter((candidate) => experimentNameProblem(candidate) === null)
    .slice(0, 60);
  assert.ok(accepted.length > 20);
  for (const candidate of [...accepted, "amber-heron", "größe", "v1.2"]) {
    assert.equal(experimentNameProblem(candidate), null);
    execFileSync("git", ["check-ref-format", `refs/exps/aa/bb/${candidate}`]);
  }
  for (const refused of [
    "",
    "a b",
    "a/b",
    "..",
    "a..b",
    "x.lock",
    "-x",
    "a@3",
    "a\n",
    "a~",
    ".a",
    "x".repeat(300),
  ]) {
    assert.notEqual(experimentNameProblem(refused), null, refused);
  }
});
