import assert from "node:assert/strict";
import { test } from "node:test";
import { driftText, environmentDrift } from "../../src/engine/environment/drift.ts";
import { parseEnvironment } from "../../src/engine/environment/environment.ts";
import { programHints } from "../../src/engine/environment/programs.ts";
import type { Environment } from "../../src/engine/model.ts";

const environment = (
  packages: Environment["packages"],
  python: string | null = "3.11.2",
  node: string | null = null,
): Environment => ({ python, packages, node });

test("drift names Python, then packages with a new main version, then the rest", () => {
  const before = environment({ numpy: "1.26.4", torch: "2.1.0", pandas: "2.0.0", six: "1.16.0" });
  const after = environment({ numpy: "2.1.0", torch: "2.2.0", rich: "13.7.0", six: "1.16.0" }, "3.12.1");
  const drift = environmentDrift(before, after);
  assert.deepEqual(
    drift.map(({ name }) => name),
    ["Python", "numpy", "torch", "pandas", "rich"],
  );
  assert.equal(driftText(drift), "Python 3.11.2 → 3.12.1; numpy 1.26.4 → 2.1.0; 3 more");
  assert.equal(
    driftText(drift, Number.POSITIVE_INFINITY),
    "Python 3.11.2 → 3.12.1; numpy 1.26.4 → 2.1.0; torch 2.1.0 → 2.2.0; pandas 2.0.0 removed; rich 13.7.0 added",
  );
});

test("the last of three is named instead of being counted", () => {
  const drift = environmentDrift(
    environment({ a: "1", b: "1", c: "1" }),
    environment({ a: "2", b: "2", c: "2" }),
  );
  assert.equal(driftText(drift), "a 1 → 2; b 1 → 2; c 1 → 2");
});

test("what is known of one side only is no drift", () => {
  assert.deepEqual(environmentDrift(environment(null), environment({ numpy: "1" })), []);
  assert.deepEqual(environmentDrift(environment(null, null, "22.1.0"), environment(null, "3.12.0")), []);
  assert.equal(
    driftText(environmentDrift(environment(null, null, "22.1.0"), environment(null, null, "24.0.0"))),
    "Node 22.1.0 → 24.0.0",
  );
  assert.equal(driftText([]), "");
});

test("reads what it can of a recorded environment, and nothing else", () => {
  assert.deepEqual(
    parseEnvironment({ python: "3.11.2", packages: { Typing_Extensions: "4.9.0", bad: 3 }, more: 1 }),
    {
      python: "3.11.2",
      packages: { "typing-extensions": "4.9.0" },
      node: null,
    },
  );
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`p${index}`, "1"]));
  assert.equal(parseEnvironment({ python: "3.11.2", packages: many })?.packages, null);
  for (const value of [
    null,
    [],
    "3.11",
    {},
    { python: "" },
    { python: "3\n1" },
    { python: "x".repeat(200) },
  ]) {
    assert.equal(parseEnvironment(value), null);
  }
});

test("finds the programs that commands start", () => {
  const hints = (command: string) => programHints([command]).map((hint) => Object.values(hint).join(" "));
  assert.deepEqual(hints("python train.py"), ["python python"]);
  assert.deepEqual(hints("CUDA_VISIBLE_DEVICES=0 nohup python3.11 -m train"), ["python python3.11"]);
  assert.deepEqual(hints("./.venv/bin/python 'my train.py'"), ["python ./.venv/bin/python"]);
  assert.deepEqual(hints("source .venv/bin/activate && python train.py"), ["venv .venv", "python python"]);
  assert.deepEqual(hints("uv run python train.py"), ["project-venv"]);
  assert.deepEqual(hints("torchrun --nproc 2 train.py"), ["other torchrun"]);
  assert.deepEqual(hints("mkdir -p out; node train.js"), ["other mkdir", "node"]);
  assert.deepEqual(hints("bash -e train.sh --epochs 3"), ["script train.sh"]);
  assert.deepEqual(hints("./run.sh"), ["script ./run.sh"]);
  assert.deepEqual(hints("python \\\n  train.py"), ["python python"]);
  assert.deepEqual(hints("# python"), []);
  assert.deepEqual(hints(""), []);
});
