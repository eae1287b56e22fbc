import type { ChangedFile } from "./compare/changes.ts";
import type { Drift } from "./environment/drift.ts";
import type { Disposable, Event } from "./event.ts";
import type { Runs } from "./isolated/runs.ts";
import type { WorktreeSource } from "./isolated/worktree.ts";
import type { AnswerValue, Checkpoint, Experiment } from "./model.ts";
import type { StageCause } from "./pipeline/stage.ts";
import type { PipelineState } from "./pipelineModel.ts";
import type { Project } from "./project.ts";
import type { RunQueue } from "./queue/runQueue.ts";
import type { Result } from "./result.ts";
import type { Answered } from "./run/answering.ts";
import type { Run } from "./run/run.ts";
import type { KeyedStep } from "./steps/keyedSteps.ts";
import type { ExperimentIndex } from "./store/experimentIndex.ts";
import type { IntegrityReport } from "./store/integrity.ts";
import type { RemovedExperiment } from "./store/removal.ts";
import type { RestorePlan, RestoreReport, RestoreScope } from "./store/restore.ts";
import type { UndoPoint } from "./store/undoPoints.ts";

export type { PipelineState } from "./pipelineModel.ts";

/** All that Savepoint does for one project. The same for the editor and the command line. */
export interface Engine extends Disposable {
  readonly project: Project;
  readonly experiments: ExperimentIndex;
  readonly runs: Runs;
  readonly queue: RunQueue;
  readonly pipeline: PipelineState;
  readonly onDidChangePipeline: Event<PipelineState>;
  /** Reads the pipeline files again, then works out the statuses. Calls while one is under way share its successor. */
  refreshPipeline(): Promise<PipelineState>;
  /** What a run that goes on from a checkpoint meets that is other than when it was recorded, without its results. */
  changesSince(checkpoint: Checkpoint): Promise<Result<readonly ChangedFile[]>>;
  /** What the stage of a checkpoint uses that is other than then, by what its pipeline file declares; quick. */
  inputsChangedSince(checkpoint: Checkpoint): Promise<readonly StageCause[]>;
  /** What the stage of a checkpoint would run in now that is other than then: versions of programs and packages. */
  driftSince(experiment: Experiment, checkpoint: Checkpoint): Promise<Drift>;
  planRestore(checkpoint: Checkpoint, scope: RestoreScope): Promise<Result<RestorePlan>>;
  /** Carries a plan out, of a restore or an undo. Fails with `run-active` while a run goes on in the workspace. */
  restore(plan: RestorePlan): Promise<Result<RestoreReport>>;
  /** Takes the last restore back; doing it again takes that back. Fails with `run-active`, as {@link restore} does. */
  undoRestore(): Promise<Result<RestoreReport>>;
  /** What can be taken back, newest first. */
  undoPoints(): Promise<readonly UndoPoint[]>;
  /** What taking back to an undo point changes; {@link restore} does it. */
  planUndo(point: UndoPoint): Promise<Result<RestorePlan>>;
  /** Answers the question of a checkpoint, and resumes its run when nobody waits for the answer any more. */
  answer(checkpoint: Checkpoint, value: AnswerValue): Promise<Result<Answered>>;
  /** Removes experiments that don't run, all or none. */
  removeExperiments(experiments: readonly Experiment[]): Promise<Result<readonly RemovedExperiment[]>>;
  /** Those that can be brought back, removed last first. */
  removedExperiments(): Promise<readonly RemovedExperiment[]>;
  bringBack(removed: readonly RemovedExperiment[]): Promise<Result<readonly RemovedExperiment[]>>;
  /** Makes the code do steps of the workspace again. {@link undoRestore} takes it back. */
  forgetSteps(steps: readonly KeyedStep[]): Promise<Result<void>>;
  /** What the stages of a run wrote to their terminals, as text for people; also of one that goes on. */
  readOutput(run: Run): Promise<Result<string>>;
  /** Hashes every object that the checkpoints name again, each once. */
  verify(checkpoints: readonly Checkpoint[]): Promise<IntegrityReport>;
  /**
   * Makes a Git worktree in a folder that does not exist yet (absolute path), and opens the project in it. It is the
   * caller's to remove: `git worktree remove --force`.
   */
  createWorktree(source: WorktreeSource, directory: string): Promise<Result<Project>>;
  /** Writes a checkpoint into a new or empty folder; absolute path. */
  exportCheckpoint(checkpoint: Checkpoint, folder: string): Promise<Result<{ readonly files: number }>>;
  /** The absolute path of a lasting copy of one recorded file or folder (project-relative) for other programs. */
  copyForReading(checkpoint: Checkpoint, path: string): Promise<Result<string>>;
}
