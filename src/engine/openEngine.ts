import type { StopGrace } from "../runner/files.ts";
import type { Engine } from "./engine.ts";
import { driftSince } from "./environment/driftSince.ts";
import { Environments } from "./environment/environments.ts";
import { Runs } from "./isolated/runs.ts";
import { createWorktree } from "./isolated/worktree.ts";
import { openProject } from "./openProject.ts";
import { PipelineModel } from "./pipelineModel.ts";
import { RunQueue } from "./queue/runQueue.ts";
import { bringBackRemoved, removeIdle } from "./removeIdle.ts";
import { type Result, success } from "./result.ts";
import { answerQuestion } from "./run/answering.ts";
import { inputsChangedSince } from "./run/inputChanges.ts";
import type { Launcher } from "./run/launcher.ts";
import { readRunOutput } from "./run/runOutput.ts";
import type { RunServices } from "./run/services.ts";
import { forgetWithUndo } from "./steps/forgetWithUndo.ts";
import { changesSince } from "./store/changesSince.ts";
import { copyForReading } from "./store/copyForReading.ts";
import { ExperimentIndex } from "./store/experimentIndex.ts";
import { exportCheckpoint } from "./store/exportCheckpoint.ts";
import { Hasher } from "./store/hasher.ts";
import { verify } from "./store/integrity.ts";
import { planUndo } from "./store/planUndo.ts";
import { removedExperiments } from "./store/removal.ts";
import { planRestore, restore, undoRestore } from "./store/restore.ts";
import { undoPoints } from "./store/undoPoints.ts";
import { whileIdle } from "./whileIdle.ts";

export type { StopGrace } from "../runner/files.ts";

/** Where the engine's other programs are, and who it works for. Paths are absolute. */
export interface EngineOptions {
  readonly runnerPath: string;
  readonly hashWorkerPath: string;
  /** Node, or the editor's own binary, which runs as Node. */
  readonly nodePath: string;
  readonly launcher: Launcher;
  /** How long a stage that is stopped has to obey each signal, in milliseconds; asked for at each start of a stage. */
  readonly grace?: () => Partial<StopGrace>;
  /** What happens when a checkpoint can't be taken while training waits. */
  readonly onSnapshotFailure: RunServices["onSnapshotFailure"];
}

const stopGrace: StopGrace = { interrupt: 10_000, terminate: 5_000 };
const retryPause = 1_000;

/** Builds the engine of the project that holds a folder. Reads nothing yet, and adopts no run. */
export async function openEngine(directory: string, options: EngineOptions): Promise<Result<Engine>> {
  const opened = await openProject(directory);
  if (!opened.ok) return opened;
  const project = opened.value;
  const hasher = new Hasher(options.hashWorkerPath);
  const experiments = new ExperimentIndex(project);
  const environments = new Environments(project, options.launcher.sharesVariables ?? false);
  const pipelines = new PipelineModel(project, hasher);
  const runs = new Runs({
    project,
    experiments,
    hasher,
    environments,
    launch: {
      launcher: options.launcher,
      nodePath: options.nodePath,
      runnerPath: options.runnerPath,
      grace: () => ({ ...stopGrace, ...options.grace?.() }),
    },
    onSnapshotFailure: options.onSnapshotFailure,
    retryPause,
    now: Date.now,
    random: Math.random,
  });
  const queue = new RunQueue({ project, experiments, runs, now: Date.now, random: Math.random });
  // A run's checkpoints are shown at once, without a look at the refs.
  runs.onDidRecord((checkpoint) => experiments.add(checkpoint));
  return success({
    project,
    experiments,
    runs,
    queue,
    get pipeline() {
      return pipelines.state;
    },
    onDidChangePipeline: pipelines.onDidChange,
    refreshPipeline: () => pipelines.refresh(),
    changesSince: (checkpoint) => changesSince(project, checkpoint, hasher),
    inputsChangedSince: async (checkpoint) => {
      const stage = pipelines.state.pipeline.stages.find(({ address }) => address === checkpoint.stage);
      if (stage === undefined) return [];
      const services = { project, hasher, experiments };
      return inputsChangedSince(services, stage, checkpoint, { mayFetch: false });
    },
    driftSince: (experiment, checkpoint) => driftSince(project, environments, experiment, checkpoint),
    planRestore: (checkpoint, scope) => planRestore(project, checkpoint, scope, hasher),
    restore: (plan) => whileIdle(runs, () => restore(plan)),
    undoPoints: () => undoPoints(project),
    planUndo: (point) => planUndo(project, point, hasher),
    undoRestore: () => whileIdle(runs, () => undoRestore(project, hasher)),
    answer: (checkpoint, value) =>
      answerQuestion({ project, experiments, runs, now: Date.now }, checkpoint, value),
    removeExperiments: (chosen) => removeIdle({ project, experiments, runs, now: Date.now }, chosen),
    removedExperiments: () => removedExperiments(project),
    bringBack: (removed) => bringBackRemoved({ project, experiments }, removed),
    forgetSteps: (steps) => forgetWithUndo(project, steps, hasher),
    readOutput: (run) => readRunOutput(project, run),
    verify: (checkpoints) => verify(project, checkpoints, hasher),
    createWorktree: (source, directory) => createWorktree({ project, hasher }, source, directory),
    exportCheckpoint: (checkpoint, folder) => exportCheckpoint(project, checkpoint, folder, hasher),
    copyForReading: (checkpoint, path) => copyForReading(project, checkpoint, path, hasher),
    dispose: () => {
      queue.dispose();
      runs.dispose();
      pipelines.dispose();
      experiments.dispose();
      environments.dispose();
      hasher.dispose();
    },
  });
}
