import { setTimeout as delay } from "node:timers/promises";
import { failure, type Problem, type Result } from "../result.ts";
import type { SnapshotRequest } from "../store/journal.ts";
import type { Recorder, SnapshotTaken } from "../store/recorder.ts";
import type { WatchedSets } from "../store/watchedSets.ts";
import type { LiveRun } from "./liveRun.ts";

export type Choice = "retry" | "skip" | "stop";

/** What happens when a snapshot can't be taken while training waits for it. */
export type FailurePolicy =
  /** A person is asked. */
  | { readonly kind: "ask" }
  /** Nobody is there: tried again for this many milliseconds, then skipped. */
  | { readonly kind: "skip-after"; readonly limit: number };

/** Hiccups, such as a lock that another Git process holds for a moment, bother nobody. */
const quietRetries = 2;
const firstPause = 100;
const longestPause = 10_000;

/** Takes the snapshots of a run, one at a time, and settles with a person what to do when one can't be taken. */
export class Snapshots {
  readonly #recorder: Recorder;
  readonly #run: LiveRun;
  readonly #policy: FailurePolicy;
  readonly #stop: () => void;
  #queue: Promise<unknown> = Promise.resolve();
  #decide: ((choice: Choice) => void) | null = null;

  constructor(recorder: Recorder, run: LiveRun, policy: FailurePolicy, stop: () => void) {
    this.#recorder = recorder;
    this.#run = run;
    this.#policy = policy;
    this.#stop = stop;
  }

  /** Runs `work` when no other work of a snapshot is under way. */
  exclusively<Value>(work: () => Promise<Value>): Promise<Value> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** The choice of a person about the snapshot that could not be taken. Without one it does nothing. */
  decide(choice: Choice): void {
    this.#decide?.(choice);
  }

  /**
   * Takes a snapshot; a failure means that it was given up, and is counted in the run's record. `over` is aborted when
   * a failed one must not be tried again: the stage has ended, or this process gives the run up.
   */
  async take(
    request: SnapshotRequest,
    over: AbortSignal,
    sets: WatchedSets | null = null,
  ): Promise<Result<SnapshotTaken>> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      const result = await this.#tryOnce(request, sets);
      if (result.ok) {
        this.#run.setAttention(null);
        this.#run.setPending(this.#recorder.pending);
        return result;
      }
      const choice = await this.#choose(result.problem, attempt, performance.now() - began, over);
      if (choice === "retry") continue;
      if (choice === "stop") this.#stop();
      this.#run.setAttention(
        choice === "skip"
          ? { message: `A checkpoint was skipped: ${result.problem.message}`, choices: [] }
          : null,
      );
      this.#run.update({ skippedCheckpoints: this.#run.record.skippedCheckpoints + 1 });
      return result;
    }
  }

  /**
   * Takes a snapshot of code that goes on meanwhile: one try, since the next will come by itself. Fails with `unchanged`
   * when there is nothing to record; other failures are shown.
   */
  async attempt(request: SnapshotRequest, sets: WatchedSets): Promise<Result<SnapshotTaken>> {
    const result = await this.#tryOnce(request, sets);
    if (result.ok) {
      this.#run.setAttention(null);
      this.#run.setPending(this.#recorder.pending);
    } else if (result.problem.reason !== "unchanged" && result.problem.reason !== "closed") {
      this.#run.setAttention({ message: result.problem.message, choices: [] });
    }
    return result;
  }

  async #tryOnce(request: SnapshotRequest, sets: WatchedSets | null): Promise<Result<SnapshotTaken>> {
    try {
      return await this.#recorder.snapshot(request, sets);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return failure("snapshot-failed", `The checkpoint could not be taken: ${message}`);
    }
  }

  async #choose(problem: Problem, attempt: number, elapsed: number, over: AbortSignal): Promise<Choice> {
    if (over.aborted) return "skip";
    const message = problem.message;
    if (this.#policy.kind === "ask" && attempt > quietRetries) return this.#ask(message, over);
    if (this.#policy.kind === "skip-after") {
      if (elapsed >= this.#policy.limit) return "skip";
      this.#run.setAttention({ message, choices: [] });
    }
    const pause = Math.min(firstPause * 2 ** (attempt - 1), longestPause);
    return delay(pause, "retry" as const, { signal: over }).catch(() => "skip" as const);
  }

  #ask(message: string, over: AbortSignal): Promise<Choice> {
    this.#run.setAttention({ message, choices: ["retry", "skip", "stop"] });
    return new Promise((resolve) => {
      const settle = (choice: Choice) => {
        this.#decide = null;
        stored.dispose();
        over.removeEventListener("abort", giveUp);
        resolve(choice);
      };
      const giveUp = () => settle("skip");
      // What was in the way of storing is gone: nobody has to say so.
      const stored = this.#recorder.onDidRecord(() => settle("retry"));
      this.#decide = settle;
      over.addEventListener("abort", giveUp);
    });
  }
}
