import { mkdirSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { Disposable } from "../event.ts";
import {
  answerSignal,
  readSignal,
  type SignalAnswer,
  type SignalPaths,
  type WaitingSignal,
} from "./signalFile.ts";

export interface SignalServerOptions {
  readonly paths: SignalPaths;
  /** A file whose time of change tells the training code that somebody listens. */
  readonly heartbeatFile: string;
  /**
   * Takes the checkpoint. The code waits until this resolves; `null` leaves the signal where it is, for whoever
   * listens next. Must not reject.
   */
  readonly onSignal: (signal: WaitingSignal) => Promise<SignalAnswer | null>;
}

const pollMilliseconds = 1_000;

/**
 * Answers the signals of one project. What the watcher reports, and a slow poll, are hints to look: the truth is
 * whether the file exists, so no signal is missed when events are lost, merged or late.
 */
export class SignalServer implements Disposable {
  readonly #options: SignalServerOptions;
  readonly #watcher: FSWatcher;
  readonly #timer: NodeJS.Timeout;
  #serving: Promise<void> | null = null;
  /** Answered, but could not be taken away; must not be taken for a new one. */
  #answered: { readonly signal: WaitingSignal; readonly answer: SignalAnswer } | null = null;
  #isClosed = false;

  /** Starts to listen at once, also to a signal that waits already. The folder must exist. */
  constructor(options: SignalServerOptions) {
    this.#options = options;
    this.#beat();
    this.#watcher = watch(options.paths.directory, { depth: 0, ignoreInitial: true });
    // "raw" comes first; "all" is there for systems on which chokidar polls.
    this.#watcher.on("raw", () => this.#look());
    this.#watcher.on("all", () => this.#look());
    this.#watcher.on("error", () => this.#look());
    // A signal may have come before the watcher was at work.
    this.#watcher.on("ready", () => this.#look());
    this.#timer = setInterval(() => {
      this.#beat();
      this.#look();
    }, pollMilliseconds);
    this.#look();
  }

  /** Answers what still waits, then stops listening. For the end of a stage, when no new signal can come. */
  async close(): Promise<void> {
    await this.#serving;
    await this.#look();
    this.dispose();
    try {
      unlinkSync(this.#options.heartbeatFile);
    } catch {
      // Somebody removed it before.
    }
  }

  /** Stops listening at once. A signal that is being answered stays, and so do later ones. */
  dispose(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    void this.#watcher.close();
  }

  #look(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#serving ??= this.#serve().finally(() => {
      this.#serving = null;
    });
    return this.#serving;
  }

  /** Answers signals until there is none: the next one may be there a moment after the last was removed. */
  async #serve(): Promise<void> {
    const { paths, onSignal } = this.#options;
    while (!this.#isClosed) {
      if (!this.#release()) return;
      const signal = readSignal(paths);
      if (signal === null) return;
      const answer = await onSignal(signal);
      if (answer === null) return;
      this.#answered = { signal, answer };
    }
    this.#release();
  }

  /** Whether no answered signal is left; if one is (a virus scanner holds it), the poll tries again. */
  #release(): boolean {
    if (this.#answered === null) return true;
    try {
      answerSignal(this.#options.paths, this.#answered.signal, this.#answered.answer);
      this.#answered = null;
      return true;
    } catch {
      return false;
    }
  }

  #beat(): void {
    const { heartbeatFile, paths } = this.#options;
    const now = new Date();
    try {
      utimesSync(heartbeatFile, now, now);
    } catch {
      try {
        // Also brings the folder of the signals back when somebody cleaned up in mid-run.
        mkdirSync(paths.directory, { recursive: true });
        mkdirSync(dirname(heartbeatFile), { recursive: true });
        writeFileSync(heartbeatFile, "");
      } catch {
        // Full or read-only disk: the code can't tell that we listen, but we do.
      }
    }
  }
}
