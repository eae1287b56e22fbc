import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkGraph } from "../../../src/engine/pipeline/graph.ts";
import { orderStages } from "../../../src/engine/pipeline/order.ts";
import { parsePipelineFile } from "../../../src/engine/pipeline/parse.ts";
import type { DataFile, Pipeline } from "../../../src/engine/pipeline/stage.ts";

function pipeline(text: string, dataFiles: readonly DataFile[] = []): Pipeline {
  const parsed = parsePipelineFile({ text, file: "dvc.yaml", root: "/p", read: () => null });
  const checked = checkGraph(parsed.stages, dataFiles);
  return { stages: checked.stages, problems: [...parsed.problems, ...checked.problems], files: ["dvc.yaml"] };
}

/** `a: x y > z` is stage `a` with dependencies `x`, `y` and output `z`. */
function sketch(...lines: readonly string[]): Pipeline {
  const stages = lines.map((line) => {
    const [, name, deps, outs] = /^(\S+):(.*)>(.*)$/.exec(line) ?? [];
    const list = (words = "") => JSON.stringify(words.split(" ").filter((word) => word !== ""));
    return `  ${name}:\n    cmd: run\n    deps: ${list(deps)}\n    outs: ${list(outs)}\n`;
  });
  return pipeline(`stages:\n${stages.join("")}`);
}

function order(of: Pipeline, targets: readonly string[] = [], options = {}): readonly string[] | string {
  const result = orderStages(of, targets, options);
  return result.ok ? result.value.map(({ address }) => address) : result.problem.message;
}

describe("the order of stages", () => {
  const chain = sketch("c: y > z", "a: > x", "b: x > y", "other: > o", "d: y/deep z > w");

  test("puts each after those that it needs, else as in the file", () => {
    assert.deepEqual(order(chain), ["a", "b", "c", "other", "d"]);
  });

  test("holds what a target needs, or what needs it, or it alone", () => {
    assert.deepEqual(order(chain, ["c"]), ["a", "b", "c"]);
    assert.deepEqual(order(chain, ["c", "other"]), ["a", "b", "c", "other"]);
    assert.deepEqual(order(chain, ["b"], { downstream: true }), ["b", "c", "d"]);
    assert.deepEqual(order(chain, ["d", "b"], { single: true }), ["b", "d"]);
  });

  test("takes a definition for all that it generated, and a file for all in it", () => {
    const many = pipeline(
      "stages:\n  t:\n    foreach: [1, 2]\n    do: {cmd: run, outs: ['o${item}']}\n  u: {cmd: run, deps: [o1], outs: [v]}\n",
    );
    assert.deepEqual(order(many, ["t"]), ["t@1", "t@2"]);
    assert.deepEqual(order(many, ["t@2"]), ["t@2"]);
    assert.deepEqual(order(many, ["./dvc.yaml"]), ["t@1", "t@2", "u"]);
    assert.deepEqual(order(many, ["dvc.yaml:u"]), ["t@1", "u"]);
  });

  test("says what is wrong with a target", () => {
    assert.equal(order(chain, ["othr"]), "There is no stage 'othr'; did you mean 'other'?");
    assert.match(String(order(chain, ["nothing-like-it"])), /the stages are c, a, b, other, d$/);
    const stages = chain.stages.map((stage) => ({ ...stage, address: `sub/dvc.yaml:${stage.name}` }));
    assert.match(String(order({ ...chain, stages }, ["b"])), /did you mean 'sub\/dvc\.yaml:b'\?$/);
    const broken = pipeline("stages:\n  a:\n    cmd:\n");
    assert.match(String(order(broken, ["a"])), /^Stage 'a' can't be run: dvc\.yaml, line 3: 'cmd' must be/);
    assert.match(String(order(broken)), /^dvc\.yaml, line 3: /);
    const empty = pipeline("stages:\n  none: {foreach: [], do: {cmd: run}}\n  a: {cmd: run}\n");
    assert.match(
      String(order(empty, ["none"])),
      /^Stage 'none' can't be run: .*, line 2: There is nothing in this/,
    );
    assert.match(String(order(pipeline(""))), /There is no stage in this project/);
  });

  test("holds for a chain of 5,000", () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `s${index}: f${index + 1} > f${index}`);
    const ordered = order(sketch(...lines));
    assert.equal(ordered.length, 5000);
    assert.equal(ordered[0], "s4999");
  });
});

describe("a pipeline that does not fit together", () => {
  const messages = (of: Pipeline) =>
    of.problems.map(({ stage, range, message }) => `${stage} ${range.start.line + 1}: ${message}`);

  test("leaves out the stages of a circle, with the others whole", () => {
    const circle = sketch("a: z > x", "b: x > y", "c: y > z", "d: > w", "e: w > v");
    assert.deepEqual(
      circle.stages.map(({ name }) => name),
      ["d", "e"],
    );
    assert.equal(circle.problems.length, 3);
    assert.match(
      messages(circle)[0] ?? "",
      /^a 2: The stages '\w', '\w', '\w' depend on each other in a circle/,
    );
    assert.match(String(order(circle, ["b"])), /Stage 'b' can't be run/);
  });

  test("names a stage that depends on itself", () => {
    assert.deepEqual(messages(sketch("a: x > x")), [
      "a 2: The stage depends on its own output; remove that dependency, or use 'persist: true' to keep the output",
    ]);
  });

  test("names outputs that are made twice or lie in each other", () => {
    assert.deepEqual(messages(sketch("a: > x", "b: > x")), [
      "a 2: The output 'x' is also made by stage 'b'; give each its own",
      "b 6: The output 'x' is also made by stage 'a'; give each its own",
    ]);
    assert.deepEqual(messages(sketch("a: > d", "b: > d/e", "c: > dd")), [
      "a 2: The outputs 'd/e' and 'd' (stage 'b') overlap; give each its own folder",
      "b 6: The outputs 'd/e' and 'd' (stage 'a') overlap; give each its own folder",
    ]);
  });

  test("is told on one line, whatever the name of an output holds", () => {
    const [message] = messages(
      pipeline('stages:\n  a: {cmd: run, outs: ["x\\ny"]}\n  b: {cmd: run, outs: ["x\\ny"]}\n'),
    );
    assert.equal(message, "a 2: The output 'x y' is also made by stage 'b'; give each its own");
  });

  test("names an output that a .dvc file keeps track of", () => {
    const data = { file: "x.dvc", path: "x", hash: "", legacy: false, size: null };
    assert.deepEqual(messages(pipeline("stages:\n  a: {cmd: run, outs: [x/y]}\n", [data])), [
      "a 2: The outputs 'x/y' and 'x' (x.dvc) overlap; give each its own folder",
    ]);
  });
});
