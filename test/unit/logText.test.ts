import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LogEntry, logText, shownEntries } from "../../src/editor/experimentLog/logText.ts";
import { noAnnotations } from "../../src/engine/store/annotations.ts";
import { checkpoint } from "../support/checkpoint.ts";

const first = checkpoint(1, {
  total: 40,
  metrics: { "metrics.json": { accuracy: 0.5, loss: 1 } },
  params: { "params.yaml": { lr: 0.1, epochs: 40 } },
});
const second = checkpoint(2, {
  total: 40,
  metrics: { "metrics.json": { accuracy: 0.6, loss: 0.5 } },
  params: { "params.yaml": { lr: 0.01, epochs: 40 } },
});

function entry(changes: Partial<LogEntry>): LogEntry {
  return { checkpoint: first, previous: null, isBest: false, isLatest: false, ...changes };
}

describe("the experiment log", () => {
  it("has a block for each checkpoint, with what changed since the one before it", () => {
    const log = logText("amber-heron", [
      entry({ checkpoint: second, previous: first, isBest: true, isLatest: true }),
      entry({}),
    ]);
    assert.equal(
      log.text,
      [
        "amber-heron",
        "",
        "checkpoint amber-heron@2 (best, latest)",
        "    Step:     step 2/40 · train",
        "    Date:     1970-01-01 00:00:02 UTC",
        "    Metrics:  accuracy 0.6 (+0.1 better), loss 0.5 (-0.5 better)",
        "    Params:   lr 0.1 → 0.01",
        "",
        "checkpoint amber-heron@1",
        "    Step:     step 1/40 · train",
        "    Date:     1970-01-01 00:00:01 UTC",
        "    Metrics:  accuracy 0.5, loss 1",
        "    Params:   lr 0.1, epochs 40",
        "",
      ].join("\n"),
    );
    const lines = log.text.split("\n");
    assert.deepEqual(
      log.headings.map((line) => lines[line]?.slice(0, 24)),
      ["checkpoint amber-heron@2", "checkpoint amber-heron@1"],
    );
  });

  it("keeps what has line breaks in its line", () => {
    const annotations = { ...noAnnotations, note: "one\ncheckpoint evil@1\u2028two" };
    const { text } = logText("a", [entry({ checkpoint: { ...first, annotations } })]);
    assert.equal(text.match(/^checkpoint /gm)?.length, 1);
    assert.match(text, /Note: {5}one checkpoint evil@1 two$/m);
  });

  it("says what it leaves out, and that there is nothing", () => {
    const log = logText(
      "a",
      Array.from({ length: shownEntries + 1200 }, () => entry({})),
    );
    assert.equal(log.headings.length, shownEntries);
    assert.match(log.text, /\n1,200 older checkpoints are not listed\.\n$/);
    assert.equal(logText("a", []).text, "a\n\nThere is no checkpoint yet.\n");
  });
});
