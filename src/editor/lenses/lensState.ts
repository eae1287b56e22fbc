import type { StageTarget } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { checkpointsOfStage, definitionAddress, newestOfEach, stagesOf } from "../commands/targets.ts";
import { canDebug } from "../debug/debugRun.ts";
import type { StageLensState } from "../labels/lensLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import { isRunningAt } from "../labels/stageLabels.ts";
import type { ChangedInputs } from "./changedInputs.ts";

/**
 * What the lenses of a stage, or of all stages of a definition, say. Reads memory only. Without `inputs` it is not told
 * what changed.
 */
export function stageLensState(
  engine: Engine,
  address: string,
  inputs: ChangedInputs | null,
): StageLensState {
  const stages = stagesOf(engine, address);
  const found = checkpointsOfStage(engine, address);
  const isTraining =
    isTrainingStage(stages) || found.some(({ checkpoint }) => checkpoint.kind !== "stage-end");
  const [only] = stages;
  const run =
    engine.runs.runs.find((one) => isLive(one) && stages.some((stage) => isRunningAt(one, stage))) ?? null;
  const newest = isTraining ? (found[0]?.checkpoint ?? null) : null;
  return {
    run,
    newest,
    // Nobody can resume while it runs, and each checkpoint is a new one then.
    changed: run === null && newest !== null && inputs !== null ? inputs.of(engine, newest) : [],
    count: found.length,
    variants: newestOfEach(engine, address).length,
    isTraining,
    isDebuggable: stages.length > 0 && stages.every(canDebug),
    // Before the files were read, nobody knows better.
    isRunnable: stages.length > 0 || engine.pipeline.pipeline.files.length === 0,
    status: only && stages.length === 1 ? engine.pipeline.statuses.get(only.address) : undefined,
  };
}

/** Whether the definition says that the stage makes training checkpoints. */
function isTrainingStage(stages: readonly Stage[]): boolean {
  return stages.some(
    ({ outputs, settings }) => settings.watch.length > 0 || outputs.some(({ checkpoint }) => checkpoint),
  );
}

/** The one of several stages that a person most likely means: the one with the newest checkpoint, else the first. */
export function likeliestStage(engine: Engine, stages: readonly Stage[]): StageTarget | null {
  const newest = stages
    .map((stage) => ({ stage, at: checkpointsOfStage(engine, stage.address)[0]?.checkpoint.createdAt ?? 0 }))
    .reduce<{ stage: Stage; at: number } | null>((a, b) => (a !== null && a.at >= b.at ? a : b), null);
  if (newest === null) return null;
  const definition = definitionAddress(newest.stage);
  const isGenerated = definition !== newest.stage.address && newest.at === 0;
  return {
    kind: "stage",
    root: engine.project.root,
    stage: isGenerated ? definition : newest.stage.address,
  };
}
