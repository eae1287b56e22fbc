import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupHover, metricHover, paramHover, stageHover } from "../../src/editor/labels/hoverLabels.ts";
import { bestHint, paramLens, triedRow } from "../../src/editor/labels/triedLabels.ts";
import { summarizeMetric } from "../../src/engine/compare/metricSummary.ts";
import { type ParamHistory, paramHistories } from "../../src/engine/compare/paramHistory.ts";
import type { Value } from "../../src/engine/model.ts";
import { checkpoint, experiment, measured } from "../support/experiments.ts";

const accuracy = { key: "metrics.json:accuracy", goal: "maximize" } as const;
const draw = () => "data:image/svg+xml;base64,AA";

function history(tried: readonly (readonly [Value, number | null])[]): ParamHistory {
  const all = tried.map(([lr, value], index) =>
    experiment(`run-${index}`, [
      checkpoint({
        sequence: 1,
        params: { "params.yaml": { lr } },
        metrics: value === null ? {} : { "metrics.json": { accuracy: value } },
      }),
    ]),
  );
  const found = paramHistories(all, accuracy).get("params.yaml:lr");
  assert.ok(found);
  return found;
}

const names = "a](command:evil) | $(x) <b> `c`";

describe("hovers", () => {
  it("show a parameter's values with the best first", () => {
    const text = paramHover(
      "/p",
      history([
        [0.1, 0.8],
        [0.01, 0.9],
        [1, 0.5],
      ]),
      draw,
    );
    assert.match(text, /^\*\*lr\*\* · 3 values tried · 0\.01 to 1\n/);
    assert.match(
      text,
      /\| 0\\\.01 \| &nbsp;&nbsp;&nbsp;\*\*0\\\.9\*\* \| &nbsp;&nbsp;&nbsp;\[run\\-1 · step 10\]\(command:savepoint\.reveal\?/,
    );
    assert.match(text, /!\[accuracy from the smallest lr to the largest\]\(data:/);
    assert.match(text, /\[\$\(list-ordered\) All 3 values…\]\(command:savepoint\.showTriedValues\?/);
  });

  it("never let a name or a value become a link, a cell, an icon or a tag", () => {
    const all = [experiment(names, [measured(1, { [names]: 1 }), measured(2, { [names]: 2 })])];
    const summary = summarizeMetric(all, `metrics.json:${names}`, "minimize");
    assert.ok(summary);
    const texts = [
      metricHover("/p", [summary], draw),
      paramHover(
        "/p",
        history([
          [names, 0.1],
          ["b", 0.2],
        ]),
        draw,
      ),
      stageHover(
        {
          target: { kind: "stage", root: "/p(1)", stage: names },
          newest: measured(1, {}),
          count: 1,
          summary,
          canResume: true,
          canDebug: true,
        },
        draw,
        0,
      ),
    ];
    for (const text of texts) {
      assert.ok(!text.includes("(command:evil)"), text);
      assert.ok(!/(?<!\\)<b>/.test(text), text);
      assert.ok(!/(?<!\\)\$\(x\)/.test(text), text);
      // Every row has its three cells and no more.
      for (const row of text.split("\n").filter((line) => line.startsWith("| "))) {
        assert.equal(row.match(/(?<!\\)\|/g)?.length, 4, row);
      }
      for (const [, target] of text.matchAll(/\]\((command:[^)]*)\)/g)) {
        assert.match(target ?? "", /^command:savepoint\.\w+\?[\w%.~!*'-]+$/);
      }
    }
  });

  it("show several metrics of a file in one table", () => {
    const all = [experiment("heron", [measured(1, { loss: 3, flux: 5 }), measured(2, { loss: 1, flux: 7 })])];
    const summaries = ["loss", "flux"].flatMap(
      (key) => summarizeMetric(all, `metrics.json:${key}`, null) ?? [],
    );
    const rows = metricHover("/p", summaries, draw).replaceAll("&nbsp;", "").split("\n");
    assert.deepEqual(rows.slice(0, 4), [
      "|  | last | best | min | max |",
      "|:--|--:|--:|--:|--:|",
      "| loss | 1 | **1** | 1 | 3 |",
      "| flux | 7 |  | 5 | 7 |",
    ]);
  });

  it("show a group of parameters by how many values each was tried with", () => {
    const varied = {
      ...history([
        [0.1, 0.8],
        [0.01, 0.9],
      ]),
      key: "train.lr",
    };
    const fixed = { ...history([[7, 0.8]]), key: "train.opt.seed" };
    const rows = groupHover("train", [fixed, varied]).replaceAll("&nbsp;", "").split("\n");
    assert.deepEqual(rows.slice(0, 6), [
      "**train**",
      "",
      "|  | values tried | best |",
      "|:--|--:|:--|",
      "| lr | 2 | 0\\.01 |",
      "| opt\\.seed | 1 | 7 |",
    ]);
  });

  it("offer to resume only where it can be done", () => {
    const hover = {
      target: { kind: "stage", root: "/p", stage: "train" },
      newest: measured(3, {}),
      count: 3,
      summary: null,
      canDebug: true,
    } as const;
    assert.match(stageHover({ ...hover, canResume: true }, draw, 0), /savepoint\.resume/);
    assert.doesNotMatch(stageHover({ ...hover, canResume: false }, draw, 0), /savepoint\.(resume|debug)/);
  });
});

describe("words about tried values", () => {
  it("name the best where there is one", () => {
    assert.equal(
      paramLens(
        history([
          [0.1, 0.8],
          [0.01, 0.9],
        ]),
      ).title,
      "2 values tried, best 0.01",
    );
    assert.equal(
      paramLens(
        history([
          [0.1, null],
          ["x", null],
        ]),
      ).title,
      "2 values tried",
    );
    assert.equal(
      bestHint(
        history([
          [0.1, 0.8],
          [0.01, 0.9],
        ]),
      )?.label,
      "best 0.01",
    );
    assert.equal(bestHint(history([[0.1, 0.8]])), null);
  });

  it("keep long values and such with icons in bounds", () => {
    const long = history([
      [`$(trash)${"x".repeat(60)}`, 0.9],
      ["b", 0.1],
    ]);
    assert.equal(paramLens(long).title, "2 values tried, best \\$(trash)xxxxxxxxxxxxxxx…");
    const [first] = long.values;
    assert.ok(first);
    assert.match(triedRow(first, long).label, /^\$\(star-full\) \\\$\(trash\)x+…$/);
  });
});
