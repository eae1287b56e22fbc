import { setTimeout as delay } from "node:timers/promises";
import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint, RunEnd } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import { failure, type Result } from "../result.ts";
import type { WaitingSignal } from "../signal/signalFile.ts";
import { annotate } from "../store/annotations.ts";
import { Recorder } from "../store/recorder.ts";
import type { Lease } from "../system/lease.ts";
import { StageTriggers } from "../trigger/stageTriggers.ts";
import { launchedEnvironment } from "./launchedEnvironment.ts";
import type { LiveRun } from "./liveRun.ts";
import { prepareStage } from "./prepareStage.ts";
import type { RunRecords, StageRecord } from "./record.ts";
import { beginLaunch, endLaunch, type LaunchResult, nextLaunch } from "./relaunch.ts";
import type { Run } from "./run.ts";
import { RunnerFolder, type StageOutcome } from "./runnerRecord.ts";
import type { RunServices } from "./services.ts";
import { type Choice, Snapshots } from "./snapshots.ts";
import { type AnsweredSignal, StageCheckpoints } from "./stageCheckpoints.ts";
import { judge, prepareLaunch, StageLaunch } from "./stageLaunch.ts";
import { statusOf } from "./stageStatus.ts";

type StageResult = LaunchResult & {
  readonly code: number | null;
  readonly signal: string | null;
};

const storeAttempts = 6;
const storePause = 5_000;
const startLimit = 120_000;
/** For a stage that another process launched: its terminal is open already, or never will be. */
const adoptedStartLimit = 5_000;

/** Where a run's line of checkpoints stands when this process begins to listen. */
export interface LinePosition {
  readonly parent: string;
  readonly sequence: number;
  readonly answered: AnsweredSignal | null;
}

/**
 * A run that this process listens to, from its start or adoption to its end: launches its stages one after another,
 * records their checkpoints, and writes down how it ends. What happens to this process does not touch the training.
 */
export class RunSession implements Disposable {
  readonly #services: RunServices;
  readonly #records: RunRecords;
  readonly #run: LiveRun;
  readonly #lease: Lease;
  readonly #recorder: Recorder;
  readonly #snapshots: Snapshots;
  readonly #checkpoints: StageCheckpoints;
  readonly #recorded = new Emitter<Checkpoint>();
  /** This process gives the run up. */
  readonly #abandoned = new AbortController();
  /** The run is to end: pauses are cut short. */
  readonly #stopping = new AbortController();
  #launch: StageLaunch | null = null;
  #folder: RunnerFolder | null = null;
  #triggers: StageTriggers | null = null;

  readonly onDidRecord: Event<Checkpoint> = this.#recorded.event;

  private constructor(
    services: RunServices,
    records: RunRecords,
    run: LiveRun,
    lease: Lease,
    recorder: Recorder,
    answered: AnsweredSignal | null,
  ) {
    this.#services = services;
    this.#records = records;
    this.#run = run;
    this.#lease = lease;
    this.#recorder = recorder;
    if (recorder.experiment !== run.record.experiment) run.update({ experiment: recorder.experiment });
    const stop = () => this.stop("now");
    this.#snapshots = new Snapshots(recorder, run, services.onSnapshotFailure, stop);
    this.#checkpoints = new StageCheckpoints({
      services,
      run,
      snapshots: this.#snapshots,
      answered,
      abandoned: this.#abandoned.signal,
      stopping: this.#stopping.signal,
      stop,
    });
    recorder.onDidRecord((checkpoint) => {
      run.addCheckpoint(checkpoint);
      run.setPending(recorder.pending);
      this.#recorded.fire(checkpoint);
    });
    recorder.onDidFail((problem) => run.reportStoring(problem));
  }

  /** Takes over the lease and the live run, also when it fails. */
  static async open(
    services: RunServices,
    records: RunRecords,
    run: LiveRun,
    lease: Lease,
    position: LinePosition,
  ): Promise<RunSession> {
    const { record } = run;
    try {
      const recorder = await Recorder.open({
        project: services.project,
        runId: record.id,
        experiment: record.experiment,
        baseline: record.baseline,
        parent: position.parent,
        sequence: position.sequence,
        resumedFrom: record.resumedFrom,
        hasher: services.hasher,
        environmentOf: (stage) => launchedEnvironment(services, records, run.record, stage),
      });
      return new RunSession(services, records, run, lease, recorder, position.answered);
    } catch (error) {
      lease.dispose();
      throw error;
    }
  }

  get run(): Run {
    return this.#run.view;
  }

  get onDidChange(): Event<Run> {
    return this.#run.onDidChange;
  }

  /** Goes through the stages to the end of the run. Never settles after {@link dispose}. Rejects on a defect. */
  async follow(): Promise<Run> {
    if (this.#run.record.stop === "now") this.#stopping.abort();
    let result: StageResult = { state: "succeeded", reason: "done", code: 0, signal: null };
    for (const index of this.#run.record.stages.keys()) {
      const entry = this.#entry(index);
      if (entry.state === "skipped" || entry.state === "succeeded") continue;
      result = await this.#runStage(index);
      if (result.state !== "succeeded") break;
      if (this.#run.record.stop !== null && index + 1 < this.#run.record.stages.length) {
        result = { ...result, state: "interrupted", reason: "stopped" };
        break;
      }
    }
    await this.#unlessAbandoned(this.#store());
    return this.#finish({
      state: result.state,
      code: result.code,
      signal: result.signal,
      at: this.#services.now(),
    });
  }

  /** Ends the run's processes now, or as soon as the next checkpoint is safe. */
  stop(when: "now" | "after-next-checkpoint"): void {
    this.#run.update({ stop: when });
    if (when === "after-next-checkpoint") return;
    this.#stopping.abort();
    this.#snapshots.decide("skip");
    this.#folder?.requestStop();
  }

  decide(choice: Choice): void {
    this.#snapshots.decide(choice);
  }

  /** Brings the terminal of the stage to the front; `false` when this process did not open it. */
  reveal(): boolean {
    return this.#launch?.reveal() ?? false;
  }

  /** Records a checkpoint that nobody signalled. Not while one that was signalled is taken. */
  async recordNow(): Promise<Result<void>> {
    const entry = this.#run.record.stages.find(({ state }) => state === "running");
    if (entry === undefined || this.#launch === null) {
      return failure("not-running", "No stage runs at the moment, so there is nothing to record.");
    }
    return this.#checkpoints.recordNow(entry.stage, await this.#triggers?.completeSets());
  }

  /** Gives the run up: whoever adopts it goes on. The stage is not touched. */
  dispose(): void {
    this.#abandoned.abort();
    this.#launch?.dispose();
    this.#triggers?.dispose();
    this.#recorder.dispose();
    this.#run.dispose();
    this.#recorded.dispose();
    this.#lease.dispose();
  }

  #entry(index: number): StageRecord {
    const entry = this.#run.record.stages[index];
    if (entry === undefined) throw new RangeError(`The run has no stage ${index}.`);
    return entry;
  }

  /** One stage with its retries and iterations. */
  async #runStage(index: number): Promise<StageResult> {
    for (;;) {
      const { state, launches } = this.#entry(index);
      const launched = state === "running" && launches.length > 0 ? this.#adopt(index) : null;
      const result = await (launched ?? this.#startStage(index));
      const { retries, asksAgain, stop } = this.#run.record;
      const { retryPause: firstPause, random } = this.#services;
      const next = nextLaunch(this.#entry(index), result, { retries, asksAgain, stop, firstPause, random });
      if (next.kind === "over") {
        const over = { ...result, state: next.state, reason: next.reason };
        this.#closeStage(index, over);
        return over;
      }
      const { reason, iteration, pause } = next;
      this.#run.updateStage(index, { state: "waiting", reason, iteration });
      await this.#unlessAbandoned(delay(pause, null, { signal: this.#stopping.signal }).catch(() => null));
    }
  }

  #closeStage(index: number, { state, reason }: StageResult): void {
    if (this.#entry(index).state === "skipped") return;
    this.#run.updateStage(index, { state: state === "lost" ? "interrupted" : state, reason });
  }

  async #startStage(index: number): Promise<StageResult> {
    if (this.#stopping.signal.aborted) return ended("interrupted", "stopped");
    const entry = this.#entry(index);
    let { reason } = entry;
    if (entry.launches.length === 0) {
      const status = await this.#unlessAbandoned(statusOf(this.#services, entry.stage));
      if (!entry.isForced && status?.kind === "up-to-date") {
        this.#run.updateStage(index, { state: "skipped", reason: "up to date" });
        return ended("succeeded", "up to date");
      }
      if (status?.kind === "blocked") return ended("failed", status.reason);
      // It was planned to follow others; now it can be told what they changed.
      if (!entry.isForced && status?.kind === "changed") reason = status.reasons.join("; ");
    }
    const start = await this.#unlessAbandoned(prepareStage(this.#services, this.#run.record, entry));
    if (!start.ok) return this.#fail(start.problem.message);

    const launches = [...entry.launches, beginLaunch(entry, start.value.from, this.#services.now())];
    const { project, launch } = this.#services;
    const { id } = this.#run.record;
    const folder = new RunnerFolder(this.#records.launchDirectory(id, index, launches.length));
    prepareLaunch(folder, project, this.#run.record, entry.stage, start.value, launch.grace());
    this.#run.update({ state: "running", deferred: null, asksAgain: false, watching: null });
    this.#run.updateStage(index, { state: "running", reason, launches });
    this.#run.beginStage(start.value.resumed?.step ?? null, entry.stage.settings.total);
    return this.#listen(index, folder, startLimit, (stageLaunch) =>
      stageLaunch.launch(launch, folder, project, this.#run.record, entry.stage),
    );
  }

  /** Goes on with a stage that another process launched, or was about to launch when it died. */
  async #adopt(index: number): Promise<StageResult> {
    const { launches } = this.#entry(index);
    const { id } = this.#run.record;
    const folder = new RunnerFolder(this.#records.launchDirectory(id, index, launches.length));
    const result = await this.#listen(index, folder, adoptedStartLimit, async () => {});
    if (folder.status() !== null) return result;
    // In the same folder: should the other's runner come yet, one of the two finds the other's status and leaves.
    this.#run.updateStage(index, { state: "waiting", launches: launches.slice(0, -1) });
    return this.#startStage(index);
  }

  /** Answers the stage's signals from before its start until it has ended, then records its end. */
  async #listen(
    index: number,
    folder: RunnerFolder,
    limit: number,
    begin: (launch: StageLaunch) => Promise<void>,
  ): Promise<StageResult> {
    const result = await this.#untilEnd(index, folder, limit, begin);
    const launches = endLaunch(this.#entry(index), result, this.#services.now());
    this.#run.updateStage(index, { launches });
    return result;
  }

  async #untilEnd(
    index: number,
    folder: RunnerFolder,
    limit: number,
    begin: (launch: StageLaunch) => Promise<void>,
  ): Promise<StageResult> {
    const over = new AbortController();
    const { stage } = this.#entry(index);
    const onSignal = (signal: WaitingSignal) => this.#checkpoints.answer(signal, stage, over.signal);
    const launch = new StageLaunch(this.#services.project, folder, limit, onSignal);
    const triggers = this.#triggersOf(stage);
    this.#launch = launch;
    this.#folder = folder;
    this.#triggers = triggers;
    try {
      if (this.#run.record.stop === "now") folder.requestStop();
      await this.#unlessAbandoned(triggers.begin());
      const failed = await begin(launch).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (failed !== null) return this.#fail(`It could not be started: ${failed}`);
      const outcome = await this.#unlessAbandoned(launch.outcome);
      over.abort();
      await this.#unlessAbandoned(launch.close());
      // Without a runner nobody knows how, but it was we who ended it.
      const isStopped = outcome.kind === "lost" && this.#stopping.signal.aborted;
      const result = isStopped ? ended("interrupted", "stopped") : resultOf(outcome);
      await this.#unlessAbandoned(triggers.finish(result.state === "succeeded"));
      const paused = result.state === "failed" ? await this.#pausedAt(stage, result) : null;
      if (paused !== null) return paused;
      await this.#unlessAbandoned(this.#checkpoints.recordEnd(stage, result.state === "succeeded"));
      // What follows, a retry or the next stage, builds on what is in the store and in dvc.lock.
      await this.#unlessAbandoned(this.#store());
      return result;
    } finally {
      launch.dispose();
      triggers.dispose();
      this.#launch = null;
      this.#folder = null;
      this.#triggers = null;
    }
  }

  /** What has checkpoints of the stage taken that its code does not ask for. */
  #triggersOf(stage: Stage): StageTriggers {
    const { project, now } = this.#services;
    const run = this.#run;
    return new StageTriggers({
      root: project.root,
      stage,
      record: (request, sets) => this.#checkpoints.recordUnasked(request, sets),
      known: run.record.watching ?? null,
      note: (watching) => run.note({ watching }),
      onLost: (message) => run.setAttention({ message, choices: [] }),
      progress: () => run.view.progress,
      now,
    });
  }

  /** How a stage ended that asked something and did not wait for the answer; `null` for one that just failed. */
  async #pausedAt(stage: Stage, result: StageResult): Promise<StageResult | null> {
    await this.#unlessAbandoned(this.#store());
    const question = await this.#unlessAbandoned(this.#checkpoints.questionAtEnd(stage));
    if (question === null) return null;
    const reason = question === "open" ? "waits for an answer" : "answered meanwhile";
    return { ...result, state: "interrupted", reason, isAnswered: question === "answered" };
  }

  /** Waits until all checkpoints are in the store. Gives up after a while: they are safe, and the next start stores them. */
  async #store(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#recorder.drain();
      if (stored.ok || attempt === storeAttempts) return;
      await delay(storePause, null, { signal: this.#abandoned.signal }).catch(() => null);
    }
  }

  #fail(message: string): StageResult {
    this.#run.setAttention({ message, choices: [] });
    return ended("failed", message);
  }

  async #finish(end: RunEnd): Promise<Run> {
    const { last } = this.#run.record;
    if (last !== null) {
      await annotate(this.#services.project, last.sha, { end }).catch((error: Error) => {
        this.#run.setAttention({
          message: `How the run ended could not be noted: ${error.message}`,
          choices: [],
        });
      });
    }
    const view = this.#run.finish(end);
    this.dispose();
    return view;
  }

  /** The promise, or one that never settles once this process has given the run up: nothing is written after that. */
  #unlessAbandoned<Value>(promise: Promise<Value>): Promise<Value> {
    return promise.then((value) => (this.#abandoned.signal.aborted ? new Promise<Value>(() => {}) : value));
  }
}

function ended(state: RunEnd["state"], reason: string): StageResult {
  return { state, reason, code: null, signal: null };
}

function resultOf(outcome: StageOutcome): StageResult {
  const { code, signal } = outcome.kind === "ended" ? outcome.end : { code: null, signal: null };
  return { ...judge(outcome), code, signal };
}
