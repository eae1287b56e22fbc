import { randomUUID } from "node:crypto";
import type { Disposable } from "../event.ts";
import { failure, type Result, success } from "../result.ts";
import { isFinal } from "../run/record.ts";
import type { RunRequest } from "../run/request.ts";
import type { Run } from "../run/run.ts";
import { newRunId } from "../run/runId.ts";
import { describeFailure } from "../store/failures.ts";
import { Lease } from "../system/lease.ts";
import { keepOnlyCaptured } from "./capturedRefs.ts";
import { isFinished } from "./queuedRun.ts";
import type { QueueFile } from "./queueFile.ts";
import type { QueueServices } from "./queueServices.ts";
import { changed, isAtRest, isDrained, nextToStart, type QueueEntry, type QueueState } from "./queueState.ts";

/**
 * Works the queue: gives waiting entries their runs, and writes down how these end. One process at a time does; it
 * takes that up when nobody does and there is something to do.
 */
export class QueueWorker implements Disposable {
  readonly #services: QueueServices;
  readonly #file: QueueFile;
  readonly #onDidWrite: () => void;
  /** Asks for another look. */
  readonly #lookSoon: () => void;
  #lease: Lease | null = null;
  /** Entries that this process is just starting. */
  readonly #starting = new Set<string>();
  /** Runs that this process has asked to stop. */
  readonly #stopped = new Set<string>();
  #isDisposed = false;

  constructor(services: QueueServices, file: QueueFile, onDidWrite: () => void, lookSoon: () => void) {
    this.#services = services;
    this.#file = file;
    this.#onDidWrite = onDidWrite;
    this.#lookSoon = lookSoon;
  }

  /** Whether this process works the queue. */
  get isAtWork(): boolean {
    return this.#lease !== null;
  }

  /** Does what is to be done now. Not to be called again before it is through. */
  async look(): Promise<void> {
    if (this.#isDisposed) return;
    this.#stopCancelled();
    if (!(await this.#takeUp()) || this.#isDisposed) return;
    await this.#settle();
    for (
      let next = nextToStart(this.#file.read());
      next !== undefined;
      next = nextToStart(this.#file.read())
    ) {
      if (this.#isDisposed) return;
      await this.#begin(next);
    }
    if (isDrained(this.#file.read())) {
      await this.#change((state) => (isDrained(state) ? { ...state, isPaused: true } : state));
    }
    if (isAtRest(this.#file.read())) this.#letGo();
  }

  /** Gives the queue up; its runs go on. */
  dispose(): void {
    this.#isDisposed = true;
    this.#letGo();
  }

  #letGo(): void {
    this.#lease?.dispose();
    this.#lease = null;
  }

  async #change(update: (state: QueueState) => QueueState | Promise<QueueState>): Promise<QueueState> {
    const state = await this.#file.change(update);
    this.#onDidWrite();
    return state;
  }

  /** Takes the queue up if that is to be done, and says whether this process works it. */
  async #takeUp(): Promise<boolean> {
    if (this.#lease !== null) return true;
    if (isAtRest(this.#file.read()) || Lease.holder(this.#file.workerLease) !== null) return false;
    const lease = Lease.acquire(this.#file.workerLease, "queue", randomUUID());
    if (!(lease instanceof Lease)) return false;
    try {
      // The runs of the one before are known from here on, so that an entry without one was never started.
      await this.#services.runs.adopt();
    } catch (error) {
      lease.dispose();
      throw error;
    }
    if (this.#isDisposed) {
      lease.dispose();
      return false;
    }
    this.#lease = lease;
    await this.#forgetCode();
    return true;
  }

  #stopCancelled(): void {
    const { runs } = this.#services;
    for (const { runId, isCancelled, state } of this.#file.read().entries) {
      if (state !== "running" || !isCancelled || runId === null || this.#stopped.has(runId)) continue;
      const run = runs.runs.find(({ id }) => id === runId);
      if (run === undefined || run.readOnly || isFinal(run.state)) continue;
      this.#stopped.add(runId);
      void runs.stop(runId, "now");
    }
  }

  /** Writes down how the runs of running entries ended; one whose run was never made waits again. */
  async #settle(): Promise<void> {
    const { runs } = this.#services;
    const outcomes = new Map<string, Partial<QueueEntry>>();
    for (const entry of this.#file.read().entries) {
      if (entry.state !== "running" || this.#starting.has(entry.id)) continue;
      const run = runs.runs.find(({ id }) => id === entry.runId);
      if (run === undefined && entry.runId !== null && runs.hasBegun(entry.runId)) continue;
      const outcome = run === undefined ? notBegun(entry) : outcomeOf(entry, run);
      if (outcome !== null) outcomes.set(entry.id, outcome);
    }
    if (outcomes.size === 0) return;
    await this.#change((state) => ({
      ...state,
      entries: state.entries.map((entry) => ({ ...entry, ...outcomes.get(entry.id) })),
    }));
    await this.#forgetCode();
  }

  /** Lets go of the captured code that no entry needs any more. */
  async #forgetCode(): Promise<void> {
    await this.#file.change((state) => forgetCode(this.#services, state));
  }

  /** Gives an entry its run. The id stands in the queue before the run is made, so that no crash makes two of it. */
  async #begin(entry: QueueEntry): Promise<void> {
    const runId = newRunId(this.#services.now());
    this.#starting.add(entry.id);
    const { entries } = await this.#change((state) =>
      changed(state, entry.id, (current) =>
        current.state === "waiting" ? { ...current, state: "running", runId } : current,
      ),
    );
    const done = () => {
      this.#starting.delete(entry.id);
      this.#lookSoon();
    };
    const isMine = entries.some((current) => current.id === entry.id && current.runId === runId);
    // What could not be written down is found out at the next look.
    if (isMine) this.#start(entry, runId).then(done, done);
    else this.#starting.delete(entry.id);
  }

  async #start(entry: QueueEntry, id: string): Promise<void> {
    const started = await this.#tryToStart(entry, id);
    if (started.ok || this.#isDisposed) return;
    // What was to be done is done: no failure.
    const state = started.problem.reason === "up-to-date" ? "succeeded" : "failed";
    const problem = started.problem.message;
    await this.#change((queue) =>
      changed(queue, entry.id, (current) => ({ ...current, state, problem, runId: null })),
    );
    await this.#forgetCode();
  }

  async #tryToStart(entry: QueueEntry, id: string): Promise<Result<Run>> {
    try {
      const request = await this.#request(entry);
      if (!request.ok) return request;
      return await this.#services.runs.start(request.value, { id, ...captureOf(entry) });
    } catch (error) {
      return { ok: false, problem: describeFailure(error, `${entry.name} could not be started`) };
    }
  }

  /** The request of an entry, with its checkpoint as it is now. */
  async #request({ name, request }: QueueEntry): Promise<Result<RunRequest>> {
    if (request.verb === "run") return success({ ...request, name, place: "isolated" });
    const { experiments } = this.#services;
    await experiments.refresh();
    const { experiment, sequence, sha } = request.checkpoint;
    const checkpoint = experiments.experiments
      .find((candidate) => candidate.name === experiment)
      ?.checkpoints.find((candidate) => candidate.sha === sha);
    if (checkpoint === undefined) {
      return failure(
        "checkpoint-missing",
        `Checkpoint ${experiment}@${sequence} is not in the store any more.`,
      );
    }
    const named = request.verb === "fork" ? { name } : {};
    return success({ ...request, ...named, checkpoint, place: "isolated" });
  }
}

/** Lets Git forget the captured code that no entry of the queue needs any more. */
export async function forgetCode({ project }: QueueServices, state: QueueState): Promise<QueueState> {
  const needed = state.entries.filter((entry) => !isFinished(entry)).map(({ id }) => id);
  await keepOnlyCaptured(project, needed);
  return state;
}

function captureOf({ captured }: QueueEntry): { readonly captured?: string } {
  return captured === null ? {} : { captured };
}

/** An entry whose process died before it made the run. */
function notBegun({ isCancelled }: QueueEntry): Partial<QueueEntry> {
  return { state: isCancelled ? "cancelled" : "waiting", runId: null };
}

/** How an entry stands after its run; `null` while that goes on. */
function outcomeOf({ isCancelled }: QueueEntry, run: Run): Partial<QueueEntry> | null {
  if (!isFinal(run.state)) return null;
  if (run.state === "succeeded") return { state: "succeeded" };
  if (run.state === "interrupted" && isCancelled) return { state: "cancelled" };
  const stage = run.stages.find(({ state }) => state === "failed" || state === "interrupted");
  const problem = stage === undefined ? "Nobody saw how its run ended." : `${stage.stage}: ${stage.reason}`;
  return { state: run.state === "interrupted" ? "interrupted" : "failed", problem };
}
