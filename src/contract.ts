/**
 * Every name by which the manifest (`package.json`), the editor and other extensions address each other, with the types
 * of what travels under it. A test holds this file against the manifest.
 */

/** A project, as a command argument. */
export interface ProjectTarget {
  readonly kind: "project";
  /** Absolute path of the project's root. */
  readonly root: string;
}

/** A stage, or all the stages that one definition with `foreach` or `matrix` makes. */
export interface StageTarget {
  readonly kind: "stage";
  readonly root: string;
  /** Address of the stage or of its definition: `train`, `train@0.1`, `sub/dvc.yaml:train`. */
  readonly stage: string;
}

export interface ExperimentTarget {
  readonly kind: "experiment";
  readonly root: string;
  readonly experiment: string;
}

export interface CheckpointTarget {
  readonly kind: "checkpoint";
  readonly root: string;
  readonly experiment: string;
  readonly sha: string;
}

export interface RunTarget {
  readonly kind: "run";
  readonly root: string;
  readonly run: string;
}

export interface ParamTarget {
  readonly kind: "param";
  readonly root: string;
  /** Of the params file, relative to the root. */
  readonly file: string;
  /** Dotted. */
  readonly key: string;
}

/** A run of the queue. */
export interface QueuedTarget {
  readonly kind: "queued";
  readonly root: string;
  readonly id: string;
}

// What commands act on is plain data, so that tree rows, code lenses, links in tooltips, keyboard shortcuts and other
// extensions all pass the same. Commands that get none ask for one.

/** What can be resumed, forked, rewound, applied or compared. An experiment stands for its last checkpoint. */
export type CheckpointSource = StageTarget | ExperimentTarget | CheckpointTarget;

/** What can be stopped, recorded or shown while it runs. */
export type RunSource = RunTarget | ExperimentTarget | StageTarget | QueuedTarget;

/** All commands with their arguments. In a tree with several rows selected, VS Code passes these as the second one. */
export interface CommandArguments {
  "savepoint.run": [target?: ProjectTarget];
  "savepoint.runStage": [target?: StageTarget];
  "savepoint.runDownstream": [target?: StageTarget];
  "savepoint.runSingle": [target?: StageTarget];
  "savepoint.explainStage": [target?: StageTarget];
  "savepoint.runIsolated": [target?: StageTarget];
  "savepoint.addToQueue": [target?: StageTarget];
  "savepoint.modifyParams": [target?: StageTarget];
  "savepoint.resume": [target?: CheckpointSource];
  "savepoint.fork": [target?: CheckpointSource];
  "savepoint.rewind": [target?: CheckpointSource];
  "savepoint.resumeWithParams": [target?: CheckpointSource];
  "savepoint.forkWithParams": [target?: CheckpointSource];
  "savepoint.rewindWithParams": [target?: CheckpointSource];
  "savepoint.resumeOwnCode": [target?: CheckpointSource];
  "savepoint.forkOwnCode": [target?: CheckpointSource];
  "savepoint.rewindOwnCode": [target?: CheckpointSource];
  "savepoint.debug": [target?: CheckpointSource];
  "savepoint.debugStage": [target?: StageTarget];
  "savepoint.pickCheckpoint": [target?: StageTarget | ExperimentTarget];
  "savepoint.stop": [target?: RunSource];
  "savepoint.stopAfterCheckpoint": [target?: RunSource];
  "savepoint.recordNow": [target?: RunSource];
  "savepoint.decide": [target?: RunSource];
  "savepoint.answer": [target?: ExperimentTarget | CheckpointTarget];
  "savepoint.showTerminal": [target?: RunSource];
  "savepoint.showOutput": [target?: RunSource | CheckpointTarget];
  "savepoint.queueStart": [target?: ProjectTarget];
  "savepoint.queuePause": [target?: ProjectTarget];
  "savepoint.queueJobs": [target?: ProjectTarget];
  "savepoint.queueClear": [target?: ProjectTarget];
  "savepoint.queueMoveUp": [target?: QueuedTarget, selected?: readonly QueuedTarget[]];
  "savepoint.queueMoveDown": [target?: QueuedTarget, selected?: readonly QueuedTarget[]];
  "savepoint.queueCancel": [target?: QueuedTarget, selected?: readonly QueuedTarget[]];
  "savepoint.compare": [target?: CheckpointSource, selected?: readonly CheckpointSource[]];
  "savepoint.clearSelection": [];
  "savepoint.apply": [target?: CheckpointSource];
  "savepoint.undoRestore": [target?: ProjectTarget];
  "savepoint.undoEarlier": [target?: ProjectTarget];
  "savepoint.deleteExperiment": [target?: CheckpointSource, selected?: readonly CheckpointSource[]];
  "savepoint.bringBack": [target?: ProjectTarget];
  "savepoint.openFile": [target?: CheckpointSource];
  "savepoint.openInNewWindow": [target?: CheckpointSource];
  "savepoint.loadInNotebook": [target?: CheckpointSource];
  "savepoint.copyLoadingCode": [target?: CheckpointSource];
  "savepoint.showChanges": [target?: CheckpointSource];
  "savepoint.resumeReviewed": [];
  "savepoint.forkReviewed": [];
  "savepoint.rewindReviewed": [];
  "savepoint.export": [target?: CheckpointSource];
  "savepoint.showTriedValues": [target?: ParamTarget];
  "savepoint.showExperimentLog": [target?: ProjectTarget | ExperimentTarget | CheckpointTarget];
  "savepoint.initialize": [];
  "savepoint.openStage": [target?: StageTarget];
  "savepoint.showAllCheckpoints": [target?: ExperimentTarget];
  "savepoint.reveal": [target?: CheckpointTarget | ExperimentTarget];
  "savepoint.copyReference": [target?: CheckpointSource];
  "savepoint.copyCommit": [target?: CheckpointSource];
  "savepoint.refresh": [];
  "savepoint.showMenu": [];
  "savepoint.showLog": [];
  "savepoint.learnCheckpoints": [];
  "savepoint.addClient": [];
}

export type CommandId = keyof CommandArguments;

/** The ids as a list; the mapped type makes the compiler complain when one is missing. */
const commandSet: { readonly [Id in CommandId]: true } = {
  "savepoint.run": true,
  "savepoint.runStage": true,
  "savepoint.runDownstream": true,
  "savepoint.runSingle": true,
  "savepoint.explainStage": true,
  "savepoint.runIsolated": true,
  "savepoint.addToQueue": true,
  "savepoint.modifyParams": true,
  "savepoint.resume": true,
  "savepoint.fork": true,
  "savepoint.rewind": true,
  "savepoint.resumeWithParams": true,
  "savepoint.forkWithParams": true,
  "savepoint.rewindWithParams": true,
  "savepoint.resumeOwnCode": true,
  "savepoint.forkOwnCode": true,
  "savepoint.rewindOwnCode": true,
  "savepoint.debug": true,
  "savepoint.debugStage": true,
  "savepoint.pickCheckpoint": true,
  "savepoint.stop": true,
  "savepoint.stopAfterCheckpoint": true,
  "savepoint.recordNow": true,
  "savepoint.decide": true,
  "savepoint.answer": true,
  "savepoint.showTerminal": true,
  "savepoint.showOutput": true,
  "savepoint.queueStart": true,
  "savepoint.queuePause": true,
  "savepoint.queueJobs": true,
  "savepoint.queueClear": true,
  "savepoint.queueMoveUp": true,
  "savepoint.queueMoveDown": true,
  "savepoint.queueCancel": true,
  "savepoint.compare": true,
  "savepoint.clearSelection": true,
  "savepoint.apply": true,
  "savepoint.undoRestore": true,
  "savepoint.undoEarlier": true,
  "savepoint.deleteExperiment": true,
  "savepoint.bringBack": true,
  "savepoint.openFile": true,
  "savepoint.openInNewWindow": true,
  "savepoint.loadInNotebook": true,
  "savepoint.copyLoadingCode": true,
  "savepoint.showChanges": true,
  "savepoint.resumeReviewed": true,
  "savepoint.forkReviewed": true,
  "savepoint.rewindReviewed": true,
  "savepoint.export": true,
  "savepoint.showTriedValues": true,
  "savepoint.showExperimentLog": true,
  "savepoint.initialize": true,
  "savepoint.openStage": true,
  "savepoint.showAllCheckpoints": true,
  "savepoint.reveal": true,
  "savepoint.copyReference": true,
  "savepoint.copyCommit": true,
  "savepoint.refresh": true,
  "savepoint.showMenu": true,
  "savepoint.showLog": true,
  "savepoint.learnCheckpoints": true,
  "savepoint.addClient": true,
};
export const commandIds = Object.keys(commandSet) as readonly CommandId[];

export const viewIds = {
  experiments: "savepoint.experiments",
  pipeline: "savepoint.pipeline",
  queue: "savepoint.queue",
} as const;

/** Why there is nothing to show, or `ready`. Decides which welcome text the views have. */
export type ProjectsState =
  | "loading"
  | "no-folder"
  | "no-git"
  | "no-repository"
  | "no-commit"
  | "no-pipeline"
  | "unavailable"
  | "ready";

/** What the files of the window's pipelines came to: stages, none at all, or none because of errors. */
export type PipelineFilesState = "reading" | "stages" | "empty" | "broken";

/** Context keys for `when` clauses, with their types. */
export interface ContextKeys {
  "savepoint.state": ProjectsState;
  "savepoint.pipelineState": PipelineFilesState;
  "savepoint.hasExperiments": boolean;
  "savepoint.isRunning": boolean;
  "savepoint.needsDecision": boolean;
  "savepoint.hasQuestions": boolean;
  /** Runs in the queue, also those that are over. */
  "savepoint.queued": number;
  /** Whether runs of the queue are started: `idle` when none is left. */
  "savepoint.queueState": "idle" | "paused" | "working";
  /** Number of rows that are ticked for comparison. */
  "savepoint.selected": number;
  /** While a diff between a checkpoint and now is in front: `;fork;;rewind;`, the verbs that can go on from it. */
  "savepoint.changesDiff": string;
}

/** Settings with their types. Defaults stand in the manifest. */
export interface Settings {
  "savepoint.codeLens.pipeline": boolean;
  "savepoint.codeLens.source": boolean;
  "savepoint.codeLens.load": boolean;
  "savepoint.codeLens.params": boolean;
  "savepoint.codeLens.log": boolean;
  /** What counts as a call for a training checkpoint besides those that are known; checked when it is read. */
  "savepoint.codeLens.patterns": unknown;
  "savepoint.hover.enabled": boolean;
  "savepoint.gutter.checkpoints": boolean;
  "savepoint.inlayHints.bestValue": boolean;
  "savepoint.statusBar.visible": boolean;
  /** When what would be resumed is shown although there is nothing to choose. */
  "savepoint.resume.preview": "always" | "whenChanged" | "never";
  /** `accuracy` or `metrics.json:accuracy`; empty lets Savepoint choose. */
  "savepoint.experiments.metric": string;
  "savepoint.experiments.recentCheckpoints": number;
  "savepoint.terminal.reveal": "always" | "never";
  /** How long a stage that is stopped has to end by itself. */
  "savepoint.stop.interruptSeconds": number;
  "savepoint.stop.terminateSeconds": number;
}

export const taskType = "savepoint";

/** The definition of a `savepoint` task, as it may stand in `tasks.json`. */
export interface StageTaskDefinition {
  readonly type: typeof taskType;
  /** Address of the stage. */
  readonly stage: string;
  /** Folder of the project, relative to the workspace folder; absent for the workspace folder's own project. */
  readonly project?: string;
}

export const walkthroughId = "savepoint.savepoint#gettingStarted";
