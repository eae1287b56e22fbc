import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordedText, triedText, valuesMessage } from "../../src/editor/labels/changeLabels.ts";
import { queueRow, queueTooltip } from "../../src/editor/labels/queueLabels.ts";
import {
  draftSweep,
  newDraft,
  type ParamDraft,
  readTyped,
  typedOf,
  withChange,
} from "../../src/editor/params/paramDraft.ts";
import { paramHistories } from "../../src/engine/compare/paramHistory.ts";
import { editableParams } from "../../src/engine/pipeline/editableParams.ts";
import type { Stage } from "../../src/engine/pipeline/stage.ts";
import type { QueuedRun } from "../../src/engine/queue/queuedRun.ts";

const texts = new Map([
  ["params.yaml", 'train:\n  lr: 0.1\n  note: "a, b"\n  layers: [64, 32]\nseed: 7\n"dotted.key": 1\n'],
]);
// Only what a stage says about its params counts here.
const train = { params: [{ file: "params.yaml", keys: ["seed"] }] } as unknown as Stage;

function draft(): ParamDraft {
  const made = newDraft([train], texts);
  assert.ok(made.ok);
  return made.value;
}

function paramOf(made: ParamDraft, key: string) {
  const param = made.params.find((one) => one.key === key);
  assert.ok(param, `no ${key} among ${made.params.map((one) => one.key)}`);
  return param;
}

describe("params to change", () => {
  it("come with those of the stage first, without keys that can't be addressed", () => {
    const { params } = draft();
    assert.deepEqual(
      params.map(({ key, isTracked }) => [key, isTracked]),
      [
        ["seed", true],
        ["train.lr", false],
        ["train.note", false],
        ["train.layers", false],
      ],
    );
    const empty = editableParams([train], new Map([["params.yaml", ""]]));
    assert.ok(!empty.ok);
    assert.match(empty.problem.message, /nothing to set in params\.yaml/);
  });

  it("are no change when the present value is typed, also a text with a comma", () => {
    const made = draft();
    for (const param of made.params) {
      assert.deepEqual(readTyped(made, param, typedOf(made, param)), { ok: true, value: null });
    }
  });

  it("become a sweep in the order of the list, and a change can be taken back", () => {
    let made = draft();
    for (const [key, typed] of [
      ["train.lr", "0.1, 0.2"],
      ["seed", "uniform(1, 9)"],
    ] as const) {
      const read = readTyped(made, paramOf(made, key), typed);
      assert.ok(read.ok, key);
      made = withChange(made, paramOf(made, key), read.value);
    }
    assert.deepEqual(
      draftSweep(made).axes.map(({ key }) => key),
      ["seed", "train.lr"],
    );
    assert.equal(typedOf(made, paramOf(made, "train.lr")), "0.1, 0.2");
    assert.equal(typedOf(made, paramOf(made, "seed")), "uniform(1, 9)");
    made = withChange(made, paramOf(made, "seed"), null);
    assert.deepEqual(
      draftSweep(made).axes.map(({ key }) => key),
      ["train.lr"],
    );
  });

  it("say what is wrong with what is typed", () => {
    const made = draft();
    const wrong = readTyped(made, paramOf(made, "seed"), "1.5");
    assert.ok(!wrong.ok);
    assert.match(wrong.problem.message, /'seed' in params\.yaml is a whole number, but '1\.5' is not/);
  });
});

describe("words for params and queued runs", () => {
  it("tell several values, and nothing of a single one", () => {
    const axis = { file: "params.yaml", key: "lr" };
    assert.equal(valuesMessage({ ...axis, values: { kind: "listed", texts: ["1"] } }), null);
    const texts = Array.from({ length: 9 }, (_, index) => String(index));
    assert.equal(
      valuesMessage({ ...axis, values: { kind: "listed", texts } }),
      "9 values: 0, 1, 2, 3, 4, 5, 6, 7, …",
    );
  });

  it("leave out what is as it is now", () => {
    assert.equal(triedText(paramHistories([], null).get("params.yaml:lr"), 0.1), null);
    assert.equal(recordedText(7n, 7), null);
    assert.equal(recordedText(0.1, 0.05), "0.05 at the checkpoint");
  });

  const queued: QueuedRun = {
    id: "q1",
    name: "amber-heron-lr-0.1",
    verb: "fork",
    stages: ["train"],
    set: [{ file: "params.yaml", key: "train.lr", value: "0.1" }],
    from: "calm-otter@12",
    state: "waiting",
    addedAt: 0,
    runId: null,
    problem: null,
  };

  it("show a queued run with its place while it waits, and with its problem when it failed", () => {
    const waiting = queueRow({ queued, place: 2, run: null });
    assert.equal(waiting.description, "#2 · lr 0.1 · forks calm-otter@12 · train");
    assert.match(waiting.accessibleLabel, /^amber-heron-lr-0\.1, waits for its turn, #2/);
    const failed = { ...queued, state: "failed", problem: "No <b>disk</b>." } as const;
    assert.match(queueRow({ queued: failed, place: null, run: null }).description, /^No <b>disk/);
    assert.match(queueTooltip({ queued: failed, place: null, run: null }, 0), /No &lt;b\\>disk/);
  });
});
