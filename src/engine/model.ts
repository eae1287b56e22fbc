/**
 * What the store knows, as plain data. Everything here can be rebuilt from Git and is the same for the editor,
 * the command line and the comparison panel. Paths are relative to the project's root, with forward slashes.
 */

/** A value in a params or metrics file. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Values by file, then as nested in the file: `{"params.yaml": {"train": {"lr": 0.1}}}`. */
export type ValuesByFile = { readonly [file: string]: { readonly [key: string]: Value } };

/** The pseudo file under which metrics that came inside a signal are listed. */
export const signalMetricsFile = "signal";

/** One output as a checkpoint's `dvc.lock` names it. */
export interface OutputRecord {
  readonly path: string;
  /** MD5 in hexadecimal, with `.dir` at the end for a directory; empty when the lock has none. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number | null;
  readonly fileCount: number | null;
  readonly isExecutable: boolean;
  /** Whether the bytes are in the cache (`true`) or in Git (`false`). */
  readonly cached: boolean;
  /** Whether the hash is of DVC 2's `md5-dos2unix` kind, kept at the old place in the cache. */
  readonly legacy: boolean;
}

/** What made Savepoint record a checkpoint. `foreign` is a commit that another program wrote. */
export type CheckpointKind = "signal" | "stage-end" | "watch" | "manual" | "interval" | "foreign";

/** Where a line of checkpoints was resumed or forked from. */
export interface Origin {
  readonly experiment: string;
  readonly sequence: number;
  readonly sha: string;
}

/** What people add to a checkpoint afterwards; kept in Git notes. */
export interface Annotations {
  readonly note: string | null;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly pinned: boolean;
  /** The large outputs may have been collected. */
  readonly thinned: boolean;
  /** How the run that recorded this checkpoint as its last one ended, once it has. */
  readonly end: RunEnd | null;
  /** The answer to the checkpoint's question, once somebody gave it. */
  readonly answer: Answer | null;
}

/** What code asks a person, and how it can be answered. */
export type Question =
  | QuestionText<"approve" | "text">
  | (QuestionText<"choose"> & {
      readonly choices: readonly string[];
      /** Whether any number of the choices is an answer, also none. */
      readonly multiple: boolean;
    });

interface QuestionText<Kind extends string> {
  readonly kind: Kind;
  /** By what the code knows the question again; `null` when it gave none. */
  readonly id: string | null;
  readonly question: string;
}

/** An approval, a choice or a text, several choices. */
export type AnswerValue = boolean | string | readonly string[];

/** What a person answered. */
export interface Answer {
  readonly value: AnswerValue;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who, as Git knows them; `null` when it does not. */
  readonly by: string | null;
}

/** How a run ended. Times are milliseconds since the epoch. */
export interface RunEnd {
  readonly state: "succeeded" | "failed" | "interrupted" | "lost";
  readonly code: number | null;
  readonly signal: string | null;
  readonly at: number;
}

/** How far a run was when one of its stages ended. Addresses in the order in which they run. */
export interface PipelineProgress {
  readonly completed: readonly string[];
  /** Those that were still to run, also the stage itself unless it was done. */
  readonly pending: readonly string[];
  /** How often the code of a stage was run in turn because it asked for it, by address; only those above 1. */
  readonly iterations: { readonly [stage: string]: number };
  /** Whether the stage that ended asked to be run once more. */
  readonly again: boolean;
}

/** The recorded state of a run at one moment: a Git commit, plus the large outputs that it names. */
export interface Checkpoint {
  readonly sha: string;
  readonly parent: string;
  /** Name of the experiment under which it is listed. A checkpoint that forks share is listed in each. */
  readonly experiment: string;
  /** Place in its experiment, counted from 1. Grows over resumes; a fork goes on from where it branched off. */
  readonly sequence: number;
  readonly step: number | null;
  readonly total: number | null;
  /** The name that the signal gave, such as `epoch-5`. */
  readonly name: string | null;
  readonly kind: CheckpointKind;
  readonly stage: string | null;
  readonly run: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly metrics: ValuesByFile;
  readonly params: ValuesByFile;
  readonly outs: readonly OutputRecord[];
  /** What the training code attached to it. */
  readonly metadata: { readonly [key: string]: Value };
  /** How far its run was, where a stage ended. */
  readonly progress?: PipelineProgress | null;
  /** Where the run that recorded it was resumed or forked from. */
  readonly resumedFrom: Origin | null;
  /** A problem that was seen while recording, such as garbage in the signal; for people. */
  readonly warning: string | null;
  /** Python, packages and Node that it was recorded with; noted once per run and stage: see `recordedEnvironment`. */
  readonly environment?: Environment;
  /** What the code asked when it was recorded. */
  readonly question: Question | null;
  readonly annotations: Annotations;
}

/** A named line of checkpoints that grows from a baseline commit: a Git ref. */
export interface Experiment {
  readonly name: string;
  /** `refs/exps/<baseline[0:2]>/<baseline[2:]>/<name>` */
  readonly ref: string;
  readonly baseline: string;
  /** Milliseconds since the epoch: when its own first checkpoint was recorded. */
  readonly createdAt: number;
  readonly resumedFrom: Origin | null;
  /** Oldest first; never empty. Includes the checkpoints that it shares with the line it was forked from. */
  readonly checkpoints: readonly Checkpoint[];
}

/** How an experiment stands, over all its runs. `recorded` is one whose end nobody saw (a foreign one). */
export type ExperimentStatus = "running" | "succeeded" | "failed" | "interrupted" | "lost" | "recorded";

/** What a stage ran in, as far as it bears on results and stands in no file of the project. */
export interface Environment {
  /** Version of the Python that runs the stage, such as `3.11.2`; `null` when none was found. */
  readonly python: string | null;
  /** Versions of that Python's packages by name, in small letters; `null` when they are not known. */
  readonly packages: { readonly [name: string]: string } | null;
  /** Version of the Node that runs the stage, such as `22.1.0`. */
  readonly node: string | null;
}
