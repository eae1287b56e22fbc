import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Programs } from "./killProject.ts";

/** Characters of what the processes said that are kept to explain a failure. */
const outputToKeep = 4_000;

/** A window on the project that may be killed at any moment. */
export class ListenerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #listens = false;
  #output = "";

  /** Starts it; `ledger` is where the trainings that it launches write. */
  constructor(programs: Programs, root: string, ledger: string, mode: "go-on" | "finish") {
    const { listener, runner, hashWorker } = programs;
    this.#child = spawn(process.execPath, [listener, root, runner, hashWorker, mode], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SAVEPOINT_KILLS_LEDGER: ledger },
    });
    // Not "close": trainings that outlive the listener keep its standard error open.
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdout?.on("data", () => {
      this.#listens = true;
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-outputToKeep);
    });
  }

  /** Whether it has adopted what there was. */
  get listens(): boolean {
    return this.#listens;
  }

  /** Whether it has ended, killed or by itself. */
  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it and its trainings said last. */
  get output(): string {
    return this.#output.trim();
  }

  /** Kills it, if it still lives, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Waits for an end of its own: `true` when it succeeded within the limit, in milliseconds. */
  async succeeds(limit: number): Promise<boolean> {
    const over = new AbortController();
    const late = delay(limit, null, { signal: over.signal }).catch(() => null);
    await Promise.race([this.#ended, late]);
    over.abort();
    return this.#child.exitCode === 0;
  }
}
