import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { numberedName } from "../compare/names.ts";
import { type Disposable, Emitter, type Event } from "../event.ts";
import { initProject } from "../initProject.ts";
import type { Checkpoint } from "../model.ts";
import { failure, type Result } from "../result.ts";
import { nameFor } from "../run/lineage.ts";
import { isFinal } from "../run/record.ts";
import { beginsExperiment, placeOf, type RunRequest } from "../run/request.ts";
import type { Run } from "../run/run.ts";
import { RunController, type RunServices } from "../run/runController.ts";
import { newRunId } from "../run/runId.ts";
import type { Choice } from "../run/snapshots.ts";
import { describeFailure } from "../store/failures.ts";
import { savepointDirectory } from "../system/layout.ts";
import { worktreeLeasesDirectory, worktreesDirectory } from "./layout.ts";
import { RunWorktree } from "./runWorktree.ts";
import type { WorktreeSource } from "./worktree.ts";

/** How often others' worktrees are looked at, in milliseconds. */
const observeMilliseconds = 1_000;

/** How a run is started for somebody who planned it before. */
export interface StartOptions {
  /** The id that it gets. */
  readonly id?: string;
  /** The commit that the workspace was captured in, for an isolated run that is to see it as it was then. */
  readonly captured?: string;
}

/**
 * All runs of a project: the one in the workspace, and any number of isolated ones, each in a worktree of its own.
 * Starts them, steers them, and takes over what a closed window or a crash has left.
 */
export class Runs implements Disposable {
  readonly #services: RunServices;
  readonly #workspace: RunController;
  /** By the names of their folders. */
  readonly #worktrees = new Map<string, RunWorktree>();
  readonly #changed = new Emitter<Run>();
  readonly #recorded = new Emitter<Checkpoint>();
  readonly #closed = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #isObserving = false;
  #observer: NodeJS.Timeout | null = null;

  readonly onDidChange: Event<Run> = this.#changed.event;
  /** A checkpoint of a run that this process listens to has reached the store. */
  readonly onDidRecord: Event<Checkpoint> = this.#recorded.event;

  constructor(services: RunServices) {
    this.#services = services;
    this.#workspace = new RunController(services);
    this.#workspace.onDidChange((run) => this.#changed.fire(run));
    this.#workspace.onDidRecord((checkpoint) => this.#recorded.fire(checkpoint));
  }

  /** All runs that are known, oldest first. */
  get runs(): readonly Run[] {
    const all = new Map<string, Run>();
    for (const { runs } of this.#worktrees.values()) for (const run of runs) all.set(run.id, run);
    for (const run of this.#workspace.runs) all.set(run.id, run);
    return [...all.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  /**
   * Starts a run. Succeeds as soon as its first stage is about to be launched. A refusal leaves the workspace as it was,
   * apart from restored outputs, which "undo" takes back; an isolated run never touches it.
   */
  async start(request: RunRequest, options: StartOptions = {}): Promise<Result<Run>> {
    if (placeOf(request) === "workspace") {
      return this.#conflictOf(request) ?? this.#workspace.start(request, options);
    }
    // One after another, so that two that begin at once don't choose one name.
    const started = this.#last.then(() => this.#startIsolated(request, options));
    this.#last = started;
    return started;
  }

  /** Ends a run now, or after its next checkpoint. */
  stop(runId: string, when: "now" | "after-next-checkpoint"): Promise<Result<void>> {
    return this.#controllerOf(runId).stop(runId, when);
  }

  /** Records a checkpoint of the running stage that its code did not ask for. */
  recordNow(runId: string): Promise<Result<void>> {
    return this.#controllerOf(runId).recordNow(runId);
  }

  /** What is to happen with a checkpoint that could not be taken: see {@link Run.attention}. */
  decide(runId: string, choice: Choice): void {
    this.#controllerOf(runId).decide(runId, choice);
  }

  /** Brings the terminal of a run to the front; `false` when this process did not open it. */
  reveal(runId: string): boolean {
    return this.#controllerOf(runId).reveal(runId);
  }

  /**
   * Reads the runs on disk, and takes over those that are not at their end and that nobody listens to. From then on,
   * others' runs are observed, and taken over when their listener dies. Returns what was taken over.
   */
  async adopt(): Promise<readonly Run[]> {
    const adopted = [...(await this.#workspace.adopt())];
    await this.#eachWorktree(async (worktree) => adopted.push(...(await worktree.attend())));
    this.#observer ??= setInterval(() => this.#observe(), observeMilliseconds).unref();
    return adopted;
  }

  /**
   * Resolves when the run is at its end; at once when it is already. Rejects when there is no run with that id, or when
   * this is closed before.
   */
  whenEnded(runId: string): Promise<Run> {
    const known = this.runs.find(({ id }) => id === runId);
    if (known === undefined) return Promise.reject(new Error(`There is no run ${runId}.`));
    if (isFinal(known.state)) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const { signal } = this.#closed;
      const onClose = () => reject(new Error("Savepoint was closed before the end of the run."));
      if (signal.aborted) return onClose();
      signal.addEventListener("abort", onClose);
      const listener = this.onDidChange((run) => {
        if (run.id !== runId || !isFinal(run.state)) return;
        listener.dispose();
        signal.removeEventListener("abort", onClose);
        resolve(run);
      });
    });
  }

  /** Whether anything of a run is on disk, also when it can't be read at the moment. */
  hasBegun(runId: string): boolean {
    const { project } = this.#services;
    const worktrees = listFolders(worktreesDirectory(project)).map((name) =>
      join(worktreesDirectory(project), name, project.prefix),
    );
    return [project.root, ...worktrees].some((root) =>
      existsSync(join(savepointDirectory({ root }), "runs", runId)),
    );
  }

  /** Reads the runs on disk and takes none over: for programs that only look. */
  async look(): Promise<void> {
    this.#workspace.look();
    await this.#eachWorktree((worktree) => worktree.look());
  }

  /** Gives everything up at once. Running stages go on, and wait at their next checkpoint for whoever adopts them. */
  dispose(): void {
    this.#closed.abort();
    if (this.#observer) clearInterval(this.#observer);
    this.#workspace.dispose();
    for (const worktree of this.#worktrees.values()) worktree.dispose();
    this.#worktrees.clear();
    this.#changed.dispose();
    this.#recorded.dispose();
  }

  async #startIsolated(request: RunRequest, { id, captured }: StartOptions): Promise<Result<Run>> {
    const { project, experiments, random, now } = this.#services;
    try {
      const conflict = this.#conflictOf(request);
      if (conflict !== null) return conflict;
      // So that Git ignores the folder of the worktrees.
      const made = await initProject(project.root);
      if (!made.ok) return made;
      await experiments.refresh();
      // Those that run have perhaps no checkpoint yet.
      const taken = new Set([
        ...experiments.experiments.map(({ name }) => name),
        ...this.#live.map(experimentOf),
      ]);
      const name = nameFor(request, (candidate) => taken.has(candidate), random);
      if (!name.ok) return name;
      const folder = numberedName(name.value, (candidate) => this.#isFolder(candidate));
      const worktree = this.#attach(folder);
      const named = beginsExperiment(request) ? { ...request, name: name.value } : request;
      const started = await worktree.start(named, id ?? newRunId(now()), sourceOf(request, captured));
      if (!started.ok) this.#detach(worktree);
      return started;
    } catch (error) {
      return { ok: false, problem: describeFailure(error, "The run could not be started") };
    }
  }

  get #live(): readonly Run[] {
    return this.runs.filter(({ state }) => !isFinal(state));
  }

  /** What another run that goes on has to do with it: two may not write one experiment. */
  #conflictOf(request: RunRequest): Result<never> | null {
    const isIsolated = placeOf(request) === "isolated";
    const others = this.#live.filter(({ place }) => isIsolated || place === "isolated");
    if (request.verb === "resume" || request.verb === "rewind") {
      const { experiment } = request.checkpoint;
      if (!others.some((run) => run.experiment === experiment)) return null;
      const advice = `Wait for its end or stop it, or fork ${experiment} instead.`;
      return failure("experiment-running", `${experiment} is running at the moment. ${advice}`);
    }
    const { name } = request;
    if (name === undefined || !others.some((run) => run.experiment === name)) return null;
    return failure("name-taken", `A run of ${name} goes on at the moment. Choose another name.`);
  }

  #isFolder(name: string): boolean {
    const { project } = this.#services;
    return [worktreesDirectory(project), worktreeLeasesDirectory(project)].some((folder) =>
      existsSync(join(folder, name)),
    );
  }

  #controllerOf(runId: string): RunController {
    for (const worktree of this.#worktrees.values()) {
      const controller = worktree.controllerOf(runId);
      if (controller !== null) return controller;
    }
    return this.#workspace;
  }

  #attach(name: string): RunWorktree {
    const worktree = new RunWorktree(this.#services, name);
    this.#worktrees.set(name, worktree);
    worktree.onDidChange((run) => this.#changed.fire(run));
    worktree.onDidRecord((checkpoint) => this.#recorded.fire(checkpoint));
    worktree.onDidClose(() => this.#detach(worktree));
    return worktree;
  }

  /** A worktree is gone; how its run ended stands among the records of the project. */
  #detach(worktree: RunWorktree): void {
    if (this.#worktrees.get(worktree.name) !== worktree) return;
    this.#worktrees.delete(worktree.name);
    worktree.dispose();
    this.#workspace.look();
    for (const run of worktree.runs) {
      if (this.#workspace.runs.some(({ id }) => id === run.id)) continue;
      const end = { state: "lost", code: null, signal: null, at: this.#services.now() } as const;
      this.#changed.fire({ ...run, state: "lost", end, readOnly: false });
    }
  }

  #observe(): void {
    if (this.#isObserving) return;
    this.#isObserving = true;
    const done = () => {
      this.#isObserving = false;
    };
    this.#eachWorktree((worktree) => worktree.attend()).then(done, done);
  }

  /** Goes through the worktrees that there are now, also those of other windows. */
  async #eachWorktree(work: (worktree: RunWorktree) => Promise<unknown>): Promise<void> {
    const names = listFolders(worktreeLeasesDirectory(this.#services.project));
    for (const worktree of [...this.#worktrees.values()]) {
      // One that this process is about to make is not there yet.
      if (!names.includes(worktree.name) && worktree.runs.length > 0) this.#detach(worktree);
    }
    for (const name of names) {
      if (this.#closed.signal.aborted) return;
      // What fails in one, on a full disk, is tried again at the next look, and is not in the way of the others.
      await work(this.#worktrees.get(name) ?? this.#attach(name)).catch(() => {});
    }
  }
}

/** The code that a run sees. */
function sourceOf(request: RunRequest, captured: string | undefined): WorktreeSource {
  if (request.verb !== "run" && request.code === "checkpoint") {
    return { kind: "checkpoint", checkpoint: request.checkpoint };
  }
  return captured === undefined ? { kind: "workspace" } : { kind: "captured", commit: captured };
}

function experimentOf({ experiment }: Run): string {
  return experiment;
}

function listFolders(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
