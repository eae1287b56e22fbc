import type { RunEnd } from "../model.ts";
import type { ParamChange } from "../run/request.ts";
import type { Verb } from "../run/run.ts";

/** A run that is waiting, at work or over, as the views see it. */
export interface QueuedRun {
  readonly id: string;
  /** Of the experiment: chosen when it was queued, so that people can speak of it before it runs. */
  readonly name: string;
  readonly verb: Verb;
  /** Addresses; empty for all stages. */
  readonly stages: readonly string[];
  readonly set: readonly ParamChange[];
  /** The checkpoint that it goes on from: `amber-heron@12`. */
  readonly from: string | null;
  readonly state: "waiting" | "running" | Exclude<RunEnd["state"], "lost"> | "cancelled";
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
  /** Of its run, once it has begun. */
  readonly runId: string | null;
  /** Why it failed, was interrupted or could not be started, for people. */
  readonly problem: string | null;
}

/** Whether nothing will happen to it any more. */
export function isFinished({ state }: Pick<QueuedRun, "state">): boolean {
  return state !== "waiting" && state !== "running";
}
