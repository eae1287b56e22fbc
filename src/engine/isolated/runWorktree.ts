import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint } from "../model.ts";
import { failure, type Result } from "../result.ts";
import { recover } from "../run/adoption.ts";
import { isFinal, RunRecords } from "../run/record.ts";
import type { RunRequest } from "../run/request.ts";
import type { Run } from "../run/run.ts";
import { RunController, type RunServices } from "../run/runController.ts";
import { pruneOutput } from "../run/runOutput.ts";
import { recordingsDirectory, savepointDirectory } from "../system/layout.ts";
import { Lease } from "../system/lease.ts";
import { worktreeLeasesDirectory, worktreesDirectory } from "./layout.ts";
import { createWorktree, openWorktree, removeWorktree, type WorktreeSource } from "./worktree.ts";

/** How long the last snapshots may take to leave their journal, and how often that is looked at, in milliseconds. */
const settleLimit = 10_000;
const settlePause = 20;

/** Milliseconds after which it is tried again to remove a worktree that could not be. */
const tryAgain = 30_000;

/**
 * A worktree in which one run goes on, from its making to its removal. One process at a time works in it; others look
 * on, and take its place when it dies. When its run is over and all is stored, it is removed, and the run's record and
 * logs go to the project that it was made from.
 */
export class RunWorktree implements Disposable {
  readonly name: string;
  /** Of the project that it was made from. */
  readonly #services: RunServices;
  readonly #directory: string;
  readonly #leaseDirectory: string;
  readonly #changed = new Emitter<Run>();
  readonly #recorded = new Emitter<Checkpoint>();
  readonly #closed = new Emitter<void>();
  /** What others know of its runs. One that has ended is told when all of it is in its place. */
  readonly #shown = new Map<string, Run>();
  #lease: Lease | null = null;
  #controller: RunController | null = null;
  #worktreeServices: RunServices | null = null;
  #isStarting = false;
  /** When it is tried again to remove it, in milliseconds since the epoch. */
  #nextTry = 0;
  #closing: Promise<void> | null = null;
  #isDisposed = false;

  readonly onDidChange: Event<Run> = this.#changed.event;
  readonly onDidRecord: Event<Checkpoint> = this.#recorded.event;
  /** It is gone, and its runs are among those of the project now; or somebody else has removed it. */
  readonly onDidClose: Event<void> = this.#closed.event;

  constructor(services: RunServices, name: string) {
    this.name = name;
    this.#services = services;
    this.#directory = join(worktreesDirectory(services.project), name);
    this.#leaseDirectory = join(worktreeLeasesDirectory(services.project), name);
  }

  get runs(): readonly Run[] {
    return [...this.#shown.values()];
  }

  /** The controller of the run that it holds. */
  controllerOf(runId: string): RunController | null {
    return this.#shown.has(runId) ? this.#controller : null;
  }

  /** Makes the worktree and starts a run in it. Leaves nothing behind when either is refused. */
  async start(request: RunRequest, id: string, source: WorktreeSource): Promise<Result<Run>> {
    if (!this.#take()) return failure("name-taken", `There is a worktree ${this.name} at work already.`);
    this.#isStarting = true;
    try {
      return await this.#make(request, id, source);
    } finally {
      this.#isStarting = false;
    }
  }

  async #make(request: RunRequest, id: string, source: WorktreeSource): Promise<Result<Run>> {
    const made = await createWorktree(this.#services, source, this.#directory);
    if (!made.ok) {
      await this.#remove();
      return made;
    }
    if (this.#isDisposed) {
      await removeWorktree(this.#services.project, this.#directory);
      return failure("closed", "Savepoint was closed before the run began.");
    }
    const started = await this.#control({ ...this.#services, project: made.value }).start(request, { id });
    if (!started.ok) await this.#remove();
    return started;
  }

  /**
   * Takes the worktree over when nobody works in it: goes on with its run, or clears away what a crash has left. Looks
   * at the run when somebody does. Returns the runs that were taken over.
   */
  async attend(): Promise<readonly Run[]> {
    if (this.#lease !== null) {
      // What could not be stored, on a full disk for one, may go now.
      if (!this.#isStarting && Date.now() > this.#nextTry && this.#isOver()) await this.#close();
      return [];
    }
    if (!this.#take()) {
      await this.look();
      return [];
    }
    const opened = await openWorktree(this.#services.project, this.#directory).catch(() => null);
    if (!opened?.ok) {
      if (!this.#hasRuns()) await this.#remove();
      this.#letGo();
      return [];
    }
    try {
      const adopted = await this.#control({ ...this.#services, project: opened.value }).adopt();
      if (adopted.length === 0 && this.#isOver()) await this.#close();
      return adopted;
    } catch (error) {
      this.#letGo();
      throw error;
    }
  }

  /** Reads how its run stands, and takes nothing over. */
  async look(): Promise<void> {
    if (this.#lease !== null) return;
    if (this.#controller === null) {
      const opened = await openWorktree(this.#services.project, this.#directory).catch(() => null);
      // It is being made.
      if (!opened?.ok) return;
      this.#control({ ...this.#services, project: opened.value });
    }
    this.#controller?.look();
  }

  /** Gives the run up at once; it goes on, and waits for whoever adopts it. */
  dispose(): void {
    this.#isDisposed = true;
    this.#controller?.dispose();
    this.#letGo();
    this.#changed.dispose();
    this.#recorded.dispose();
    this.#closed.dispose();
  }

  /** Makes this process the one that works in it, unless another one does. */
  #take(): boolean {
    if (Lease.holder(this.#leaseDirectory) !== null) return false;
    const lease = Lease.acquire(this.#leaseDirectory, this.name, randomUUID());
    if (!(lease instanceof Lease)) return false;
    this.#lease = lease;
    return true;
  }

  #letGo(): void {
    this.#lease?.dispose();
    this.#lease = null;
  }

  #control(services: RunServices): RunController {
    this.#controller?.dispose();
    this.#worktreeServices = services;
    const controller = new RunController(services);
    this.#controller = controller;
    controller.onDidRecord((checkpoint) => this.#recorded.fire(checkpoint));
    controller.onDidChange((run) => {
      if (!isFinal(run.state)) this.#show(run);
      else if (this.#lease !== null) void this.#close();
    });
    return controller;
  }

  #show(run: Run): void {
    this.#shown.set(run.id, run);
    this.#changed.fire(run);
  }

  /** Whether a run was begun in it: then it is not removed before that is in the store. */
  #hasRuns(): boolean {
    const root = join(this.#directory, this.#services.project.prefix);
    return existsSync(join(savepointDirectory({ root }), "runs"));
  }

  /** Whether nothing goes on in it any more. */
  #isOver(): boolean {
    if (this.#worktreeServices === null) return false;
    const records = new RunRecords(this.#worktreeServices.project);
    // One that another version wrote may be anything, so that it is left alone.
    return records.ids().every((id) => isFinal(records.read(id)?.state ?? "running"));
  }

  /** Hands the run over to the project and removes the worktree; keeps it while there is something to be stored. */
  #close(): Promise<void> {
    this.#closing ??= this.#handOver().finally(() => {
      this.#closing = null;
    });
    return this.#closing;
  }

  async #handOver(): Promise<void> {
    const services = this.#worktreeServices;
    if (services === null) return;
    const ended = this.#controller?.runs ?? [];
    try {
      if (await isStored(services)) {
        moveRecords(services, this.#services);
        return await this.#remove();
      }
    } catch {
      // It stays, and is looked at again.
    }
    this.#nextTry = Date.now() + tryAgain;
    if (this.#isDisposed) return;
    for (const run of ended) if (!isFinal(this.#shown.get(run.id)?.state ?? "running")) this.#show(run);
  }

  async #remove(): Promise<void> {
    this.#controller?.dispose();
    await removeWorktree(this.#services.project, this.#directory);
    // Before the lease ends: nobody is to take a worktree for left that is about to be gone.
    rmSync(this.#leaseDirectory, { recursive: true, force: true });
    this.#letGo();
    this.#closed.fire();
  }
}

/** Whether all that was recorded in a worktree is in the store; finishes what a crash has left. */
async function isStored(services: RunServices): Promise<boolean> {
  const deadline = Date.now() + settleLimit;
  for (;;) {
    if (recordings(services).length === 0) return true;
    await recover(services);
    if (Date.now() > deadline) return false;
    await delay(settlePause);
  }
}

function recordings({ project }: RunServices): readonly string[] {
  try {
    return readdirSync(recordingsDirectory(project));
  } catch {
    return [];
  }
}

/** Moves the records and logs of a worktree's runs to those of the project. */
function moveRecords(from: RunServices, to: RunServices): void {
  const target = join(savepointDirectory(to.project), "runs");
  mkdirSync(target, { recursive: true });
  const records = new RunRecords(from.project);
  for (const id of records.ids()) {
    renameSync(join(savepointDirectory(from.project), "runs", id), join(target, id));
  }
  new RunRecords(to.project).prune();
  pruneOutput(to.project);
}
