import type { RunEnd } from "../model.ts";
import type { StageSettings } from "../pipeline/stage.ts";
import type { RunRecord, StageRecord } from "./record.ts";
import type { LaunchRecord } from "./run.ts";

/** How a launch of a stage ended, as far as it decides on another one. */
export interface LaunchResult {
  readonly state: RunEnd["state"];
  readonly reason: string;
  /** The code had gone when the answer came to its question: it goes on from there with the answer. */
  readonly isAnswered?: boolean;
}

/** What follows a launch: another one, or the end of the stage. */
export type NextLaunch =
  | { readonly kind: "again"; readonly reason: string; readonly pause: number; readonly iteration: number }
  | { readonly kind: "over"; readonly state: RunEnd["state"]; readonly reason: string };

/** What decides on it beside the stage's own record. */
export interface RelaunchOptions {
  /** Overrides the stage's own number of retries. */
  readonly retries: number | null;
  /** Whether the code asked to be run once more. */
  readonly asksAgain: boolean;
  /** A stop that was asked for. The end of an iteration is a checkpoint after which to stop; a failure is none. */
  readonly stop: RunRecord["stop"];
  /** Milliseconds before the first retry of a stage that does not say it. */
  readonly firstPause: number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/**
 * Whether a stage whose last launch stands in its record with its end is launched again: a failed one as often as its
 * retries allow, one that asked for it as often as its iterations allow. Retries count anew in each iteration.
 */
export function nextLaunch(entry: StageRecord, result: LaunchResult, options: RelaunchOptions): NextLaunch {
  const { settings } = entry.stage;
  const { iteration } = entry;
  const { state, reason } = result;
  if (result.isAnswered && options.stop !== "now") return { kind: "again", reason, pause: 0, iteration };
  if (state === "succeeded" && options.asksAgain) {
    const next = iteration + 1;
    // One iteration that is done is not the stage that is done.
    if (options.stop !== null) return { kind: "over", state: "interrupted", reason: "stopped" };
    if (next <= settings.iterations)
      return { kind: "again", reason: `iteration ${next}`, pause: 0, iteration: next };
    const limit = `asked for iteration ${next}, and meta.savepoint.iterations allows ${settings.iterations}`;
    return { kind: "over", state: "failed", reason: limit };
  }
  const failures = entry.launches.filter(
    (launch) => launch.iteration === iteration && launch.end?.state === "failed",
  );
  const retries = options.retries ?? settings.retries;
  const retry = failures.length;
  const isTriedAgain = state === "failed" && retry > 0 && retry <= retries && options.stop !== "now";
  if (!isTriedAgain) return { kind: "over", state, reason };
  const pause = pauseBefore(retry, settings.retryPause, options);
  return { kind: "again", reason: `${reason}; retry ${retry} of ${retries}`, pause, iteration };
}

/** The record of a launch that begins, from what (`null`: fresh). */
export function beginLaunch(
  { iteration }: StageRecord,
  from: string | null,
  startedAt: number,
): LaunchRecord {
  return { iteration, startedAt, from, end: null };
}

/** A stage's launches when the last of them has ended. */
export function endLaunch(
  { launches }: StageRecord,
  { state, reason }: LaunchResult,
  at: number,
): readonly LaunchRecord[] {
  const last = launches.at(-1);
  return last === undefined ? launches : [...launches.slice(0, -1), { ...last, end: { state, reason, at } }];
}

/**
 * Milliseconds before the given retry (from 1): each waits twice as long as the one before, up to a limit, and a part
 * of that at random, so that stages that failed together do not come back together.
 */
export function pauseBefore(
  retry: number,
  { first, limit, jitter }: StageSettings["retryPause"],
  { firstPause, random }: Pick<RelaunchOptions, "firstPause" | "random">,
): number {
  const whole = Math.min((first ?? firstPause) * 2 ** (retry - 1), limit);
  return Math.round(whole * (1 - jitter * random()));
}
