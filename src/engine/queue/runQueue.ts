import { type Disposable, Emitter, type Event } from "../event.ts";
import { initProject } from "../initProject.ts";
import { captureWorkspace } from "../isolated/captureWorkspace.ts";
import { loadPipeline } from "../pipeline/load.ts";
import { orderStages } from "../pipeline/order.ts";
import { failure, type Result, success } from "../result.ts";
import { nameFor } from "../run/lineage.ts";
import { planChanges } from "../run/paramChanges.ts";
import { isFinal } from "../run/record.ts";
import type { RunRequest } from "../run/request.ts";
import { newRunId } from "../run/runId.ts";
import { SharedWork } from "../sharedWork.ts";
import { describeFailure } from "../store/failures.ts";
import { keepCaptured } from "./capturedRefs.ts";
import { isFinished, type QueuedRun } from "./queuedRun.ts";
import { QueueFile } from "./queueFile.ts";
import type { QueueServices } from "./queueServices.ts";
import {
  cancelled,
  emptyQueue,
  isAtRest,
  isDrained,
  mostJobs,
  moved,
  type QueueEntry,
  type QueueState,
  storedRequest,
  viewOf,
} from "./queueState.ts";
import { forgetCode, QueueWorker } from "./queueWorker.ts";

/** How often what other processes do to the queue is looked at, in milliseconds. */
const observeMilliseconds = 500;

/**
 * Runs that wait for their turn: each with the code and params of the moment when it was queued, isolated from the
 * workspace and from one another. One process at a time works the queue; all see it, and may change it. It goes on
 * after that process is gone, with whoever takes part next.
 */
export class RunQueue implements Disposable {
  readonly #services: QueueServices;
  readonly #file: QueueFile;
  readonly #changed = new Emitter<void>();
  readonly #worker: QueueWorker;
  readonly #looks = new SharedWork(() => this.#look());
  #state: QueueState = emptyQueue;
  /** What was read last, to tell whether something changed. */
  #text = "";
  #observer: NodeJS.Timeout | null = null;
  readonly #runListener: Disposable;
  #isDisposed = false;

  readonly onDidChange: Event<void> = this.#changed.event;

  constructor(services: QueueServices) {
    this.#services = services;
    this.#file = new QueueFile(services.project);
    this.#worker = new QueueWorker(
      services,
      this.#file,
      () => this.#read(),
      () => this.#lookSoon(),
    );
    this.#runListener = services.runs.onDidChange((run) => {
      if (isFinal(run.state)) this.#lookSoon();
    });
    this.#read();
  }

  /** In the order of their starts. */
  get entries(): readonly QueuedRun[] {
    return this.#state.entries.map(viewOf);
  }

  /** Whether nothing more is started. So the queue is until somebody starts it, and again when all is done. */
  get isPaused(): boolean {
    return this.#state.isPaused;
  }

  /** How many runs go on at the same time. */
  get jobs(): number {
    return this.#state.jobs;
  }

  /** Whether the queue is at work, and another window or command line has it in hand. */
  get isWorkedElsewhere(): boolean {
    return !isAtRest(this.#state) && !this.#worker.isAtWork;
  }

  /**
   * Puts runs at the end of the queue, all or none. What they do and the code that they run is fixed now. Fails when a
   * stage is unknown, a param can't be set or a name is taken, and as {@link describeFailure} says.
   */
  async add(requests: readonly RunRequest[]): Promise<Result<readonly QueuedRun[]>> {
    const { project, experiments, now } = this.#services;
    try {
      const problem = await this.#check(requests);
      if (problem !== null) return problem;
      // So that Git ignores the folder of the queue.
      const made = await initProject(project.root);
      if (!made.ok) return made;
      await experiments.refresh();
      const isOwnCode = requests.map((request) => request.verb !== "run" && request.code === "checkpoint");
      const captured = isOwnCode.every((own) => own) ? null : await captureWorkspace(project, now());
      let added: Result<readonly QueueEntry[]> = success([]);
      await this.#change(async (state) => {
        added = this.#newEntries(state, requests, captured);
        if (!added.ok) return state;
        const holding = added.value.filter((entry) => entry.captured !== null).map(({ id }) => id);
        if (captured !== null) await keepCaptured(project, holding, captured);
        return { ...state, entries: [...state.entries, ...added.value] };
      });
      return added.ok ? success(added.value.map(viewOf)) : added;
    } catch (error) {
      return { ok: false, problem: describeFailure(error, "The run could not be queued") };
    }
  }

  /** Puts a waiting entry before another one, or at the end. */
  async move(id: string, beforeId: string | null): Promise<void> {
    await this.#change((state) => moved(state, id, beforeId));
  }

  /** Takes a waiting entry back, or stops one that runs; what it recorded stays. */
  async cancel(id: string): Promise<Result<void>> {
    const entry = this.#file.read().entries.find((candidate) => candidate.id === id);
    if (entry === undefined) return failure("not-queued", "That run is not in the queue.");
    if (isFinished(entry)) return failure("not-running", `${entry.name} is over already.`);
    await this.#change((state) => cancelled(state, id));
    await this.#file.change((state) => forgetCode(this.#services, state));
    return success(undefined);
  }

  /** Forgets the entries that are over; their experiments stay. */
  async clearFinished(): Promise<void> {
    await this.#change((state) => ({
      ...state,
      entries: state.entries.filter((entry) => !isFinished(entry)),
    }));
  }

  /** Starts nothing more; what runs goes on. */
  async pause(): Promise<void> {
    await this.#change((state) => ({ ...state, isPaused: true }));
  }

  /** Starts what waits again, with as many runs at the same time as before. */
  resume(): Promise<void> {
    return this.start(this.#state.jobs);
  }

  /** Works the queue until all is done, with so many runs at the same time: here, unless another process does. */
  async start(jobs: number): Promise<void> {
    await this.#change((state) => ({ ...state, isPaused: isDrained(state), jobs: bounded(jobs) }));
    await this.adopt();
  }

  async setJobs(jobs: number): Promise<void> {
    await this.#change((state) => ({ ...state, jobs: bounded(jobs) }));
  }

  /**
   * Takes part: follows what other processes do to the queue, and goes on with it when the one that worked it is gone.
   * The runs are to be adopted before.
   */
  async adopt(): Promise<void> {
    this.#observer ??= setInterval(() => this.#lookSoon(), observeMilliseconds).unref();
    await this.#looks.run();
  }

  /** Resolves when nothing of the queue runs any more and nothing is to be started. Rejects when this is closed before. */
  whenAtRest(): Promise<void> {
    return new Promise((resolve, reject) => {
      // Keeps this process alive: of what others work on, it hears by looking only.
      const looks = setInterval(() => this.#lookSoon(), observeMilliseconds);
      const check = () => {
        if (!isAtRest(this.#state) && !this.#isDisposed) return;
        clearInterval(looks);
        listener.dispose();
        if (isAtRest(this.#state)) resolve();
        else reject(new Error("Savepoint was closed before the end of the queue."));
      };
      const listener = this.onDidChange(check);
      check();
    });
  }

  /** Gives the queue up. Its runs go on, and whoever takes part next goes on with it. */
  dispose(): void {
    this.#isDisposed = true;
    this.#changed.fire();
    if (this.#observer) clearInterval(this.#observer);
    this.#runListener.dispose();
    this.#worker.dispose();
    this.#changed.dispose();
  }

  /** What can be told of requests before their turn comes. */
  async #check(requests: readonly RunRequest[]): Promise<Result<never> | null> {
    const pipeline = await loadPipeline(this.#services.project);
    for (const request of requests) {
      if (request.verb === "run") {
        const stages = orderStages(pipeline, request.stages);
        if (!stages.ok) return stages;
      } else if (request.code === "checkpoint") continue;
      const changes = planChanges(this.#services.project, request.set ?? []);
      if (!changes.ok) return changes;
    }
    return null;
  }

  #newEntries(
    state: QueueState,
    requests: readonly RunRequest[],
    captured: string | null,
  ): Result<readonly QueueEntry[]> {
    const { experiments, runs, now, random } = this.#services;
    const taken = new Set([
      ...experiments.experiments.map(({ name }) => name),
      ...runs.runs.filter((run) => !isFinal(run.state)).map(({ experiment }) => experiment),
      ...state.entries.filter((entry) => !isFinished(entry)).map(({ name }) => name),
    ]);
    const entries: QueueEntry[] = [];
    for (const request of requests) {
      const name = nameFor(request, (candidate) => taken.has(candidate), random);
      if (!name.ok) return name;
      taken.add(name.value);
      entries.push(newEntry(request, name.value, captured, now()));
    }
    return success(entries);
  }

  /** Changes the queue on disk, shows it, and does what follows from it. */
  async #change(update: (state: QueueState) => QueueState | Promise<QueueState>): Promise<void> {
    await this.#file.change(update);
    this.#read();
    if (this.#observer !== null) await this.#looks.run();
  }

  #read(): void {
    const state = this.#file.read();
    const text = JSON.stringify(state);
    if (text === this.#text) return;
    this.#text = text;
    this.#state = state;
    this.#changed.fire();
  }

  #look(): Promise<void> {
    this.#read();
    return this.#worker.look();
  }

  #lookSoon(): void {
    // What fails now, on a full disk for one, may work at the next look.
    if (this.#observer !== null) this.#looks.run().catch(() => {});
  }
}

function newEntry(request: RunRequest, name: string, captured: string | null, now: number): QueueEntry {
  const stored = storedRequest(request);
  const from = stored.verb === "run" ? null : `${stored.checkpoint.experiment}@${stored.checkpoint.sequence}`;
  return {
    id: newRunId(now),
    name,
    verb: request.verb,
    stages:
      request.verb === "run"
        ? request.stages
        : request.checkpoint.stage === null
          ? []
          : [request.checkpoint.stage],
    set: request.set ?? [],
    from,
    state: "waiting",
    addedAt: now,
    runId: null,
    problem: null,
    request: stored,
    captured: request.verb !== "run" && request.code === "checkpoint" ? null : captured,
    isCancelled: false,
  };
}

function bounded(jobs: number): number {
  return Math.min(Math.max(Math.trunc(jobs) || 1, 1), mostJobs);
}
