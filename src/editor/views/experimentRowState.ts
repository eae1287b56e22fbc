import * as vscode from "vscode";
import { seamOfRun } from "../../engine/compare/lineSeams.ts";
import { experimentStatus } from "../../engine/compare/status.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Drift } from "../../engine/environment/drift.ts";
import { recordedEnvironment } from "../../engine/environment/recordedEnvironment.ts";
import type { Checkpoint, Experiment } from "../../engine/model.ts";
import { bestOf } from "../bestMetric.ts";
import type { CheckpointMarks } from "../labels/checkpointLabels.ts";
import type { ExperimentState } from "../labels/experimentLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import { seamsIn } from "../seams.ts";
import { missingStage, newestRunOf } from "./rowFlags.ts";

/** An experiment with what the runs and its seams tell about it; whether it moved is read from Git. */
export function stateOf(engine: Engine, experiment: Experiment): Omit<ExperimentState, "moved"> {
  const run = engine.runs.runs.find((one) => one.experiment === experiment.name && isLive(one)) ?? null;
  const last = experiment.checkpoints.at(-1);
  return {
    experiment,
    run,
    newestRun: newestRunOf(engine, experiment),
    missingStage: last === undefined ? null : missingStage(engine, last),
    status: experimentStatus(experiment, engine.runs.runs),
    best: bestOf(engine, experiment),
    seam: last === undefined ? null : seamOfRun(seamsIn(engine, experiment), last),
  };
}

/** Marks of a checkpoint among the others of its experiment. */
export function marksOf(engine: Engine, experiment: Experiment, checkpoint: Checkpoint): CheckpointMarks {
  const best = bestOf(engine, experiment);
  return {
    isBest: best?.checkpoint.sha === checkpoint.sha,
    isLatest: experiment.checkpoints.at(-1) === checkpoint,
    metric: best?.metric.key ?? null,
    seam: seamsIn(engine, experiment).find((seam) => seam.checkpoint.sha === checkpoint.sha) ?? null,
  };
}

/**
 * What a checkpoint was recorded in, and what is other now. That is found out by starting programs that the workspace
 * names, so only where it is trusted.
 */
export async function environmentOf(
  engine: Engine,
  experiment: Experiment,
  checkpoint: Checkpoint,
): Promise<Drift> {
  if (vscode.workspace.isTrusted) return engine.driftSince(experiment, checkpoint);
  return { recorded: recordedEnvironment(experiment.checkpoints, checkpoint), now: null, items: [] };
}
