import assert from "node:assert/strict";
import { test } from "node:test";
import { compareCheckpoints } from "../../src/engine/compare/difference.ts";
import { tableToCsv, tableToMarkdown } from "../../src/engine/compare/exportTable.ts";
import { listJson } from "../../src/engine/compare/listJson.ts";
import { compareValues, comparisonTable, type TableRow } from "../../src/engine/compare/table.ts";
import type { Checkpoint } from "../../src/engine/model.ts";
import { checkpoint, experiment, measured } from "../support/experiments.ts";

function row(name: string, last: Checkpoint): TableRow {
  const one = experiment(name, [last]);
  return { experiment: one, checkpoint: one.checkpoints[0] ?? last, status: "succeeded" };
}

const wide = checkpoint({
  sequence: 2,
  metrics: { "metrics.json": { loss: 0.25, val: { acc: 0.9 } } },
  params: { "params.yaml": { lr: 0.1, layers: [64, 10], loss: "mse" } },
});
const narrow = checkpoint({
  sequence: 3,
  metrics: { "metrics.json": { loss: "NaN", val: { acc: 0.8 } } },
  params: { "params.yaml": { lr: 0.1, layers: [32, 10], loss: "mse", extra: true } },
});

test("columns are metrics, then params, by file and dotted key; the differing ones can be shown alone", () => {
  const table = comparisonTable([row("wide", wide), row("narrow", narrow)]);
  assert.deepEqual(
    table.columns.map(({ kind, label, differs }) => [kind, label, differs]),
    [
      ["metric", "loss", true],
      ["metric", "val.acc", true],
      ["param", "lr", false],
      ["param", "layers", true],
      ["param", "loss", false],
      ["param", "extra", true],
    ],
  );
  assert.deepEqual(table.rows[0]?.cells, [0.25, 0.9, 0.1, [64, 10], "mse", undefined]);
  const differing = comparisonTable([row("wide", wide), row("narrow", narrow)], { onlyDiffering: true });
  assert.deepEqual(
    differing.columns.map(({ label }) => label),
    ["loss", "val.acc", "layers", "extra"],
  );
  assert.equal(comparisonTable([row("wide", wide)], { onlyDiffering: true }).columns.length, 5);
});

test("sorting knows numbers, natural order, and puts what is missing last in either order", () => {
  const values = [10, 9, undefined, "NaN", "run-10", "run-2", null];
  const sorted = (order: "ascending" | "descending") => {
    const places = values.map((value) => ({ value }));
    return places.toSorted((a, b) => compareValues(a.value, b.value, order)).map(({ value }) => value);
  };
  assert.deepEqual(sorted("ascending"), [9, 10, "run-2", "run-10", undefined, "NaN", null]);
  assert.deepEqual(sorted("descending"), [10, 9, "run-10", "run-2", undefined, "NaN", null]);
});

test("CSV quotes what has to be, and no text can become a formula", () => {
  const params = {
    a: "=cmd()",
    b: 'say "hi", you',
    c: "-1",
    d: "+x",
    e: "two\nlines",
    f: -2.5,
    g: "@x",
    h: "-Infinity",
  };
  const one = row("=name", checkpoint({ sequence: 1, params: { "params.yaml": params } }));
  const [header, line] = tableToCsv(comparisonTable([one])).split("\r\n");
  assert.equal(header, "experiment,sequence,step,status,created,a,b,c,d,e,f,g,h");
  assert.equal(
    line,
    `'=name,1,10,succeeded,2025-12-29T09:21:00.000Z,'=cmd(),"say ""hi"", you",-1,'+x,"two\nlines",-2.5,'@x,-Infinity`,
  );
});

test("Markdown keeps its columns whatever the values hold, with numbers on the right", () => {
  const one = row(
    "wide",
    checkpoint({ sequence: 1200, params: { p: { text: "a|b\n*c* <x>", n: 0.123456 } } }),
  );
  assert.equal(
    tableToMarkdown(comparisonTable([one])),
    "| Experiment | Step | Status | text | n |\n" +
      "| --- | --: | --- | --- | --: |\n" +
      "| wide@1200 | 12,000 | succeeded | a\\|b \\*c\\* &lt;x> | 0.1235 |\n".replace("&lt;x>", "&lt;x\\>"),
  );
});

test("differences name what changed, by how much, and whether that is better", () => {
  const before = { ...wide, outs: [output("model", "a"), output("same", "c")] };
  const after = { ...narrow, outs: [output("model", "b"), output("same", "c"), output("new", "d")] };
  const { metrics, params, outs } = compareCheckpoints(before, after);
  assert.deepEqual(
    metrics.map(({ key, change, verdict }) => [key, change?.toFixed(2) ?? null, verdict]),
    [
      ["loss", null, "worse"],
      ["val.acc", "-0.10", "worse"],
    ],
  );
  assert.deepEqual(
    params.map(({ key, before: old, after: young }) => [key, old, young]),
    [
      ["layers", [64, 10], [32, 10]],
      ["extra", undefined, true],
    ],
  );
  assert.deepEqual(outs, ["model", "new"]);
  assert.equal(compareCheckpoints(after, before).metrics[1]?.verdict, "better");
});

function output(path: string, digit: string) {
  const hash = digit.repeat(32);
  return { path, hash, size: 5, fileCount: null, isExecutable: false, cached: true, legacy: false };
}

test("the JSON of the list has exactly the documented fields", () => {
  const one = experiment("wide", [
    {
      ...measured(1, { loss: 2 }),
      annotations: { ...wide.annotations, tags: ["x"], starred: true, note: "hm" },
    },
    { ...measured(2, { loss: 1 }), outs: [output("model", "a")], total: 40, metadata: { seed: 1 } },
  ]);
  const json = listJson([one], {
    homeOf: (baseline) => baseline,
    statusOf: () => "running",
    isAvailable: () => false,
    metricOf: () => null,
  });
  assert.deepEqual(json, {
    version: 1,
    experiments: [
      {
        name: "wide",
        ref: one.ref,
        baseline: one.baseline,
        home: one.baseline,
        status: "running",
        stages: ["train"],
        createdAt: "2025-12-29T09:21:00.000Z",
        resumedFrom: null,
        tags: ["x"],
        starred: true,
        best: { sha: one.checkpoints[1]?.sha, metric: "metrics.json:loss", value: 1 },
        checkpoints: one.checkpoints.map((each, index) => ({
          sha: each.sha,
          parent: each.parent,
          sequence: index + 1,
          step: each.step,
          total: index === 0 ? null : 40,
          name: each.name,
          kind: "signal",
          stage: "train",
          createdAt: new Date(each.createdAt).toISOString(),
          metrics: each.metrics,
          params: {},
          outs: index === 0 ? [] : [{ path: "model", hash: "a".repeat(32), size: 5, available: false }],
          metadata: index === 0 ? {} : { seed: 1 },
          question: null,
          answer: null,
          warning: null,
          note: index === 0 ? "hm" : null,
          pinned: false,
          thinned: false,
        })),
      },
    ],
  });
});

test("a value that would act on a terminal cannot do so from a table", () => {
  const one = row(
    "plain",
    checkpoint({ sequence: 1, params: { p: { a: "\u001b[31mred\u009b2J", b: "x\ty" } } }),
  );
  const table = comparisonTable([one]);
  assert.match(tableToCsv(table), /,\?\[31mred\?2J,x\ty/);
  assert.match(tableToMarkdown(table), /\| \?\\\[31mred\?2J \| x\ty \|/);
});
