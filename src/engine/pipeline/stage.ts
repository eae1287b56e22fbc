/**
 * A stage of a `dvc.yaml` after templating and `foreach`/`matrix` expansion.
 * Paths are relative to the project's root, with forward slashes; `""` is the root itself.
 */
export interface Stage {
  /** Name within its file: `train`, `train@0.1`. */
  readonly name: string;
  /** Name within the project: `train` for the root's `dvc.yaml`, else `sub/dvc.yaml:train`. */
  readonly address: string;
  /** The `dvc.yaml` that defines it. */
  readonly file: string;
  /** Key under `stages:` that it was generated from (`train` for `train@0.1`). */
  readonly definition: string;
  /** Lines of that key's pair in the file, counted from 0; the end is exclusive. */
  readonly lines: { readonly start: number; readonly end: number };
  /** One shell command per process, run in order; the first failure ends the stage. */
  readonly commands: readonly string[];
  /** `cmd` as it stands in `dvc.lock`: a string, or a list of strings. */
  readonly lockedCommand: string | readonly string[];
  readonly workingDirectory: string;
  readonly dependencies: readonly string[];
  readonly params: readonly ParamsDependency[];
  readonly outputs: readonly StageOutput[];
  readonly frozen: boolean;
  readonly alwaysChanged: boolean;
  readonly description: string | null;
  readonly settings: StageSettings;
  /**
   * How the file writes those paths that differ from the plain path from the working directory, such as `./data`, by
   * path from the root: `dvc.lock` names them so. One that is written in several ways has an entry for each.
   */
  readonly writtenPaths?: { readonly [path: string]: readonly string[] };
}

export interface ParamsDependency {
  readonly file: string;
  /** Dotted keys; `null` means the whole file. */
  readonly keys: readonly string[] | null;
}

export interface StageOutput {
  readonly path: string;
  readonly kind: "output" | "metric" | "plot";
  /** Whether its bytes go to the cache (`true`) or into Git (`false`). */
  readonly cache: boolean;
  /** Kept when the stage starts; a `checkpoint: true` output is kept as well. */
  readonly persist: boolean;
  readonly checkpoint: boolean;
}

/** Options of Savepoint for a stage: `meta: {savepoint: {…}}` in `dvc.yaml`. */
export interface StageSettings {
  readonly loadPolicy: "fresh" | "eager" | "none";
  /** Whose checkpoints an eager load may take. */
  readonly scope: "own" | "everyone";
  readonly retries: number;
  /** Milliseconds before the first retry (`null`: Savepoint's own) and at most before any; the share left to chance. */
  readonly retryPause: { readonly first: number | null; readonly limit: number; readonly jitter: number };
  /** How often the code may be run in one run of the stage when it asks for it. */
  readonly iterations: number;
  /** Globs of files that count as checkpoints of code that sends no signals. */
  /** Patterns, from the project's root, of what code writes when it saves: see `watchPattern.ts`. */
  readonly watch: readonly string[];
  /** Milliseconds for which what is watched must not change to count as complete. */
  readonly settle: number;
  /** Milliseconds between checkpoints that nobody asks for; `null` for none. */
  readonly interval: number | null;
  /** The metric that decides which checkpoint is the best: `accuracy`, or `metrics.json:accuracy`. */
  readonly metric: { readonly key: string; readonly goal: "maximize" | "minimize" } | null;
  /** Number of steps when the signals do not say it. */
  readonly total: number | null;
}

/** Something wrong in a pipeline file, at a place in it. Lines and columns count from 0. */
export interface PipelineProblem {
  readonly file: string;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly range: {
    readonly start: { readonly line: number; readonly column: number };
    readonly end: { readonly line: number; readonly column: number };
  };
  /** The stage that it concerns, if it is just one. An error keeps that from running. */
  readonly stage: string | null;
}

/** All stages of a project. A stage with an error is left out of `stages` and named in `problems`. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  readonly problems: readonly PipelineProblem[];
  /** The pipeline files that were read. */
  readonly files: readonly string[];
  /** What the files name outside of stages: params, metrics and plots to show. */
  readonly shown?: ShownFiles;
  /** Files and folders that a `.dvc` file keeps track of (`dvc add`). */
  readonly dataFiles?: readonly DataFile[];
}

/** Paths from the project's root. */
export interface ShownFiles {
  readonly params: readonly string[];
  readonly metrics: readonly string[];
  readonly plots: readonly string[];
}

/** One output of a `.dvc` file. */
export interface DataFile {
  /** The `.dvc` file. */
  readonly file: string;
  readonly path: string;
  /** MD5 in hexadecimal, with `.dir` at the end for a directory; empty when the file has none. */
  readonly hash: string;
  /** Whether the hash is of DVC 2's `md5-dos2unix` kind. */
  readonly legacy: boolean;
  /** Bytes. */
  readonly size: number | null;
}

/** Whether a stage would do anything if it were run now. */
export type StageStatus =
  | { readonly kind: "up-to-date" }
  | { readonly kind: "changed"; readonly reasons: readonly string[]; readonly causes: readonly StageCause[] }
  | { readonly kind: "never-run" }
  | { readonly kind: "blocked"; readonly reason: string };

/** One reason for which a stage is not up to date. */
export interface StageCause {
  /** For people, as in the reasons. */
  readonly text: string;
  /** The file that it is about, relative to the project's root. */
  readonly path: string | null;
  /** What was recorded and what is there now: a hash, a value or a command; `null` when there is none. */
  readonly before: string | null;
  readonly now: string | null;
}
