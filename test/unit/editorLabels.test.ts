import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkpointPlace,
  checkpointRow,
  checkpointTooltip,
} from "../../src/editor/labels/checkpointLabels.ts";
import { experimentRow, experimentTooltip } from "../../src/editor/labels/experimentLabels.ts";
import { callLenses, stageLenses } from "../../src/editor/labels/lensLabels.ts";
import { metricTexts } from "../../src/editor/labels/metricLabels.ts";
import { escapeMarkdown } from "../../src/editor/labels/rowText.ts";
import {
  launchTexts,
  progressText,
  runProgressText,
  runStatusText,
} from "../../src/editor/labels/runLabels.ts";
import type { LineSeam } from "../../src/engine/compare/lineSeams.ts";
import type { Drift } from "../../src/engine/environment/drift.ts";
import type { Run } from "../../src/engine/run/run.ts";
import { checkpoint } from "../support/checkpoint.ts";

const metrics = { "metrics.json": { loss: 0.31, accuracy: 0.9142, classes: { "0": { f1: 0.9 } } } };
const minute = 60_000;

function run(changes: Partial<Run> = {}): Run {
  return {
    id: "r1",
    verb: "run",
    experiment: "amber-heron",
    baseline: "b",
    state: "running",
    stages: [{ stage: "train", state: "running", reason: "", launches: [] }],
    resumedFrom: null,
    startedAt: 0,
    end: null,
    progress: { stage: "train", step: 12, total: 40, checkpoints: 12, pending: 0, remaining: 4 * minute },
    attention: null,
    skippedCheckpoints: 0,
    place: "workspace",
    directory: "/project",
    readOnly: false,
    ...changes,
  };
}

describe("labels of checkpoints", () => {
  it("say where it is in the code's words", () => {
    assert.equal(checkpointPlace(checkpoint(5, { name: "epoch-5" })), "epoch 5");
    assert.equal(checkpointPlace(checkpoint(5, { step: 1200, total: 2000 })), "step 1,200");
    assert.equal(checkpointPlace(checkpoint(5, { step: null, kind: "stage-end" })), "end of train");
    assert.equal(checkpointPlace(checkpoint(5, { step: null })), "#5");
  });

  it("put the deciding metric first and details last", () => {
    const one = checkpoint(1, { metrics });
    assert.deepEqual(metricTexts(one, "metrics.json:accuracy", 2), ["acc 0.9142", "loss 0.31"]);
    assert.deepEqual(metricTexts(one, null, 3), ["loss 0.31", "acc 0.9142", "f1 0.9"]);
    assert.deepEqual(metricTexts(checkpoint(1), null, 3), []);
  });

  it("mark the best, and say so to a screen reader", () => {
    const row = checkpointRow(
      checkpoint(3, { metrics }),
      { isBest: true, isLatest: false, metric: "accuracy" },
      63_000,
    );
    assert.equal(row.icon, "star-full");
    assert.equal(row.description, "acc 0.9142 · 1 min");
    assert.match(row.accessibleLabel, /^step 3, best, acc 0.9142, loss 0.31, 1 min ago/);
  });

  it("tell in what environment a checkpoint was recorded, and what is other now", () => {
    const recorded = { python: "3.11.2", packages: { numpy: "1.26.4", torch: "2.1.0" }, node: null };
    const items = [
      { name: "Python", before: "3.11.2", after: "3.12.1" },
      { name: "numpy", before: "1.26.4", after: "2.1.0" },
    ];
    const tooltip = (drift: Drift) =>
      checkpointTooltip(
        checkpoint(1),
        { isBest: false, isLatest: true, metric: null, environment: drift },
        0,
      ).replaceAll("\\", "");
    assert.match(
      tooltip({ recorded, now: recorded, items: [] }),
      /\$\(package\) Python 3.11.2, 2 packages\n?/,
    );
    assert.match(
      tooltip({ recorded, now: recorded, items }),
      /now Python 3.11.2 → 3.12.1; numpy 1.26.4 → 2.1.0/,
    );
    assert.doesNotMatch(tooltip({ recorded: null, now: null, items: [] }), /package/);
  });

  it("keep names from acting as Markdown", () => {
    const tooltip = checkpointTooltip(
      checkpoint(1, { name: "[x](command:evil) | <b>", params: { "p.yaml": { "a|b": "$(rocket)" } } }),
      { isBest: false, isLatest: true, metric: null },
      0,
    );
    assert.ok(!tooltip.includes("](command:"), tooltip);
    assert.ok(!tooltip.includes("<b>"), tooltip);
    assert.ok(!tooltip.includes("| $(rocket)"), tooltip);
    assert.equal(escapeMarkdown("a\nb"), "a b");
  });
});

describe("labels of runs", () => {
  it("tell progress", () => {
    assert.equal(progressText(run().progress), "12/40 · 30 % · 4 min left");
    assert.equal(progressText({ ...run().progress, total: null, remaining: null }), "step 12");
    assert.equal(progressText({ ...run().progress, step: null, remaining: null }), "");
    assert.equal(progressText({ ...run().progress, step: 50, remaining: null }), "50/40 · 100 %");
  });

  it("fit the status bar", () => {
    const text = runStatusText(
      run(),
      checkpoint(12, { metrics: { "m.json": { loss: 0.3, acc: 0.914 } } }),
      "m.json:acc",
      { running: 0, waiting: 2 },
    );
    assert.equal(text, "train 12/40 · 30 % · acc 0.914 · 4 min left · 2 queued");
  });
});

describe("a run that waits for a decision", () => {
  const waiting = run({ attention: { message: "The disk is full.", choices: ["retry", "skip", "stop"] } });

  it("says so instead of a time that is left", () => {
    const text = runStatusText(waiting, null, null, { running: 0, waiting: 0 });
    assert.equal(text, "train 12/40 · waits for your decision");
    assert.equal(runProgressText(waiting), "12/40 · waits for your decision");
  });
});

describe("rows of experiments", () => {
  const experiment = {
    name: "brisk-wren",
    ref: "refs/exps/x/brisk-wren",
    baseline: "b",
    createdAt: 0,
    resumedFrom: { experiment: "calm-otter", sequence: 20, sha: "s" },
    checkpoints: [checkpoint(21, { metrics })],
  };

  it("name the origin of a fork, and where a stopped one stands", () => {
    const row = experimentRow(
      {
        experiment,
        status: "interrupted",
        run: null,
        best: null,
        seam: null,
        moved: null,
        newestRun: null,
        missingStage: null,
      },
      21_000 + 3 * minute,
    );
    assert.equal(row.description, "loss 0.31 · stopped at step 21 · 3 min · from calm-otter@20");
    assert.equal(row.icon, "warning");
    assert.equal(row.label, "↳ brisk-wren");
    assert.ok(!row.accessibleLabel.includes("↳"), row.accessibleLabel);
  });

  it("say what a rewritten baseline was, and where its experiments are listed now", () => {
    const baseline = { sha: "9f8e7d6".padEnd(40, "0"), subject: "wider *layer*", createdAt: 0, branch: null };
    const home = { sha: "a1b2c3d".padEnd(40, "0"), relation: "successor" as const };
    const state = {
      experiment,
      status: "succeeded" as const,
      run: null,
      best: null,
      seam: null,
      moved: { baseline, home },
      newestRun: null,
      missingStage: null,
    };
    assert.match(experimentRow(state, 0).description, / · grew on 9f8e7d6$/);
    const rewritten = /grew on 9f8e7d6 “wider \\\*layer\\\*”, since rewritten as a1b2c3d/;
    assert.match(experimentTooltip(state, 0), rewritten);
  });

  it("mark that training jumped when it went on, and say how in the tooltip", () => {
    const loss = { verdict: "worse", expected: 0.5, actual: 0.69, change: 0.38, excess: 2 } as const;
    const seam: LineSeam = {
      checkpoint: checkpoint(21, { metrics }),
      origin: { experiment: "calm-otter", sequence: 20, sha: "s" },
      metrics: [{ ...loss, file: "metrics.json", key: "loss" }],
    };
    const state = {
      experiment,
      status: "succeeded",
      run: null,
      best: null,
      seam,
      moved: null,
      newestRun: null,
      missingStage: null,
    } as const;
    const row = experimentRow(state, 0);
    assert.match(row.description, /^↯ loss 0.31 · step 21/);
    assert.match(row.accessibleLabel, /, loss jumped by 38 %, loss 0.31, step 21/);
    assert.match(experimentTooltip(state, 0), /\$\(warning\) loss jumped by 38 % after calm\\-otter@20/);
    const marks = { isBest: false, isLatest: true, metric: null, seam };
    assert.match(checkpointRow(seam.checkpoint, marks, 0).description, /^↯ loss jumped by 38 % · /);
    const calm: LineSeam = { ...seam, metrics: [{ ...seam.metrics[0], verdict: "continuous" }] };
    assert.doesNotMatch(experimentRow({ ...state, seam: calm }, 0).description, /↯/);
    assert.match(experimentTooltip({ ...state, seam: calm }, 0), /continuous after calm/);
  });

  it("spin while it runs", () => {
    const row = experimentRow(
      {
        experiment,
        status: "running",
        run: run(),
        best: null,
        seam: null,
        moved: null,
        newestRun: null,
        missingStage: null,
      },
      0,
    );
    assert.equal(row.icon, "loading~spin");
    assert.match(row.description, /^12\/40 · loss 0.31/);
  });
});

describe("lenses", () => {
  const titles = (texts: readonly { readonly title: string }[]) =>
    texts.map(({ title }) => title.replaceAll(/\$\([^)]*\) /g, ""));
  const newest = checkpoint(11, { name: "epoch-11" });
  const trained = {
    run: null,
    newest,
    changed: [],
    count: 12,
    variants: 1,
    status: undefined,
    isTraining: true,
    isRunnable: true,
    isDebuggable: false,
  } as const;

  it("keep their number and order while the state changes", () => {
    const idle = stageLenses(trained);
    const running = stageLenses({ ...trained, run: run() });
    assert.deepEqual(titles(idle), ["Run", "Resume from epoch 11", "12 checkpoints…", "Compare"]);
    assert.deepEqual(titles(running), ["Stop", "12/40 · 30 % · 4 min left", "12 checkpoints…", "Compare"]);
  });

  it("leave a run alone that another window or terminal has started, and are as many", () => {
    const elsewhere = { ...trained, run: { ...run(), readOnly: true }, isDebuggable: true };
    const lenses = [stageLenses(elsewhere), callLenses(elsewhere)];
    assert.deepEqual(lenses.map(titles), [
      ["Runs elsewhere", "12/40 · 30 % · 4 min left", "12 checkpoints…", "Compare"],
      ["Runs elsewhere", "12/40 · 30 % · 4 min left", "Output"],
    ]);
    assert.deepEqual(
      lenses.map((texts) => texts.map(({ action }) => action)),
      [
        ["none", "terminal", "pick", "compare"],
        ["none", "terminal", "terminal"],
      ],
    );
  });

  it("say what changed since the checkpoint that would be resumed", () => {
    const cause = (path: string | null, text: string) => ({ path, text, before: null, now: null });
    const changed = [cause("src/train.py", "dependency 'src/train.py' changed")];
    const [, one] = stageLenses({ ...trained, changed });
    assert.equal(one?.title, "$(debug-continue) Resume from epoch 11 (train.py changed)");
    assert.match(one?.tooltip ?? "", /\n• dependency 'src\/train.py' changed$/);
    const params = [
      cause("params.yaml", "parameter 'lr' changed"),
      cause("params.yaml", "parameter 'seed' changed"),
    ];
    const [second] = callLenses({ ...trained, changed: [...changed, ...params] });
    assert.equal(second?.title, "$(debug-continue) Resume from epoch 11 (2 files changed)");
    const [, unknown] = stageLenses({ ...trained, changed: [cause(null, "it is not recorded")] });
    assert.equal(unknown?.title, "$(debug-continue) Resume from epoch 11");
  });

  it("lead to a menu where one definition generates several stages that can be resumed", () => {
    const lenses = stageLenses({ ...trained, variants: 3 });
    assert.deepEqual(titles(lenses), ["Run", "Resume one of 3…", "12 checkpoints…", "Compare"]);
  });

  it("never offer what would fail", () => {
    const never = {
      run: null,
      newest: null,
      changed: [],
      count: 0,
      variants: 0,
      status: { kind: "never-run" },
      isRunnable: true,
      isDebuggable: true,
    } as const;
    const actions = (isTraining: boolean) =>
      stageLenses({ ...never, isTraining }).map(({ action }) => action);
    assert.deepEqual(actions(true), ["run", "learn"]);
    assert.deepEqual(actions(false), ["run", "none"]);
    const broken = stageLenses({ ...never, isTraining: true, isRunnable: false });
    assert.deepEqual(
      broken.map(({ action }) => action),
      ["problems"],
    );
  });

  it("lead with resuming above a call", () => {
    assert.deepEqual(titles(callLenses(trained)), ["Resume from epoch 11", "Pick…"]);
  });

  it("offer a debugger above a call where there is one, and are as many at any time", () => {
    const debuggable = { ...trained, isDebuggable: true };
    const lenses = [
      callLenses(debuggable),
      callLenses({ ...debuggable, run: run() }),
      callLenses({ ...debuggable, newest: null, count: 0 }),
      callLenses({ ...debuggable, newest: checkpoint(12, { kind: "stage-end" }) }),
    ];
    assert.deepEqual(lenses.map(titles), [
      ["Resume from epoch 11", "Debug from epoch 11", "Pick…"],
      ["Stop", "12/40 · 30 % · 4 min left", "Record Now"],
      ["Run", "No training checkpoints yet", "Debug"],
      ["Resume from end of train", "Debug", "Pick…"],
    ]);
  });
});

describe("launches", () => {
  const experiment = {
    name: "brisk-wren",
    ref: "refs/exps/x/brisk-wren",
    baseline: "b",
    createdAt: 0,
    resumedFrom: { experiment: "calm-otter", sequence: 20, sha: "s" },
    checkpoints: [checkpoint(21, { metrics })],
  };

  const launch = {
    iteration: 1,
    startedAt: 0,
    from: null,
    end: { state: "failed", reason: "exit code 3", at: 1 },
  } as const;
  const stage = { stage: "sub/dvc.yaml:train", state: "running", reason: "" } as const;

  it("say nothing of a stage that simply ran", () => {
    assert.deepEqual(launchTexts(run({ stages: [{ ...stage, launches: [launch] }] })), []);
  });

  it("tell from what each went on, and how it ended", () => {
    const second = { ...launch, iteration: 2, from: "amber-heron@2, step 2/5", end: null };
    assert.deepEqual(launchTexts(run({ stages: [{ ...stage, launches: [launch, second] }] })), [
      "train, launch 1 · fresh · exit code 3",
      "train, launch 2 · iteration 2 · from amber-heron@2, step 2/5 · running",
    ]);
  });

  it("stand in the tooltip of their experiment, and a stage that is gone is told there", () => {
    const newestRun = run({
      stages: [{ ...stage, launches: [{ ...launch, from: "calm-otter@3 (as asked for)" }] }],
    });
    const state = { experiment, status: "failed", run: null, best: null, seam: null, moved: null } as const;
    const text = experimentTooltip({ ...state, newestRun, missingStage: "train" }, minute);
    assert.match(text, /- train · from calm\\-otter@3 \\\(as asked for\\\) · exit code 3/);
    assert.match(text, /\$\(circle-slash\) Stage train is not in dvc\.yaml any more/);
  });
});
