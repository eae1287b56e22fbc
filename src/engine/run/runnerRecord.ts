import { existsSync, type FSWatcher, mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { type RunnerSpec, type RunnerStatus, readSpec, type StageEnd } from "../../runner/files.ts";
import { isAlive, type ProcessIdentity } from "../../runner/process.ts";
import { escalationFor, ProcessTree, runMark } from "../../runner/tree.ts";
import type { Disposable } from "../event.ts";
import { readJson, writeAtomically } from "../system/atomicFile.ts";

/** How a stage's processes ended: as the runner wrote it down, or `lost` when it could not. */
export type StageOutcome =
  | { readonly kind: "ended"; readonly end: StageEnd }
  | { readonly kind: "lost"; readonly message: string };

const pollMilliseconds = 250;
/** Between the end of a terminal and the last look at what its runner wrote. */
const settleMilliseconds = 1_000;

/** What the runner is to do, without the places of the files that they exchange. */
export type StageOrder = Omit<RunnerSpec, "version" | "statusFile" | "logFile" | "stopFile">;

/** The folder in which controller and runner exchange files about one launch of one stage. */
export class RunnerFolder {
  readonly specFile: string;
  readonly logFile: string;
  readonly #directory: string;
  readonly #statusFile: string;
  readonly #stopFile: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.specFile = join(directory, "spec.json");
    this.#statusFile = join(directory, "status.json");
    this.#stopFile = join(directory, "stop");
    this.logFile = join(directory, "log");
  }

  /** Makes the folder and writes what the runner is to do. */
  prepare(spec: StageOrder): void {
    mkdirSync(this.#directory, { recursive: true });
    const whole: RunnerSpec = {
      version: 1,
      ...spec,
      statusFile: this.#statusFile,
      logFile: this.logFile,
      stopFile: this.#stopFile,
    };
    writeAtomically(this.specFile, JSON.stringify(whole));
  }

  /**
   * Asks the runner to end the stage. It looks several times a second, on every platform alike. On a disk that takes no
   * more, a signal says the same; throws when there is nobody to be signalled.
   */
  requestStop(): void {
    try {
      writeAtomically(this.#stopFile, "");
    } catch (error) {
      const runner = this.status()?.runner;
      if (runner === undefined || !isAlive(runner)) throw error;
      process.kill(runner.pid, "SIGTERM");
    }
  }

  /** What the runner was told to do; `null` when that can't be read any more. */
  spec(): RunnerSpec | null {
    try {
      return readSpec(this.specFile);
    } catch {
      return null;
    }
  }

  get isStopRequested(): boolean {
    return existsSync(this.#stopFile);
  }

  /** What the runner wrote last; `null` before its start. */
  status(): RunnerStatus | null {
    return parseStatus(readJson(this.#statusFile));
  }

  /**
   * Waits for the end of the stage, which is launched just now or was before. One that shows no sign of life within
   * `startLimit` milliseconds is given up.
   */
  wait(startLimit: number): RunnerWait {
    return new RunnerWait(this, this.#directory, startLimit);
  }
}

/** Waits for the end of a launched stage. */
export class RunnerWait implements Disposable {
  readonly outcome: Promise<StageOutcome>;
  readonly #folder: RunnerFolder;
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | null;
  /** Looks that are left before the stage is given up. Counted and not timed: a machine that sleeps looks at nothing. */
  #startLooks: number;
  #resolve: (outcome: StageOutcome) => void = () => {};
  /** Looks in a row at which no process of the stage lived, or its terminal was gone before it started. */
  #silentLooks = 0;
  #isTerminalClosed = false;
  #tree: ProcessTree | null = null;
  #isEnding = false;

  constructor(folder: RunnerFolder, directory: string, startLimit: number) {
    this.#folder = folder;
    this.#startLooks = Math.ceil(startLimit / pollMilliseconds);
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setInterval(() => this.#look(true), pollMilliseconds);
    this.#watcher = watchQuietly(directory, () => this.#look());
    this.#look();
  }

  /** The stage's terminal or process is gone. */
  closed(): void {
    this.#isTerminalClosed = true;
    this.#look();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  /** `counts`: by the clock. Looks for the sake of a change come at any rate. */
  #look(counts = false): void {
    const status = this.#folder.status();
    if (status?.end) {
      this.#settle({ kind: "ended", end: status.end });
    } else if (status === null) {
      if (counts) this.#startLooks -= 1;
      if (this.#isTerminalClosed)
        this.#loseAfterSilence("Its terminal was closed before the stage started.", counts);
      else if (this.#startLooks <= 0) {
        this.#settle({ kind: "lost", message: "The stage showed no sign of life after its start." });
      }
    } else if (isAlive(status.runner)) {
      this.#silentLooks = 0;
    } else if (this.#hasOrphans(status)) {
      this.#silentLooks = 0;
      if (this.#folder.isStopRequested) this.#endOrphans();
    } else {
      this.#loseAfterSilence(
        "Its processes ended without writing how (killed, or the machine went down).",
        counts,
      );
    }
  }

  /** Training may outlive a runner that was killed: while it lives it may still ask for checkpoints. */
  #hasOrphans({ child }: RunnerStatus): boolean {
    return (child !== null && isAlive(child)) || this.#orphans().living().length > 0;
  }

  #orphans(): ProcessTree {
    this.#tree ??= new ProcessTree(runMark(this.#folder.spec()?.runId ?? ""), null);
    return this.#tree;
  }

  /** What the runner would do, were it alive. */
  #endOrphans(): void {
    const grace = this.#folder.spec()?.grace;
    if (grace === undefined || this.#isEnding) return;
    this.#isEnding = true;
    void this.#orphans().end(escalationFor("stop", grace));
  }

  #loseAfterSilence(message: string, counts: boolean): void {
    if (counts) this.#silentLooks += 1;
    if (this.#silentLooks > settleMilliseconds / pollMilliseconds) this.#settle({ kind: "lost", message });
  }

  #settle(outcome: StageOutcome): void {
    this.dispose();
    this.#resolve(outcome);
  }
}

function watchQuietly(directory: string, look: () => void): FSWatcher | null {
  try {
    const watcher = watch(directory, look);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null; // The poll does it alone.
  }
}

function parseStatus(value: unknown): RunnerStatus | null {
  const status = value as Partial<RunnerStatus> | null | undefined;
  if (typeof status !== "object" || status?.version !== 1 || typeof status.startedAt !== "number")
    return null;
  const { runner, child, end, startedAt, search } = status;
  if (!isIdentity(runner)) return null;
  return {
    version: 1,
    runner,
    startedAt,
    ...(typeof search?.path === "string" ? { search } : {}),
    child: isIdentity(child) ? child : null,
    end: isEnd(end) ? end : null,
  };
}

function isIdentity(value: ProcessIdentity | null | undefined): value is ProcessIdentity {
  return typeof value?.pid === "number" && typeof value.host === "string";
}

function isEnd(end: StageEnd | null | undefined): end is StageEnd {
  if (typeof end !== "object" || end === null || typeof end.at !== "number") return false;
  return (typeof end.code === "number") !== (typeof end.signal === "string");
}
