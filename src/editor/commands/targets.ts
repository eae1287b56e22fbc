import * as l10n from "@vscode/l10n";
import type { CheckpointSource, RunSource } from "../../contract.ts";
import { ownCheckpoints } from "../../engine/compare/lineage.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Checkpoint, Experiment } from "../../engine/model.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { failure, type Result, success } from "../../engine/result.ts";
import type { Run } from "../../engine/run/run.ts";
import { findExperiment } from "../experimentKey.ts";

import { isLive } from "../labels/runLabels.ts";
import type { Projects } from "../projects.ts";

/** A checkpoint with where it stands. */
export interface FoundCheckpoint {
  readonly engine: Engine;
  readonly experiment: Experiment;
  readonly checkpoint: Checkpoint;
}

export interface FoundRun {
  readonly engine: Engine;
  readonly run: Run;
}

/** The project that a command's argument names; fails when it was closed in the meantime. */
export function findEngine(projects: Projects, root: string): Result<Engine> {
  const engine = projects.byRoot(root);
  if (engine) return success(engine);
  return failure(
    "project-closed",
    l10n.t("The project {0} is not open any more. Refresh the view.", root),
    root,
  );
}

/** The stages that a definition or an address names: several for `foreach` and `matrix`. */
export function stagesOf(engine: Engine, address: string): readonly Stage[] {
  const stages = engine.pipeline.pipeline.stages;
  const exact = stages.filter((stage) => stage.address === address);
  return exact.length > 0 ? exact : stages.filter((stage) => definitionAddress(stage) === address);
}

/** Address of the definition that a stage was generated from: `train` for `train@0.1`. */
export function definitionAddress(stage: Stage): string {
  const prefix = stage.address.slice(0, stage.address.length - stage.name.length);
  return prefix + stage.definition;
}

/** By the index's list, which is replaced and never changed: the checkpoints of each stage, newest first. */
const byStage = new WeakMap<readonly Experiment[], ReadonlyMap<string, readonly FoundCheckpoint[]>>();

/** All checkpoints of the stages at an address, each in the experiment that recorded it, newest first. */
export function checkpointsOfStage(engine: Engine, address: string): readonly FoundCheckpoint[] {
  const all = engine.experiments.experiments;
  const grouped = byStage.get(all) ?? groupByStage(engine, all);
  byStage.set(all, grouped);
  const addresses = new Set([address, ...stagesOf(engine, address).map((stage) => stage.address)]);
  const lists = [...addresses].flatMap((one) => grouped.get(one) ?? []);
  return addresses.size === 1 ? lists : lists.sort(byAge);
}

/** The newest checkpoint of each stage at an address: several where one definition generates stages. */
export function newestOfEach(engine: Engine, address: string): readonly FoundCheckpoint[] {
  return stagesOf(engine, address).flatMap((stage) => checkpointsOfStage(engine, stage.address)[0] ?? []);
}

function groupByStage(
  engine: Engine,
  experiments: readonly Experiment[],
): ReadonlyMap<string, readonly FoundCheckpoint[]> {
  const groups = new Map<string, FoundCheckpoint[]>();
  for (const experiment of experiments) {
    for (const checkpoint of ownCheckpoints(experiment)) {
      if (checkpoint.stage === null) continue;
      const group = groups.get(checkpoint.stage) ?? [];
      group.push({ engine, experiment, checkpoint });
      groups.set(checkpoint.stage, group);
    }
  }
  for (const group of groups.values()) group.sort(byAge);
  return groups;
}

function byAge(a: FoundCheckpoint, b: FoundCheckpoint): number {
  return b.checkpoint.createdAt - a.checkpoint.createdAt || b.checkpoint.sequence - a.checkpoint.sequence;
}

/** The checkpoint that a command's argument stands for. An experiment stands for its last, a stage for its newest. */
export function findCheckpoint(projects: Projects, source: CheckpointSource): Result<FoundCheckpoint> {
  const engine = findEngine(projects, source.root);
  if (!engine.ok) return engine;
  if (source.kind === "stage") {
    const newest = checkpointsOfStage(engine.value, source.stage)[0];
    return newest ? success(newest) : failure("no-checkpoint", noCheckpoint(source.stage));
  }
  const experiment = findExperiment(engine.value, source.experiment);
  const checkpoint =
    source.kind === "checkpoint"
      ? experiment?.checkpoints.find(({ sha }) => sha === source.sha)
      : experiment?.checkpoints.at(-1);
  if (experiment && checkpoint) return success({ engine: engine.value, experiment, checkpoint });
  return failure(
    "checkpoint-gone",
    l10n.t("{0} has no such checkpoint any more. Refresh the view.", source.experiment),
  );
}

/** The run that a command's argument stands for: the live one of an experiment or of a stage. */
export function findRun(projects: Projects, source: RunSource): Result<FoundRun> {
  const engine = findEngine(projects, source.root);
  if (!engine.ok) return engine;
  const queuedRun =
    source.kind === "queued" ? engine.value.queue.entries.find(({ id }) => id === source.id)?.runId : null;
  const matches = (run: Run): boolean => {
    if (source.kind === "run") return run.id === source.run;
    if (source.kind === "queued") return run.id === queuedRun;
    if (source.kind === "experiment") return run.experiment === source.experiment && isLive(run);
    const addresses = new Set([source.stage, ...stagesOf(engine.value, source.stage).map((s) => s.address)]);
    return isLive(run) && run.progress.stage !== null && addresses.has(run.progress.stage);
  };
  const run = engine.value.runs.runs.find(matches);
  if (run) return success({ engine: engine.value, run });
  return failure("not-running", l10n.t("Nothing of it is running any more."));
}

/** All live runs of the window. */
export function liveRuns(projects: Projects): readonly FoundRun[] {
  return projects.all.flatMap((engine) => engine.runs.runs.filter(isLive).map((run) => ({ engine, run })));
}

/** Runs of the window that wait in queues which are being worked. */
export function waitingRuns(projects: Projects): number {
  return projects.all
    .filter(({ queue }) => !queue.isPaused)
    .flatMap(({ queue }) => queue.entries.filter(({ state }) => state === "waiting")).length;
}

/** What a stage without checkpoints is answered with. */
export function noCheckpoint(stage: string): string {
  return l10n.t("The stage {0} has no training checkpoint yet. Run it first.", stage);
}
