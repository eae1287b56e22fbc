import type { GivenAnswer } from "./openQuestion.ts";

/** What the environment of a stage's commands is made from. */
export interface StageEnvironment {
  readonly root: string;
  readonly runId: string;
  readonly stage: string;
  readonly experiment: string;
  readonly baseline: string;
  readonly heartbeatFile: string;
  /** Absolute paths of what goes back with a checkpoint of the stage. */
  readonly outputs: readonly string[];
  /** Which time the code runs, counted from 1. */
  readonly iteration: number;
  /** `null` when the stage starts fresh. */
  readonly resumed: { readonly step: number | null; readonly answer: GivenAnswer | null } | null;
}

/**
 * The variables by which training code and DVC's own libraries know where they run. `null` takes one away that this
 * process may have inherited from another run.
 */
export function stageVariables(of: StageEnvironment): { readonly [name: string]: string | null } {
  const step = of.resumed?.step ?? null;
  return {
    DVC_ROOT: of.root,
    DVC_CHECKPOINT: "1",
    DVC_EXP_BASELINE_REV: of.baseline,
    DVC_EXP_NAME: of.experiment,
    DVC_STAGE: of.stage,
    DVCLIVE_RESUME: of.resumed ? "1" : null,
    SAVEPOINT_RUN: of.runId,
    SAVEPOINT_RESUMED_STEP: step === null ? null : String(step),
    SAVEPOINT_ITERATION: String(of.iteration),
    SAVEPOINT_HEARTBEAT: of.heartbeatFile,
    SAVEPOINT_OUTPUTS: of.outputs.join("\n"),
    SAVEPOINT_ANSWER: of.resumed?.answer ? JSON.stringify(of.resumed.answer) : null,
  };
}
