import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultChoices,
  parseChoices,
  toggleIsolated,
  toggleSort,
} from "../../src/webview/comparison/choices.ts";
import { chooseColumns, columnsOf, groupColumns } from "../../src/webview/comparison/columns.ts";
import { toCsv, toMarkdown } from "../../src/webview/comparison/exports.ts";
import { formatDelta } from "../../src/webview/comparison/format.ts";
import { orderRows } from "../../src/webview/comparison/order.ts";
import { receive } from "../../src/webview/comparison/state.ts";
import { tableModel, viewCell } from "../../src/webview/comparison/tableModel.ts";
import type { Cell, ComparedRow } from "../../src/webview/protocol.ts";
import { sampleAppend, sampleExperiments, sampleSnapshot } from "../support/comparison/sample.ts";

const snapshot = sampleSnapshot(sampleExperiments());

function row(
  experiment: string,
  metrics: { [key: string]: Cell },
  params: { [key: string]: Cell } = {},
): ComparedRow {
  const [first] = snapshot.rows;
  assert.ok(first);
  const reference = { root: "/p", experiment, sequence: null };
  return {
    ...first,
    key: experiment,
    reference,
    metrics: { "m.json": metrics },
    params: { "p.yaml": params },
  };
}

const rows = [
  row("a", { accuracy: 0.9, loss: 0.4 }, { rate: 0.1, seed: 1 }),
  row("b", { accuracy: 0.95 }, { rate: 0.2, seed: 1 }),
  row("c", { accuracy: 0.8, loss: 0.3 }, { rate: 0.1, seed: 1, note: "x|y,\n=z" }),
];
const goals = { "m.json": { accuracy: "maximize", loss: "minimize" } } as const;
const columns = columnsOf(rows, goals);
const model = (choices: Partial<typeof defaultChoices> = {}) =>
  tableModel({ ...snapshot, rows, goals }, { ...defaultChoices, ...choices });
const column = (key: string) => {
  const found = columns.find((candidate) => candidate.key === key);
  assert.ok(found);
  return found;
};

test("columns: metrics before params, grouped by file, with what differs", () => {
  assert.deepEqual(
    columns.map(({ key, differs }) => [key, differs]),
    [
      ["status", false],
      ["step", false],
      ["accuracy", true],
      ["loss", true],
      ["rate", true],
      ["note", true],
      ["seed", false],
      ["recorded", false],
    ],
  );
  assert.deepEqual(
    groupColumns(columns).map(({ title, count }) => [title, count]),
    [
      ["", 2],
      ["m.json", 2],
      ["p.yaml", 3],
      ["", 1],
    ],
  );
});

test("a status is called as in the sidebar, and as the command line calls it in exports", () => {
  const stopped = rows.slice(0, 1).map((one) => ({ ...one, status: "interrupted" }));
  const shown = tableModel({ ...snapshot, rows: stopped, goals }, defaultChoices);
  const [first] = stopped;
  assert.ok(first);
  assert.equal(viewCell(shown, first, column("status"), 0).text, "stopped");
  assert.match(toCsv(stopped, shown.columns), /,interrupted,/);
});

test("only differences hides equal values, never the checkpoint's own columns, and counts what it hides", () => {
  const { shown, equal, filtered } = chooseColumns(columns, { onlyDifferences: true, filter: "" });
  assert.deepEqual([equal, filtered], [1, 0]);
  assert.ok(!shown.some(({ key }) => key === "seed"));
  assert.ok(shown.some(({ key }) => key === "step"));
  const byName = chooseColumns(columns, { onlyDifferences: false, filter: " P.YAML:ra" });
  assert.deepEqual(
    byName.shown.filter(({ kind }) => kind !== "checkpoint").map(({ key }) => key),
    ["rate"],
  );
  assert.equal(byName.filtered, 4);
});

test("a single row has nothing to differ from", () => {
  const one = tableModel(
    { ...snapshot, rows: rows.slice(0, 1), goals },
    { ...defaultChoices, onlyDifferences: true },
  );
  assert.equal(one.equal, 0);
});

test("sorting: rows without a value come last either way, the baseline first", () => {
  const sorted = (descending: boolean, baseline: string | null = null) =>
    orderRows(rows, columns, { sort: [{ column: column("loss").id, descending }], baseline }).map(
      ({ key }) => key,
    );
  assert.deepEqual(sorted(false), ["c", "a", "b"]);
  assert.deepEqual(sorted(true), ["a", "c", "b"]);
  assert.deepEqual(sorted(false, "b"), ["b", "c", "a"]);
});

test("sorting by several columns, and by a column that is gone", () => {
  const sort = [
    { column: column("rate").id, descending: false },
    { column: column("accuracy").id, descending: true },
  ];
  assert.deepEqual(
    orderRows(rows, columns, { sort, baseline: null }).map(({ key }) => key),
    ["a", "c", "b"],
  );
  assert.deepEqual(
    orderRows(rows, columns, { sort: [{ column: "gone", descending: true }], baseline: null }),
    rows,
  );
});

test("a header goes from ascending to descending to unsorted", () => {
  const first = toggleSort([], "x", false);
  assert.deepEqual(first, [{ column: "x", descending: false }]);
  const both = toggleSort(first, "y", true);
  assert.deepEqual(
    both.map((key) => key.column),
    ["x", "y"],
  );
  const second = toggleSort(both, "x", true);
  assert.deepEqual(second, [
    { column: "x", descending: true },
    { column: "y", descending: false },
  ]);
  assert.deepEqual(toggleSort(second, "x", true), [{ column: "y", descending: false }]);
  assert.deepEqual(toggleSort(second, "x", false), []);
});

test("the best value of each metric with a direction is marked", () => {
  const view = (name: string, key: string) => {
    const found = rows.find((candidate) => candidate.key === name);
    assert.ok(found);
    return viewCell(model(), found, column(key), 0);
  };
  assert.equal(view("b", "accuracy").isBest, true);
  assert.equal(view("c", "loss").isBest, true);
  assert.equal(view("a", "accuracy").isBest, false);
  assert.equal(view("b", "loss").text, "–");
  assert.equal(view("a", "seed").standing, "same");
});

test("beside a baseline, metrics are better or worse by their direction, in words too", () => {
  const [a, b, c] = rows;
  assert.ok(a && b && c);
  const compared = model({ baseline: "a" });
  const accuracy = viewCell(compared, c, column("accuracy"), 0);
  assert.deepEqual([accuracy.standing, accuracy.delta], ["worse", "−0.1"]);
  const loss = viewCell(compared, c, column("loss"), 0);
  assert.deepEqual([loss.standing, loss.delta], ["better", "−0.1"]);
  assert.match(loss.description, /better than baseline 0\.4/);
  assert.equal(viewCell(compared, b, column("rate"), 0).standing, "different");
  assert.equal(viewCell(compared, c, column("rate"), 0).standing, "same");
  assert.equal(viewCell(compared, b, column("loss"), 0).standing, "different");
});

test("differences keep their sign and lose the noise of floating point", () => {
  assert.equal(formatDelta(0.3, 0.1 + 0.2), "±0");
  assert.equal(formatDelta(0.945, 0.9031), "+0.0419");
  assert.equal(formatDelta(1, 3), "−2");
});

test("Markdown and CSV survive bars, commas, quotes and line breaks, and spreadsheets run nothing", () => {
  const { rows: ordered, columns: shown } = model();
  assert.match(toMarkdown(ordered, shown), /x\\\|y, =z/);
  assert.equal(toMarkdown(ordered, shown).trimEnd().split("\n").length, 2 + rows.length);
  assert.match(toCsv(ordered, shown), /"x\|y,\n=z"/);
  const formula = row("=cmd()", { accuracy: -1 });
  const csv = toCsv([formula], columnsOf([formula], {}));
  assert.match(csv, /\r\n'=cmd\(\)@/);
  assert.match(csv, /,-1,/);
});

test("a missed revision makes the page stale until the next snapshot", () => {
  const received = receive({ snapshot: null, isStale: false }, snapshot);
  const options = { name: "calm-otter", length: 40, rate: 0.02, hidden: 64 };
  const seam = { sequence: 41, file: "metrics.json", key: "loss", isJump: true, text: "loss jumped" };
  const appended = receive(received, { ...sampleAppend(options, 2), seams: [seam] });
  assert.deepEqual(appended.snapshot?.lines[1]?.seams, [seam]);
  assert.equal(appended.isStale, false);
  const line = appended.snapshot?.lines[1];
  assert.equal(line?.sequences.length, 41);
  assert.equal(line?.metrics["metrics.json"]?.accuracy?.length, 41);
  assert.equal(appended.snapshot?.rows[1]?.sequence, 41);
  const missed = receive(appended, sampleAppend(options, 4));
  assert.equal(missed.isStale, true);
  assert.equal(missed.snapshot?.lines[1]?.sequences.length, 41);
  assert.equal(receive(missed, { ...snapshot, revision: 9 }).isStale, false);
});

test("an append with a metric that is new, and one without a metric, keep the columns even", () => {
  const received = receive({ snapshot: null, isStale: false }, snapshot);
  const append = sampleAppend({ name: "calm-otter", length: 40, rate: 0.02 }, 2);
  const other = { ...append, point: { ...append.point, metrics: { "new.json": { f1: 1 } } } };
  const line = receive(received, other).snapshot?.lines[1];
  assert.deepEqual(line?.metrics["new.json"]?.f1?.slice(-2), [null, 1]);
  assert.equal(line?.metrics["metrics.json"]?.accuracy?.at(-1), null);
});

test("choices of an earlier life are read one by one", () => {
  assert.deepEqual(parseChoices(null), defaultChoices);
  assert.deepEqual(
    parseChoices({ smoothing: 7, axis: "moon", filter: "loss", sort: [{ column: 1 }], hiddenLines: [1] }),
    {
      ...defaultChoices,
      filter: "loss",
    },
  );
  const kept = { ...defaultChoices, axis: "time", smoothing: 0.5, baseline: "x" } as const;
  assert.deepEqual(parseChoices(JSON.parse(JSON.stringify(kept))), kept);
});

test("a press in the legend shows a line alone, a second one all again", () => {
  const alone = toggleIsolated([], "b", ["a", "b", "c"]);
  assert.deepEqual(alone, ["a", "c"]);
  assert.deepEqual(toggleIsolated(alone, "a", ["a", "b", "c"]), ["b", "c"]);
  assert.deepEqual(toggleIsolated(alone, "b", ["a", "b", "c"]), []);
});
