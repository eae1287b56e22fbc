import { join } from "node:path";
import type { Checkpoint } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { type Result, success } from "../result.ts";
import { clearStaleSignal, signalPaths } from "../signal/signalFile.ts";
import { forgetSteps, listSteps, matchesKey } from "../steps/keyedSteps.ts";
import { isInside } from "../store/directoryObject.ts";
import { ignoreOutputs } from "../store/ignoreOutputs.ts";
import { expectIsolated, planRestore, removeWithUndo, restore } from "../store/restore.ts";
import type { RunRecord, StageRecord } from "./record.ts";
import type { RunServices } from "./services.ts";
import type { StageStart } from "./stageLaunch.ts";
import { findSource, resumedOf, type Source } from "./stageSource.ts";

/**
 * Puts the workspace into the state in which a stage begins: its outputs removed for a fresh start, those of the
 * run's own last checkpoint for a retry. What is overwritten or removed and not recorded is kept for "undo".
 */
export async function prepareStage(
  services: RunServices,
  record: RunRecord,
  entry: StageRecord,
): Promise<Result<StageStart>> {
  const { project } = services;
  const stage = entry.stage;
  const notes: string[] = [];
  const outputs = stage.outputs.filter(({ path }) => isInside(path));
  const isolated = expectIsolated(
    project,
    outputs.map(({ path }) => join(project.root, path)),
  );
  if (!isolated.ok) return isolated;
  const stale = clearStaleSignal(signalPaths(join(project.root, ".dvc", "tmp")));
  if (stale !== null) notes.push(stale);

  const source = await findSource(services, record, entry);
  if (source.kind === "restore") {
    const restored = await restoreStage(services, stage, source.checkpoint);
    if (!restored.ok) return restored;
  } else if (source.kind === "fresh") {
    const removed = await removeWithUndo(
      project,
      outputsToRemove(stage, source.keepsCheckpoints),
      services.hasher,
    );
    if (!removed.ok) return removed;
  }
  await ignoreOutputs(project, stage);
  notes.push(...source.notes, ...forgetAsAsked(project, record, entry, source));
  return success({ resumed: resumedOf(source), from: source.from, iteration: entry.iteration, notes });
}

/** Forgets steps of what the stage starts from, but none that the run itself has done. Says so, for its terminal. */
function forgetAsAsked(
  project: Project,
  { id, forget = [] }: RunRecord,
  { stage, launches }: StageRecord,
  source: Source,
): readonly string[] {
  if (launches.length > 0 && (source.kind !== "restore" || source.checkpoint.run === id)) return [];
  const steps = listSteps(project, [stage]).filter(({ key }) =>
    forget.some((pattern) => matchesKey(key, pattern)),
  );
  forgetSteps(project, steps);
  return steps.map(({ key }) => `forgot step "${key}"`);
}

async function restoreStage(
  services: RunServices,
  stage: Stage,
  checkpoint: Checkpoint,
): Promise<Result<void>> {
  const paths = stage.outputs.map((output) => output.path);
  const plan = await planRestore(services.project, checkpoint, { paths }, services.hasher);
  if (!plan.ok) return plan;
  const restored = await restore(plan.value);
  return restored.ok ? success(undefined) : restored;
}

/** As DVC does: all but those that are kept on purpose. A fresh start loads nothing, so checkpoints go as well. */
function outputsToRemove(stage: Stage, keepsCheckpoints: boolean): readonly string[] {
  return stage.outputs
    .filter((output) => (output.checkpoint ? !keepsCheckpoints : !output.persist))
    .map((output) => output.path);
}
