import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { defaultSettings } from "../../src/engine/pipeline/settings.ts";
import type { Stage, StageStatus } from "../../src/engine/pipeline/stage.ts";
import { planContinued, planFresh, stageToContinue } from "../../src/engine/run/plan.ts";
import type { StageRecord } from "../../src/engine/run/record.ts";
import { noAnnotations } from "../../src/engine/store/annotations.ts";

function stage(
  name: string,
  dependencies: readonly string[],
  outputs: readonly string[],
  more: Partial<Stage> = {},
): Stage {
  return {
    name,
    address: name,
    file: "dvc.yaml",
    definition: name,
    lines: { start: 0, end: 1 },
    commands: ["true"],
    lockedCommand: "true",
    workingDirectory: "",
    dependencies,
    params: [],
    outputs: outputs.map((path) => ({
      path,
      kind: "output",
      cache: true,
      persist: false,
      checkpoint: false,
    })),
    frozen: false,
    alwaysChanged: false,
    description: null,
    settings: defaultSettings,
    ...more,
  };
}

const prepare = stage("prepare", ["raw.csv"], ["data"]);
const train = stage("train", ["data/train.csv"], ["model.json"]);
const evaluate = stage("evaluate", ["model.json"], ["scores.json"]);
const report = stage("report", ["notes.md"], ["report.html"]);
const all = [prepare, train, evaluate, report];

const upToDate: StageStatus = { kind: "up-to-date" };
const changed: StageStatus = {
  kind: "changed",
  reasons: ["dependency 'raw.csv' changed", "params.yaml:lr changed"],
  causes: [],
};

function statuses(of: { readonly [stage: string]: StageStatus }): ReadonlyMap<string, StageStatus> {
  return new Map(all.map(({ address }) => [address, of[address] ?? upToDate]));
}

function states(records: readonly StageRecord[]) {
  return records.map(({ stage, state, reason }) => `${stage.address} ${state}: ${reason}`);
}

function checkpoint(of: Partial<Checkpoint>): Checkpoint {
  return {
    sha: "a".repeat(40),
    parent: "b".repeat(40),
    experiment: "amber-heron",
    sequence: 11,
    step: 11,
    total: null,
    name: null,
    kind: "signal",
    stage: "train",
    run: "run",
    createdAt: 0,
    metrics: {},
    params: {},
    outs: [],
    metadata: {},
    resumedFrom: null,
    warning: null,
    question: null,
    annotations: noAnnotations,
    ...of,
  };
}

const midway = { isStageEnd: false, pending: new Set<string>(), forced: new Set<string>() };
const atEnd = { isStageEnd: true, pending: new Set<string>(), forced: new Set<string>() };

test("a fresh run says of each stage why it runs or not", () => {
  const plan = planFresh(
    { stages: all, statuses: statuses({ prepare: changed, train: { kind: "never-run" } }) },
    new Set(),
  );
  assert.ok(plan.ok);
  assert.deepEqual(states(plan.value), [
    "prepare waiting: dependency 'raw.csv' changed; params.yaml:lr changed",
    "train waiting: depends on prepare, which runs first",
    "evaluate waiting: depends on train, which runs first",
    "report skipped: up to date",
  ]);
});

test("nothing to do is a refusal that names the way out", () => {
  const nothing = planFresh({ stages: all, statuses: statuses({}) }, new Set());
  assert.ok(!nothing.ok && nothing.problem.reason === "up-to-date");
  assert.match(nothing.problem.message, /force/);
});

test("forced stages run although they are up to date, and what needs them is looked at again", () => {
  const plan = planFresh({ stages: all, statuses: statuses({}) }, new Set(["train"]));
  assert.ok(plan.ok);
  assert.deepEqual(states(plan.value), [
    "prepare skipped: up to date",
    "train waiting: forced",
    "evaluate waiting: depends on train, which runs first",
    "report skipped: up to date",
  ]);
  assert.deepEqual(
    plan.value.map(({ isForced }) => isForced),
    [false, true, false, false],
  );
});

test("a stage that can't run refuses the run, unless what it lacks is made first", () => {
  const blocked: StageStatus = { kind: "blocked", reason: "Its dependency 'data/train.csv' is not there" };
  for (const forced of [new Set<string>(), new Set(["train"])]) {
    const refused = planFresh({ stages: all, statuses: statuses({ train: blocked }) }, forced);
    assert.ok(!refused.ok && refused.problem.reason === "blocked");
    assert.match(refused.problem.message, /^train can't run\. Its dependency/);
    assert.ok(
      planFresh({ stages: all, statuses: statuses({ prepare: changed, train: blocked }) }, forced).ok,
    );
  }
});

test("frozen stages are left alone", () => {
  const stages = [{ ...prepare, frozen: true }, train];
  const plan = planFresh(
    { stages, statuses: statuses({ prepare: changed, train: changed }) },
    new Set(["prepare"]),
  );
  assert.ok(plan.ok);
  assert.deepEqual(
    plan.value.map(({ state }) => state),
    ["skipped", "waiting"],
  );
});

test("a frozen stage is not run by force, and that is not promised", () => {
  const stages = [prepare, { ...train, frozen: true }];
  for (const forced of [new Set(["train"]), new Set<string>()]) {
    const plan = planFresh(
      { stages: forced.size > 0 ? stages : stages.slice(1), statuses: statuses({}) },
      forced,
    );
    assert.ok(!plan.ok && plan.problem.reason === "up-to-date");
    assert.match(plan.problem.message, /^train is frozen in dvc\.yaml, so nothing is run\./);
  }
});

test("a pipeline without stages is a refusal", () => {
  const plan = planFresh({ stages: [], statuses: new Map() }, new Set());
  assert.ok(!plan.ok && plan.problem.reason === "no-stages");
});

test("a checkpoint from the middle of a stage is gone on from, with all that follows the stage", () => {
  const plan = planContinued({ stages: all, statuses: statuses({}) }, checkpoint({}), midway, false);
  assert.ok(plan.ok);
  assert.equal(plan.value.resumed, train);
  assert.deepEqual(states(plan.value.stages), [
    "train waiting: goes on from step 11",
    "evaluate waiting: depends on train",
  ]);
});

test("a checkpoint from the end of a stage is gone on from behind it", () => {
  const end = checkpoint({ kind: "stage-end" });
  const plan = planContinued({ stages: all, statuses: statuses({ evaluate: changed }) }, end, atEnd, false);
  assert.ok(plan.ok);
  assert.equal(plan.value.resumed, null);
  assert.deepEqual(
    plan.value.stages.map(({ stage: { address }, state }) => `${address} ${state}`),
    ["train skipped", "evaluate waiting"],
  );
});

test("a finished stage is gone on with when something changed, or by force; else it is refused", () => {
  const end = checkpoint({ kind: "stage-end" });
  const withParams = planContinued(
    { stages: all, statuses: statuses({ train: changed }) },
    end,
    atEnd,
    false,
  );
  assert.equal(withParams.ok && withParams.value.resumed, train);
  const forced = planContinued({ stages: all, statuses: statuses({}) }, end, atEnd, true);
  assert.equal(forced.ok && forced.value.resumed, train);
  const refused = planContinued({ stages: all, statuses: statuses({}) }, end, atEnd, false);
  assert.ok(!refused.ok && refused.problem.reason === "up-to-date");
});

test("what the run had not done yet is done beside what follows", () => {
  const left = { pending: new Set(["train", "report"]) };
  const inMiddle = planContinued(
    { stages: all, statuses: statuses({}) },
    checkpoint({}),
    { ...midway, ...left },
    false,
  );
  assert.ok(inMiddle.ok);
  assert.deepEqual(states(inMiddle.value.stages), [
    "train waiting: goes on from step 11",
    "evaluate waiting: depends on train",
    "report waiting: was not done yet at amber-heron@11",
  ]);
  const end = checkpoint({ kind: "stage-end" });
  const behind = planContinued(
    { stages: all, statuses: statuses({ report: { kind: "never-run" } }) },
    end,
    { ...atEnd, ...left },
    false,
  );
  assert.ok(behind.ok);
  assert.deepEqual(states(behind.value.stages), [
    "train skipped: ended with amber-heron@11",
    "evaluate skipped: up to date",
    "report waiting: never run",
  ]);
  const forced = planContinued(
    { stages: all, statuses: statuses({}) },
    end,
    { ...atEnd, ...left, forced: new Set(["report"]) },
    false,
  );
  assert.ok(forced.ok);
  assert.equal(states(forced.value.stages)[2], "report waiting: forced");
});

test("a stage that is gone from dvc.yaml is named", () => {
  for (const gone of ["fine-tune", null]) {
    const plan = planContinued(
      { stages: all, statuses: statuses({}) },
      checkpoint({ stage: gone }),
      midway,
      false,
    );
    assert.ok(!plan.ok && plan.problem.reason === "stage-missing");
  }
});

test("a checkpoint of another program goes on at the stage that keeps its outputs, or at the last one", () => {
  const output = (path: string) => ({
    path,
    hash: "0".repeat(32),
    size: 1,
    fileCount: null,
    isExecutable: false,
    cached: true,
    legacy: false,
  });
  const foreign = (...paths: string[]) =>
    checkpoint({ kind: "foreign", stage: null, run: null, step: null, outs: paths.map(output) });
  const continued = (stages: readonly Stage[], of: Checkpoint) => {
    const found = stageToContinue(stages, of);
    return found.ok ? found.value.address : found.problem.message;
  };
  assert.equal(continued(all, foreign("data", "model.json")), "train");
  assert.equal(continued(all, foreign("data", "model.json", "scores.json")), "evaluate");
  const [kept] = train.outputs;
  assert.ok(kept);
  const keeping: Stage = { ...train, outputs: [{ ...kept, persist: true }] };
  const stages = [prepare, keeping, evaluate, report];
  assert.equal(continued(stages, foreign("data", "model.json", "scores.json", "report.html")), "train");
  assert.match(
    continued(all, foreign("data", "model.json", "scores.json", "report.html")),
    /goes on from it: evaluate or report\. Apply the checkpoint|evaluate or report\. Apply it/,
  );
  assert.match(continued(all, foreign("other")), /holds no output of a stage in dvc\.yaml/);
});
