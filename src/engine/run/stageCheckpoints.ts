import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { isWaiting, type SignalAnswer, signalPaths, type WaitingSignal } from "../signal/signalFile.ts";
import type { SnapshotRequest } from "../store/journal.ts";
import type { SnapshotTaken } from "../store/recorder.ts";
import type { WatchedSets } from "../store/watchedSets.ts";
import { awaitAnswer } from "./awaitAnswer.ts";
import { defer } from "./deferred.ts";
import type { LiveRun } from "./liveRun.ts";
import { isAsking } from "./openQuestion.ts";
import type { RunServices } from "./services.ts";
import type { Snapshots } from "./snapshots.ts";
import { progressAtEnd } from "./stageProgress.ts";

/** Longer than a runner takes to notice that it is to stop. */
const holdForStop = 500;

/** A signal that may still wait although its checkpoint was recorded, with the checkpoint's label. */
export interface AnsweredSignal {
  readonly signal: string;
  readonly label: string;
  readonly sequence: number;
}

/** What the checkpoints of a run depend on. */
export interface StageCheckpointsOptions {
  readonly services: Pick<RunServices, "project" | "now" | "experiments">;
  readonly run: LiveRun;
  readonly snapshots: Snapshots;
  readonly answered: AnsweredSignal | null;
  /** This process gives the run up. */
  readonly abandoned: AbortSignal;
  /** The run is to end. */
  readonly stopping: AbortSignal;
  /** Ends the run's processes. */
  readonly stop: () => void;
}

/** The checkpoints of a run's stages: asked for by a signal, by a person, or due at the end of a stage. */
export class StageCheckpoints {
  readonly #options: StageCheckpointsOptions;
  #answered: AnsweredSignal | null;
  /** The question that the code asked last, unless it went on since. */
  #question: { readonly sequence: number; readonly isWaiting: boolean } | null = null;

  constructor(options: StageCheckpointsOptions) {
    this.#options = options;
    this.#answered = options.answered;
  }

  /** Takes the checkpoint that a signal asks for. `null` leaves the signal to whoever adopts the run. */
  async answer(signal: WaitingSignal, stage: Stage, over: AbortSignal): Promise<SignalAnswer | null> {
    const { request, warning } = signal;
    this.#question = null;
    if (request.again !== null) this.#options.run.note({ asksAgain: request.again });
    if (request.when === "stage-end" && request.ask === null) {
      this.#options.run.reach(request.step, request.total);
      this.#options.run.update({ deferred: defer(this.#options.run.record.deferred, request, warning) });
      return { ok: true, checkpoint: null, error: null };
    }
    const { step, total, name, metrics, metadata, ask } = request;
    const time = this.#options.services.now();
    const identity = `${signal.identity} ${request.id ?? ""}`;
    const answered = this.#answered;
    // Only the first signal after a takeover can be one of before.
    this.#answered = null;
    if (identity === answered?.signal) return this.#settle(signal, answered, over);
    // So that whoever adopts the run can tell whether this very signal was recorded.
    this.#options.run.note({ taking: { signal: identity, time } });
    const { progress } = this.#options.run.view;
    const taken = await this.#take(
      {
        stage,
        kind: "signal",
        // Code that does not say where it stands is where it said last: at the end of a keyed step, for one.
        step: step ?? progress.step,
        total: total ?? progress.total,
        name,
        metrics,
        metadata,
        warning,
        time,
        question: ask,
      },
      over,
    );
    if (this.#options.abandoned.aborted && !taken.ok) return null;
    if (!taken.ok) return { ok: false, checkpoint: null, error: taken.problem.message };
    this.#options.run.reach(step, total ?? stage.settings.total);
    if (this.#options.run.record.stop === "after-next-checkpoint") {
      this.#options.stop();
      // The code is held until it is interrupted, so that it does no work that would be lost.
      await delay(holdForStop, null, { signal: over }).catch(() => null);
      return done(taken.value);
    }
    return this.#settle(signal, taken.value, over);
  }

  /** What is left to do for a signal whose checkpoint is safe: code that asked something waits for the answer. */
  async #settle(
    signal: WaitingSignal,
    taken: Pick<SnapshotTaken, "label" | "sequence">,
    over: AbortSignal,
  ): Promise<SignalAnswer | null> {
    if (signal.request.ask === null) return done(taken);
    const { services, run, abandoned } = this.#options;
    const { sequence } = taken;
    const paths = signalPaths(join(services.project.root, ".dvc", "tmp"));
    this.#question = { sequence, isWaiting: true };
    const answer = await awaitAnswer(services.experiments, {
      runId: run.record.id,
      sequence,
      isWaiting: () => isWaiting(paths, signal),
      over: AbortSignal.any([over, abandoned]),
    });
    if (answer !== null) {
      this.#question = null;
      return { ...done(taken), answer };
    }
    this.#question = { sequence, isWaiting: false };
    return abandoned.aborted ? null : done(taken);
  }

  /**
   * How the last question of a stage stands that ended without success: nobody has answered it, or somebody has and the
   * code did not hear of it. `null` when there is none, or the code had its answer.
   */
  async questionAtEnd(stage: Stage): Promise<"open" | "answered" | null> {
    const { services, run } = this.#options;
    const last = run.record.last?.sha;
    await services.experiments.refresh();
    const checkpoint = services.experiments.experiments
      .flatMap(({ checkpoints }) => checkpoints)
      .find(({ sha }) => sha === last);
    if (checkpoint === undefined || !isAsking(checkpoint) || checkpoint.stage !== stage.address) return null;
    if (checkpoint.annotations.answer === null) return "open";
    return this.#question?.sequence === checkpoint.sequence ? "answered" : null;
  }

  /**
   * The end of a stage is a checkpoint when it succeeded; one that was asked for is taken in any case. A stage that asks
   * to be run once more is not done with that, and not up to date.
   */
  async recordEnd(stage: Stage, succeeded: boolean): Promise<void> {
    const { deferred, asksAgain, stages } = this.#options.run.record;
    const how = !succeeded ? "failed" : asksAgain ? "again" : "done";
    if (!succeeded && deferred === null) return;
    const { progress } = this.#options.run.view;
    const warnings = [
      deferred?.warning,
      succeeded ? missingOutputs(this.#options.services.project, stage) : null,
    ];
    await this.#take({
      ...plainSnapshot,
      step: progress.step,
      total: progress.total,
      ...deferred,
      warning: warnings.filter((text) => text != null).join(" ") || null,
      stage,
      kind: "stage-end",
      time: this.#options.services.now(),
      succeeded: how === "done",
      progress: progressAtEnd(stages, stage.address, how),
    });
    if (this.#options.abandoned.aborted) return;
    this.#options.run.update({ deferred: null });
  }

  /** Takes a checkpoint that nobody signalled. */
  async recordNow(stage: Stage, sets: WatchedSets | null = null): Promise<Result<void>> {
    if (this.#question?.isWaiting) return waitsForAnswer();
    const { progress } = this.#options.run.view;
    const taken = await this.#take(
      {
        ...plainSnapshot,
        stage,
        kind: "manual",
        step: progress.step,
        total: progress.total,
        time: this.#options.services.now(),
      },
      undefined,
      sets,
    );
    if (!taken.ok) return taken;
    this.#stopIfDue();
    return success(undefined);
  }

  /** Takes a checkpoint of code that goes on meanwhile. Fails with `unchanged` when there is nothing to record. */
  async recordUnasked(request: SnapshotRequest, sets: WatchedSets): Promise<Result<SnapshotTaken>> {
    if (this.#question?.isWaiting) return waitsForAnswer();
    const { run, snapshots } = this.#options;
    const taken = await snapshots.exclusively(() => snapshots.attempt(request, sets));
    if (!taken.ok) return taken;
    if (request.kind === "watch") run.reach(request.step, request.total);
    this.#stopIfDue();
    return taken;
  }

  /** A checkpoint of running code was taken: maybe that was what a stop waited for. */
  #stopIfDue(): void {
    if (this.#options.run.record.stop === "after-next-checkpoint") this.#options.stop();
  }

  #take(request: SnapshotRequest, over?: AbortSignal, sets?: WatchedSets | null) {
    const signals = over
      ? [over, this.#options.abandoned]
      : [this.#options.abandoned, this.#options.stopping];
    return this.#options.snapshots.exclusively(() =>
      this.#options.snapshots.take(request, AbortSignal.any(signals), sets),
    );
  }
}

function waitsForAnswer(): Result<never> {
  return failure(
    "waits-for-answer",
    "The code waits for an answer, and its state is recorded with the question. Answer it first.",
  );
}

function done({ label }: Pick<SnapshotTaken, "label">): SignalAnswer {
  return { ok: true, checkpoint: label, error: null };
}

const plainSnapshot = { step: null, total: null, name: null, metrics: {}, metadata: {}, warning: null };

/** A stage that says it succeeded and has not made what it promised: later stages will stumble over it. */
function missingOutputs(project: Project, stage: Stage): string | null {
  const missing = stage.outputs.filter(({ path }) => !existsSync(join(project.root, path)));
  if (missing.length === 0) return null;
  const names = missing.map(({ path }) => `'${path}'`).join(", ");
  return `The stage ended without ${names}, which dvc.yaml names as its output.`;
}
