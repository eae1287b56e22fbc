import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesIn, importsOf, objection } from "../../../scripts/importRules.mjs";

test("imports are found in every form", () => {
  const text = `import one from "./one.ts";
import { two,
  three } from "./two.ts";
import type { Four } from "./four.ts";
import * as five from "./five.ts";
import "./six.css";
export { seven } from "./seven.ts";
export * from "./eight.ts";
export type { Nine } from "./nine.ts";
const ten = await import("./ten.ts");
`;
  assert.deepEqual(
    importsOf(text).map(({ specifier, line }) => `${specifier}:${line}`),
    [
      "./one.ts:1",
      "./two.ts:2",
      "./four.ts:4",
      "./five.ts:5",
      "./six.css:6",
      "./seven.ts:7",
      "./eight.ts:8",
      "./nine.ts:9",
      "./ten.ts:10",
    ],
  );
});

test("words in comments and strings are no imports", () => {
  const text = `/** Taken from "x", see import of "y". */
export interface Origin {
  /** Where it came from "abc". */
  readonly sha: string;
}
const text = 'import z from "z"';
`;
  assert.deepEqual(importsOf(text), []);
});

const forbidden = [
  ["src/engine/system/git.ts", "vscode"],
  ["src/engine/run/run.ts", "../../editor/projects.ts"],
  ["src/engine/run/run.ts", "../../contract.ts"],
  ["src/cli/main.ts", "../editor/projects.ts"],
  ["src/cli/main.ts", "vscode"],
  ["src/runner/main.ts", "../engine/model.ts"],
  ["src/runner/main.ts", "chokidar"],
  ["src/webview/comparison/main.ts", "node:fs"],
  ["src/webview/comparison/main.ts", "../../engine/system/git.ts"],
  ["src/editor/projects.ts", "../webview/comparison/main.ts"],
  ["src/editor/projects.ts", "../cli/main.ts"],
  ["src/utils/text.ts", "node:fs"],
] as const;

for (const [file, specifier] of forbidden) {
  test(`${file} must not import ${specifier}`, () => assert.notEqual(objection(file, specifier), null));
}

const allowed = [
  ["src/engine/run/run.ts", "../system/git.ts"],
  ["src/engine/system/git.ts", "node:child_process"],
  ["src/cli/main.ts", "../engine/engine.ts"],
  ["src/webview/comparison/main.ts", "../../engine/model.ts"],
  ["src/editor/projects.ts", "../contract.ts"],
  ["src/editor/comparison/comparisonPanel.ts", "../../webview/protocol.ts"],
  ["src/extension.ts", "./editor/projects.ts"],
] as const;

for (const [file, specifier] of allowed) {
  test(`${file} may import ${specifier}`, () => assert.equal(objection(file, specifier), null));
}

test("a cycle is found, and a diamond is none", () => {
  assert.deepEqual(
    cyclesIn(
      new Map([
        ["a", ["b", "c"]],
        ["b", ["d"]],
        ["c", ["d"]],
        ["d", []],
      ]),
    ),
    [],
  );
  assert.deepEqual(
    cyclesIn(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
    [["b", "c", "b"]],
  );
});
