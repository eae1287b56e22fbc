import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint } from "../model.ts";
import { failure, type Result, success } from "../result.ts";
import { describeFailure } from "../store/failures.ts";
import { recoveryLease } from "../store/recover.ts";
import { savepointDirectory } from "../system/layout.ts";
import { Lease } from "../system/lease.ts";
import { catchUp, recover } from "./adoption.ts";
import { endOfLeftRun } from "./leftRun.ts";
import { LiveRun, runView } from "./liveRun.ts";
import { isFinal, type RunRecord, RunRecords } from "./record.ts";
import type { RunRequest } from "./request.ts";
import type { Run } from "./run.ts";
import { newRunId } from "./runId.ts";
import { pruneOutput } from "./runOutput.ts";
import { type LinePosition, RunSession } from "./runSession.ts";
import type { RunServices } from "./services.ts";
import type { Choice } from "./snapshots.ts";
import { startRun } from "./startRun.ts";

export type { ParamChange, RunRequest } from "./request.ts";
export type { RunServices } from "./services.ts";

/** How often others' runs are looked at, in milliseconds. */
const observeMilliseconds = 1_000;
/**
 * The runs in one work tree: starts them, listens to the one that goes on, and takes over what a closed window or a
 * crash has left. A work tree has one place for signals, so one run goes on in it at a time.
 */
export class RunController implements Disposable {
  readonly #services: RunServices;
  readonly #records: RunRecords;
  readonly #leaseDirectory: string;
  readonly #changed = new Emitter<Run>();
  readonly #recorded = new Emitter<Checkpoint>();
  /** By id, in the order of their starts. */
  readonly #runs = new Map<string, Run>();
  #session: RunSession | null = null;
  /** Why runs that nobody listens to could not be taken over at the last look, by id. */
  readonly #obstacles = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #observer: NodeJS.Timeout | null = null;
  readonly #closed = new AbortController();

  readonly onDidChange: Event<Run> = this.#changed.event;
  /** A checkpoint of a run that this process listens to has reached the store. */
  readonly onDidRecord: Event<Checkpoint> = this.#recorded.event;

  constructor(services: RunServices) {
    this.#services = services;
    this.#records = new RunRecords(services.project);
    this.#leaseDirectory = join(savepointDirectory(services.project), "listener");
  }

  /** All runs that are known, oldest first. */
  get runs(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /**
   * Starts a run. Succeeds as soon as its first stage is about to be launched; a refusal leaves the workspace as it
   * was, apart from restored outputs, which "undo" takes back. `id` is for somebody who planned the run before.
   */
  start(request: RunRequest, planned: { readonly id?: string } = {}): Promise<Result<Run>> {
    return this.#alone(async () => {
      const id = planned.id ?? newRunId(this.#services.now());
      try {
        // One that nobody listens to has to be taken over before another run takes its signals.
        await this.#takeOver();
        if (this.#session !== null) return alreadyActive(this.#session.run.experiment);
        const [open] = this.#openRecords();
        if (open !== undefined) return alreadyActive(open.experiment);
        const lease = Lease.acquire(this.#leaseDirectory, id, randomUUID());
        if (!(lease instanceof Lease)) return alreadyActive(this.#records.read(lease.runId)?.experiment);
        return await this.#startWith(lease, request, id);
      } catch (error) {
        return { ok: false, problem: describeFailure(error, "The run could not be started") };
      }
    });
  }

  async #startWith(lease: Lease, request: RunRequest, id: string): Promise<Result<Run>> {
    try {
      await recover(this.#services);
      const record = await startRun(this.#services, this.#records, request, id);
      if (!record.ok) {
        lease.dispose();
        return record;
      }
      const session = await this.#open(record.value, lease, { ...record.value, answered: null });
      try {
        // Only now: a record whose recording could not be prepared would be taken for a run to go on with.
        this.#records.write(record.value);
        this.#records.prune();
        pruneOutput(this.#services.project);
      } catch (error) {
        this.#session = null;
        this.#runs.delete(id);
        session.dispose();
        throw error;
      }
      this.#follow(session);
      return success(session.run);
    } catch (error) {
      lease.dispose();
      throw error;
    }
  }

  /** Ends a run now, or after its next checkpoint. */
  async stop(runId: string, when: "now" | "after-next-checkpoint"): Promise<Result<void>> {
    return this.#steer(runId, (session) => {
      try {
        session.stop(when);
        return success(undefined);
      } catch (error) {
        return { ok: false, problem: describeFailure(error, "The run could not be stopped") };
      }
    });
  }

  /** Records a checkpoint of the running stage that its code did not ask for. */
  async recordNow(runId: string): Promise<Result<void>> {
    return this.#steer(runId, (session) => session.recordNow());
  }

  /** What is to happen with a checkpoint that could not be taken: see {@link Run.attention}. */
  decide(runId: string, choice: Choice): void {
    if (this.#session?.run.id === runId) this.#session.decide(choice);
  }

  /** Brings the terminal of a run to the front; `false` when this process did not open it. */
  reveal(runId: string): boolean {
    return this.#session?.run.id === runId && this.#session.reveal();
  }

  /**
   * Reads the runs on disk, and takes over those that are not at their end and that nobody listens to. From then on,
   * others' runs are observed, and taken over when their listener dies. Returns what was taken over.
   */
  async adopt(): Promise<readonly Run[]> {
    const adopted = await this.#alone(async () => {
      // Also for runs that are over: their last checkpoints may not have reached the store on a disk that was full.
      await recover(this.#services);
      const taken = await this.#takeOver();
      for (const directory of [this.#leaseDirectory, recoveryLease(this.#services.project)])
        Lease.tidy(directory);
      return taken;
    });
    this.#observer ??= setInterval(() => this.#observe(), observeMilliseconds).unref();
    return adopted;
  }

  /**
   * Resolves when the run is at its end; at once when it is already. Rejects when there is no run with that id, or when
   * this controller is closed before.
   */
  whenEnded(runId: string): Promise<Run> {
    const known = this.#runs.get(runId);
    if (known === undefined) return Promise.reject(new Error(`There is no run ${runId}.`));
    if (isFinal(known.state)) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new Error("Savepoint was closed before the end of the run."));
      this.#closed.signal.addEventListener("abort", onClose);
      if (this.#closed.signal.aborted) onClose();
      const listener = this.onDidChange((run) => {
        if (run.id !== runId || !isFinal(run.state)) return;
        listener.dispose();
        this.#closed.signal.removeEventListener("abort", onClose);
        resolve(run);
      });
    });
  }

  /** Reads the runs on disk and takes none over: for programs that only look. */
  look(): void {
    for (const record of this.#newRecords()) this.#show(this.#viewOf(record));
  }

  /** Gives everything up at once. Running stages go on, and wait at their next checkpoint for whoever adopts them. */
  dispose(): void {
    this.#closed.abort();
    if (this.#observer) clearInterval(this.#observer);
    this.#session?.dispose();
    this.#session = null;
    this.#changed.dispose();
    this.#recorded.dispose();
  }

  /** Looks at others' runs, unless a start or another look is under way. */
  #observe(): void {
    if (this.#isBusy) return;
    // What fails now, on a full disk for one, may work at the next look.
    this.#alone(() => this.#takeOver()).catch(() => {});
  }

  async #takeOver(): Promise<readonly Run[]> {
    if (this.#closed.signal.aborted) return [];
    this.look();
    const adopted: Run[] = [];
    for (const record of this.#openRecords()) {
      if (this.#session !== null) break;
      try {
        const run = await this.#adoptRun(record.id);
        if (run !== null) adopted.push(run);
        this.#obstacles.delete(record.id);
      } catch (error) {
        // A full disk, for one. The next look tries again.
        this.#obstacles.set(record.id, `The run can't be gone on with yet: ${messageOf(error)}`);
        this.#show(this.#viewOf(record));
      }
    }
    return adopted;
  }

  /** A run that this process does not listen to, with what keeps it from doing so. */
  #viewOf(record: RunRecord): Run {
    const obstacle = this.#obstacles.get(record.id);
    const left = endOfLeftRun(record, this.#records, this.#leaseDirectory);
    const view = { ...runView(record, null), ...(left === null ? {} : { left }) };
    return obstacle === undefined ? view : { ...view, attention: { message: obstacle, choices: [] } };
  }

  /** Lets starts and takeovers happen one after another. */
  async #alone<Value>(work: () => Promise<Value>): Promise<Value> {
    const before = this.#last;
    const result = before.then(work);
    this.#last = result.catch(() => {});
    this.#waiting++;
    try {
      return await result;
    } finally {
      this.#waiting--;
    }
  }

  get #isBusy(): boolean {
    return this.#waiting > 0;
  }

  async #adoptRun(id: string): Promise<Run | null> {
    const lease = Lease.acquire(this.#leaseDirectory, id, randomUUID());
    if (!(lease instanceof Lease)) return null;
    try {
      // Read again: its listener may have ended it just before it let go.
      const record = this.#records.read(id);
      if (record === null || isFinal(record.state)) {
        if (record !== null) this.#show(runView(record, null));
        lease.dispose();
        return null;
      }
      const { experiments } = this.#services;
      await recover(this.#services);
      await experiments.refresh();
      const current = catchUp(record, experiments.experiments);
      const session = await this.#open(current.record, lease, current.position);
      this.#follow(session);
      return session.run;
    } catch (error) {
      lease.dispose();
      throw error;
    }
  }

  async #open(record: RunRecord, lease: Lease, position: LinePosition): Promise<RunSession> {
    const live = new LiveRun(this.#records, record, this.#services.now);
    live.onDidChange((run) => this.#show(run));
    const session = await RunSession.open(this.#services, this.#records, live, lease, position);
    session.onDidRecord((checkpoint) => this.#recorded.fire(checkpoint));
    this.#session = session;
    this.#show(session.run);
    lease.lost.addEventListener("abort", () => this.#giveUp(session));
    return session;
  }

  /** Somebody else listens to the run now: from here on it is looked at only. */
  #giveUp(session: RunSession): void {
    if (this.#session !== session) return;
    this.#session = null;
    session.dispose();
    const record = this.#records.read(session.run.id);
    if (record !== null) this.#show(this.#viewOf(record));
  }

  #follow(session: RunSession): void {
    const release = () => {
      if (this.#session === session) this.#session = null;
    };
    const conclude = (run: Run) => {
      release();
      this.#show(run);
    };
    session.follow().then(conclude, (error: unknown) => {
      const message = `Savepoint lost track of this run by a defect of its own: ${messageOf(error)}`;
      session.dispose();
      conclude({ ...session.run, state: "lost", attention: { message, choices: [] } });
    });
  }

  #show(run: Run): void {
    this.#runs.set(run.id, run);
    this.#changed.fire(run);
  }

  /** Records that others have changed since they were shown last. */
  #newRecords(): RunRecord[] {
    return this.#records.ids().flatMap((id) => {
      const known = this.#runs.get(id);
      if (id === this.#session?.run.id || (known && isFinal(known.state))) return [];
      const record = this.#records.read(id);
      if (record === null) return [];
      return known && JSON.stringify(this.#viewOf(record)) === JSON.stringify(known) ? [] : [record];
    });
  }

  #openRecords(): RunRecord[] {
    return this.#records.ids().flatMap((id) => {
      const known = this.#runs.get(id);
      if (known && isFinal(known.state)) return [];
      const record = this.#records.read(id);
      return record === null || isFinal(record.state) ? [] : [record];
    });
  }

  async #steer(
    runId: string,
    act: (session: RunSession) => Result<void> | Promise<Result<void>>,
  ): Promise<Result<void>> {
    if (this.#session?.run.id === runId) return act(this.#session);
    const run = this.#runs.get(runId);
    if (run === undefined || isFinal(run.state)) return failure("not-running", "That run is over.");
    return failure(
      "read-only",
      `${run.experiment} is run from another window or terminal. Stop it there, or press Ctrl-C in its terminal.`,
    );
  }
}

function alreadyActive(experiment: string | undefined): Result<never> {
  const what = experiment === undefined ? "Another run" : `The run of ${experiment}`;
  return failure(
    "run-active",
    `${what} goes on in this project, and there is room for one. Wait for its end, or stop it.`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
