import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failureText } from "../../src/editor/labels/failureLabels.ts";
import type { Run } from "../../src/engine/run/run.ts";
import { checkpoint } from "../support/checkpoint.ts";

function failedRun(changes: Partial<Run> = {}, reason = "exit code 3"): Run {
  return {
    id: "r1",
    verb: "run",
    experiment: "amber-heron",
    baseline: "b",
    state: "failed",
    stages: [
      { stage: "prepare", state: "succeeded", reason: "done", launches: [] },
      { stage: "sub/dvc.yaml:train", state: "failed", reason, launches: [] },
    ],
    resumedFrom: null,
    startedAt: 0,
    end: { state: "failed", code: 3, signal: null, at: 1 },
    progress: {
      stage: "sub/dvc.yaml:train",
      step: 12,
      total: 40,
      checkpoints: 12,
      pending: 0,
      remaining: null,
    },
    attention: null,
    skippedCheckpoints: 0,
    place: "workspace",
    directory: "/project",
    readOnly: false,
    ...changes,
  };
}

describe("what is told about a failed run", () => {
  it("names stage, experiment, step and cause", () => {
    const { message } = failureText(failedRun(), null);
    assert.equal(message, "train of amber-heron failed at 12/40: exit code 3.");
  });

  it("leaves out a step that was not reached, and keeps to one line", () => {
    const run = failedRun({ progress: { ...failedRun().progress, step: null } }, "No such file.\nMore\n");
    assert.equal(failureText(run, null).message, "train of amber-heron failed: No such file.");
  });

  it("offers to go on from what the failed stage recorded, not from what a stage before it did", () => {
    const own = checkpoint(12, { stage: "sub/dvc.yaml:train" });
    assert.equal(failureText(failedRun(), own).resumable, own);
    const earlier = checkpoint(1, { stage: "prepare", kind: "stage-end" });
    assert.equal(failureText(failedRun(), earlier).resumable, null);
  });
});
