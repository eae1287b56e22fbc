import { estimateRemaining, type StepTime } from "../compare/estimate.ts";
import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint, RunEnd } from "../model.ts";
import type { Problem } from "../result.ts";
import { isFinal, type RunRecord, type RunRecords, type StageRecord } from "./record.ts";
import type { Attention, Run, RunProgress } from "./run.ts";

/** More than an estimate looks at would only be kept in memory. */
const stepsToRemember = 32;

/** What is known of a run beside its record, and goes with the process. */
export interface LiveState {
  readonly attention: Attention | null;
  readonly progress: Pick<RunProgress, "step" | "total" | "pending" | "remaining">;
}

/** A run that this process listens to: its record on disk, and what views show of it. */
export class LiveRun implements Disposable {
  readonly #records: RunRecords;
  readonly #now: () => number;
  readonly #changed = new Emitter<Run>();
  #record: RunRecord;
  #attention: Attention | null = null;
  #storeProblem: Attention | null = null;
  #pending = 0;
  #isDisposed = false;
  #step: number | null;
  #total: number | null;
  #times: readonly StepTime[] = [];

  readonly onDidChange: Event<Run> = this.#changed.event;

  constructor(records: RunRecords, record: RunRecord, now: () => number) {
    this.#records = records;
    this.#record = record;
    this.#now = now;
    this.#step = record.last?.step ?? record.resume?.step ?? null;
    this.#total = record.last?.total ?? null;
  }

  get record(): RunRecord {
    return this.#record;
  }

  get view(): Run {
    const remaining = estimateRemaining(this.#times, this.#total, this.#now());
    return runView(this.#record, {
      attention: this.#attention,
      progress: { step: this.#step, total: this.#total, pending: this.#pending, remaining },
    });
  }

  /** Changes the record, in memory and on disk. A disk that is full now gets the next change. */
  update(patch: Partial<RunRecord>): void {
    if (this.#isDisposed) return;
    this.#write(patch);
    this.#changed.fire(this.view);
  }

  /** As {@link update}, for what no view shows. */
  note(patch: Partial<RunRecord>): void {
    if (!this.#isDisposed) this.#write(patch);
  }

  /** Writes down the end, and tells nobody: the listener lets go first, so that whoever hears of it can start a run. */
  finish(end: RunEnd): Run {
    this.#write({ state: end.state, end });
    this.#pending = 0;
    return this.view;
  }

  #write(patch: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...patch };
    try {
      this.#records.write(this.#record);
    } catch {
      // What matters most, the checkpoints and the stage's end, is written by others and found again from there.
    }
  }

  updateStage(index: number, patch: Partial<StageRecord>): void {
    this.update({
      stages: this.#record.stages.map((stage, at) => (at === index ? { ...stage, ...patch } : stage)),
    });
  }

  /** A stage begins, fresh (`null`) or at a step. `total` is what its settings say. */
  beginStage(step: number | null, total: number | null): void {
    this.#step = step;
    this.#total = total;
    // A fresh stage is at step 0; where a resumed one says nothing, the pace shows after two signals.
    this.#times = [{ step: step ?? 0, time: this.#now() }];
    this.#changed.fire(this.view);
  }

  /** Training said where it stands. */
  reach(step: number | null, total: number | null): void {
    if (total !== null) this.#total = total;
    if (step !== null) {
      this.#step = step;
      this.#times = [...this.#times, { step, time: this.#now() }].slice(-stepsToRemember);
    }
    this.#changed.fire(this.view);
  }

  setPending(pending: number): void {
    if (pending === this.#pending) return;
    this.#pending = pending;
    this.#changed.fire(this.view);
  }

  /** A checkpoint is safe but could not be stored yet. */
  reportStoring(problem: Problem): void {
    this.#storeProblem = { message: problem.message, choices: [] };
    if (this.#attention === null) this.setAttention(this.#storeProblem);
  }

  setAttention(attention: Attention | null): void {
    if (attention === this.#attention) return;
    this.#attention = attention;
    this.#changed.fire(this.view);
  }

  /** A checkpoint has reached the store; what was said about storing earlier is over. */
  addCheckpoint(checkpoint: Checkpoint): void {
    if (this.#storeProblem !== null && this.#attention === this.#storeProblem) this.#attention = null;
    this.update({
      experiment: checkpoint.experiment,
      checkpoints: this.#record.checkpoints + 1,
      last: { sha: checkpoint.sha, step: checkpoint.step, total: checkpoint.total },
    });
  }

  /** From here on the record belongs to others: nothing is written any more. */
  dispose(): void {
    this.#isDisposed = true;
    this.#changed.dispose();
  }
}

/** A run as views see it, from its record. Without a live state it is one that somebody else listens to, or an old one. */
export function runView(record: RunRecord, live: LiveState | null): Run {
  const current =
    record.stages.find((stage) => stage.state === "running") ??
    record.stages.findLast((stage) => stage.state !== "waiting" && stage.state !== "skipped");
  return {
    id: record.id,
    verb: record.verb,
    experiment: record.experiment,
    place: record.place,
    directory: record.directory,
    baseline: record.baseline,
    state: record.state,
    stages: record.stages.map(({ stage, state, reason, launches }) => ({
      stage: stage.address,
      state,
      reason,
      launches,
    })),
    resumedFrom: record.resumedFrom,
    startedAt: record.startedAt,
    end: record.end,
    progress: {
      stage: current?.stage.address ?? null,
      // A stage that has no steps must not show those of the stage before it.
      step: live ? live.progress.step : (record.last?.step ?? record.resume?.step ?? null),
      total: live ? live.progress.total : (record.last?.total ?? null),
      checkpoints: record.checkpoints,
      pending: live?.progress.pending ?? 0,
      remaining: live?.progress.remaining ?? null,
    },
    attention: live?.attention ?? null,
    skippedCheckpoints: record.skippedCheckpoints,
    readOnly: live === null && !isFinal(record.state),
  };
}
