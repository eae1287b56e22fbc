import type { Origin, RunEnd } from "../model.ts";

/** The four verbs: fresh, go on, branch off, go back. Never implied by one another. */
export type Verb = "run" | "resume" | "fork" | "rewind";

export type RunState = "queued" | "starting" | "running" | RunEnd["state"];

/** In the user's own files, or in a Git worktree of its own that is gone after the run. */
export type RunPlace = "workspace" | "isolated";

/** One execution of one or more stages, as the views see it. Times are milliseconds since the epoch. */
export interface Run {
  readonly id: string;
  readonly verb: Verb;
  readonly experiment: string;
  readonly baseline: string;
  readonly state: RunState;
  /** Addresses of the stages in the order in which they run. */
  readonly stages: readonly StageRun[];
  readonly resumedFrom: Origin | null;
  readonly startedAt: number;
  readonly end: RunEnd | null;
  readonly progress: RunProgress;
  /** Something that the user should know or decide, such as a full disk; `null` when all is well. */
  readonly attention: Attention | null;
  /** Checkpoints that were asked for and could not be taken: the run's record is not complete. */
  readonly skippedCheckpoints: number;
  readonly place: RunPlace;
  /** The project's root as the run sees it, absolute: that of its worktree when it is isolated. */
  readonly directory: string;
  /** How it ended by all signs, when its every process is dead and nobody has written down its end. */
  readonly left?: RunEnd["state"];
  /** Whether another window or the command line listens to it: it can be watched here, not steered. */
  readonly readOnly: boolean;
}

export interface StageRun {
  readonly stage: string;
  readonly state: "waiting" | "skipped" | "running" | "succeeded" | "failed" | "interrupted";
  /** Why it runs or why it is skipped, for people. */
  readonly reason: string;
  /** Its launches, oldest first: one, and more after failures or when its code asks for another iteration. */
  readonly launches: readonly LaunchRecord[];
}

/** One launch of a stage. Times are milliseconds since the epoch. */
export interface LaunchRecord {
  readonly iteration: number;
  readonly startedAt: number;
  /** What it went on from and why, for people; `null` for a fresh start. */
  readonly from: string | null;
  readonly end: LaunchEnd | null;
}

export interface LaunchEnd {
  readonly state: RunEnd["state"];
  readonly reason: string;
  readonly at: number;
}

export interface RunProgress {
  /** Address of the stage that runs now or ran last. */
  readonly stage: string | null;
  readonly step: number | null;
  readonly total: number | null;
  /** Checkpoints that this run has recorded. */
  readonly checkpoints: number;
  /** Snapshots that are released but not yet in the store. */
  readonly pending: number;
  /** Estimated milliseconds until the stage is done; `null` when nobody can tell. */
  readonly remaining: number | null;
}

/** A checkpoint that could not be taken while training waits: the user decides what happens. */
export interface Attention {
  readonly message: string;
  readonly choices: readonly ("retry" | "skip" | "stop")[];
}
