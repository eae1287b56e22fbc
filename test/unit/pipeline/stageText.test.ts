import assert from "node:assert/strict";
import { test } from "node:test";
import { stagesInText } from "../../../src/engine/pipeline/stageText.ts";

function found(text: string): readonly string[] {
  return stagesInText(text).map(
    ({ name, lines, generates }) => `${name} ${lines.start}-${lines.end}${generates ? " *" : ""}`,
  );
}

test("finds the definitions with their lines", () => {
  const text =
    "# head\nvars: [a]\nstages:\n  # first\n  a:\n    cmd: run\n\n  'b c':\n    foreach: [1]\n    do:\n      cmd: x: y\n# end\n\nmetrics: [m]\n";
  assert.deepEqual(found(text), ["a 4-6", "b c 7-11 *"]);
});

test("goes on while a stage is being typed", () => {
  assert.deepEqual(found("stages:\n  a:\n    cmd: [x\n  b\n  c:\n    cmd: 'y\n  d:\n    outs\n"), [
    "a 1-3",
    "c 4-6",
    "d 6-8",
  ]);
  assert.deepEqual(found("stages:\n"), []);
  assert.deepEqual(found("stage"), []);
});

test("is not misled by text blocks, Windows line ends or a deep indent", () => {
  assert.deepEqual(
    found(
      "stages:\r\n    a:\r\n        cmd: |\r\n            b:\r\n            c:\r\n    d:\r\n        matrix: {x: [1]}\r\n",
    ),
    ["a 1-5", "d 5-7 *"],
  );
});

test("reads stages in braces", () => {
  assert.deepEqual(found("stages: {a: {cmd: run}, b: {foreach: [1], do: {cmd: run}}}\n"), [
    "a 0-1",
    "b 0-1 *",
  ]);
  assert.deepEqual(found('{"stages": {\n "a": {"cmd": "run"}\n}}\n'), ["a 1-2"]);
});
