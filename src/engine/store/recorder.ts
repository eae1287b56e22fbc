import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { identify, type ProcessIdentity } from "../../runner/process.ts";
import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint, Environment, Origin } from "../model.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Pipeline, Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { failure, type Problem, type Result, success } from "../result.ts";
import { recordingDirectory, recordingFiles } from "../system/layout.ts";
import { openCache } from "./cache.ts";
import { capturedItems, shownValues } from "./capturedItems.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import type { Owner, SnapshotRequest } from "./journal.ts";
import { beginRecording, LineWriter } from "./lineWriter.ts";
import { liveRecorders } from "./liveRecorders.ts";
import { SnapshotStore } from "./snapshotStore.ts";
import { isDamage } from "./storeCapture.ts";
import type { WatchedSets } from "./watchedSets.ts";
import { WorkerClient } from "./workerClient.ts";
import { indexOfWorkspace } from "./workspaceIndex.ts";

export type { SnapshotRequest } from "./journal.ts";

/** Snapshots that may be released but not yet stored. */
const waitingLimit = 2;

/** Milliseconds after which storing is tried again when it failed. */
const retryPause = 5_000;

/** What a run's recorder needs to know. */
export interface RecordingContext {
  readonly project: Project;
  readonly runId: string;
  readonly experiment: string;
  /** The commit that the experiment grows from. */
  readonly baseline: string;
  /** The commit that the next checkpoint gets as its parent: the last checkpoint, or the baseline. */
  readonly parent: string;
  /** The last sequence in use; 0 for a new experiment. */
  readonly sequence: number;
  readonly resumedFrom: Origin | null;
  readonly hasher: Hasher;
  /** What a stage of the run runs in; `null`: not known yet. Absent where nobody can tell. */
  readonly environmentOf?: (stage: Stage) => Promise<Environment | null>;
  /** Read from the project when absent. */
  readonly pipeline?: Pipeline;
}

/** A snapshot that survives the death of any process: training may go on. */
export interface SnapshotTaken {
  /** Of its journal entry; unique within the project. */
  readonly id: string;
  readonly sequence: number;
  /** `amber-heron@12` */
  readonly label: string;
}

/**
 * Records the checkpoints of one run. Taking a snapshot is quick, and training waits for it; storing it in Git and the
 * cache goes on in the background, one after another. Neither blocks the event loop.
 */
export class Recorder implements Disposable {
  readonly #project: Project;
  readonly #directory: string;
  readonly #runId: string;
  readonly #owner: Owner;
  /** Files with values that no stage makes. */
  readonly #shown: readonly string[];
  readonly #line: LineWriter;
  readonly #store: SnapshotStore;
  readonly #capturer: WorkerClient;
  readonly #storer: WorkerClient;
  readonly #recorded = new Emitter<Checkpoint>();
  readonly #failed = new Emitter<Problem>();
  /** Sequences of the snapshots that are not stored yet, oldest first. */
  readonly #waiting: number[] = [];
  /** Lets the snapshot go on that waits until another one is stored. */
  #free: (() => void) | null = null;
  #sequence: number;
  #capturing: Promise<unknown> = Promise.resolve();
  #storing: Promise<Result<void>> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isDisposed = false;

  readonly onDidRecord: Event<Checkpoint> = this.#recorded.event;
  /** Storing failed. The snapshot is safe, and is tried again; what it says is for people. */
  readonly onDidFail: Event<Problem> = this.#failed.event;

  private constructor(parts: {
    readonly context: RecordingContext;
    readonly owner: Owner;
    readonly shown: readonly string[];
    readonly line: LineWriter;
    readonly store: SnapshotStore;
    readonly storer: WorkerClient;
  }) {
    const { context } = parts;
    this.#project = context.project;
    this.#runId = context.runId;
    this.#directory = recordingDirectory(context.project, context.runId);
    this.#owner = parts.owner;
    this.#shown = parts.shown;
    this.#line = parts.line;
    this.#store = parts.store;
    this.#storer = parts.storer;
    this.#capturer = new WorkerClient(context.hasher.workerPath);
    this.#capturer.start();
    this.#sequence = context.sequence;
  }

  /**
   * Prepares recording. What a crash left of the same run must have been recovered before. Throws when the disk or Git
   * refuses.
   */
  static async open(context: RecordingContext): Promise<Recorder> {
    const { project, hasher } = context;
    const owner: Owner = { process: currentProcess(), recorder: randomUUID() };
    const storer = new WorkerClient(hasher.workerPath);
    liveRecorders.add(owner.recorder);
    try {
      const begun = beginRecording(project, {
        version: 1,
        owner,
        runId: context.runId,
        experiment: context.experiment,
        baseline: context.baseline,
        resumedFrom: context.resumedFrom,
        tip: context.parent,
        sequence: context.sequence,
        tree: null,
        moving: null,
      });
      const pipeline = context.pipeline ?? (await loadPipeline(project));
      const cache = await openCache(project);
      const indexPath = join(recordingDirectory(project, context.runId), recordingFiles.index);
      const index = await indexOfWorkspace(project, pipeline, indexPath);
      const line = await LineWriter.begin(project, { ...begun, tree: await index.writeTree() });
      const store = new SnapshotStore({
        project,
        pipeline,
        cache,
        hasher,
        worker: storer,
        index,
        line,
        environmentOf: context.environmentOf ?? null,
        isLive: true,
      });
      const shown = await shownValues(project, pipeline);
      return new Recorder({ context, owner, shown, line, store, storer });
    } catch (error) {
      storer.dispose();
      liveRecorders.delete(owner.recorder);
      throw error;
    }
  }

  /** The experiment's name: another than asked for when that one belongs to other checkpoints. */
  get experiment(): string {
    return this.#line.current.experiment;
  }

  /** Snapshots that are released but not yet in the store. */
  get pending(): number {
    return this.#waiting.length;
  }

  /**
   * Takes a snapshot: the part that training waits for. It waits itself while two snapshots are still being stored, and
   * fails when they can't be. Fails with `disk-full`, `permission-denied`, `cannot-read` or `closed`, and has then left
   * nothing behind. With `sets`, for code that goes on meanwhile, also with `unchanged` when there is nothing (any more)
   * to record.
   */
  snapshot(request: SnapshotRequest, sets: WatchedSets | null = null): Promise<Result<SnapshotTaken>> {
    const taken = this.#capturing.then(() => this.#snapshot(request, sets));
    this.#capturing = taken.catch(() => {});
    return taken;
  }

  /** Resolves when all snapshots are stored; with the problem when one can't be stored now. */
  async drain(): Promise<Result<void>> {
    await this.#capturing;
    if (this.#isDisposed || this.#waiting.length === 0) return success(undefined);
    return this.#startStoring();
  }

  /** Stops at once. What is not stored yet is finished from the journal at the next start. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#capturer.dispose();
    this.#storer.dispose();
    this.#free?.();
    this.#recorded.dispose();
    this.#failed.dispose();
    const isComplete = this.#waiting.length === 0;
    const leave = () => {
      liveRecorders.delete(this.#owner.recorder);
      if (isComplete) rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
    };
    Promise.allSettled([this.#capturing, this.#storing]).then(leave, leave);
  }

  async #snapshot(request: SnapshotRequest, sets: WatchedSets | null): Promise<Result<SnapshotTaken>> {
    while (this.#waiting.length >= waitingLimit && !this.#isDisposed) {
      const freed = new Promise<Result<void>>((resolve) => {
        this.#free = () => resolve(success(undefined));
      });
      const room = await Promise.race([freed, this.#startStoring()]);
      if (!room.ok) return room;
    }
    if (this.#isDisposed) return failure("closed", "The recording has ended: start the run again.");
    const sequence = this.#sequence + 1;
    const { root, prefix } = this.#project;
    try {
      const { isTaken } = await this.#capturer.call("capture", {
        root,
        prefix,
        directory: this.#directory,
        sequence,
        request,
        items: capturedItems(request.stage, this.#shown),
        sets,
      });
      if (!isTaken) return failure("unchanged", "Nothing has changed since the last checkpoint.");
    } catch (error) {
      return { ok: false, problem: describeFailure(error, "The checkpoint could not be taken") };
    }
    this.#sequence = sequence;
    this.#waiting.push(sequence);
    void this.#startStoring();
    const label = `${this.experiment}@${sequence}`;
    return success({ id: `${this.#runId}/${sequence}`, sequence, label });
  }

  #startStoring(): Promise<Result<void>> {
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = null;
    });
    return this.#storing;
  }

  async #storeAll(): Promise<Result<void>> {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    for (;;) {
      const sequence = this.#waiting[0];
      if (sequence === undefined || this.#isDisposed) return success(undefined);
      try {
        const checkpoint = await this.#store.store(sequence);
        if (checkpoint !== null) this.#recorded.fire(checkpoint);
        else if (this.#sequence === sequence) this.#sequence -= 1;
      } catch (error) {
        if (this.#isDisposed) return success(undefined);
        const problem = describeFailure(
          error,
          `Checkpoint ${this.experiment}@${sequence} could not be stored`,
        );
        this.#failed.fire(problem);
        if (!isDamage(error)) {
          this.#retry = setTimeout(() => void this.#startStoring(), retryPause);
          this.#retry.unref();
          return { ok: false, problem };
        }
        // What can't be removed now is dropped at the next start.
        await this.#store.forget(sequence).catch(() => {});
      }
      this.#waiting.shift();
      this.#free?.();
    }
  }
}

function currentProcess(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === null) throw new Error("This process can't find itself among the processes");
  return identity;
}
