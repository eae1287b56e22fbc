import { existsSync, globSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunnerStatus } from "../../../src/runner/files.ts";
import { descendants, isAlive } from "../../../src/runner/process.ts";
import type { Moment } from "./aim.ts";
import { readLedger } from "./ledger.ts";
import type { ListenerProcess } from "./listenerProcess.ts";

const signalFile = ".dvc/tmp/DVC_CHECKPOINT";

/** What the campaign sees of a project from outside while trainings run in it. */
export class Sight {
  readonly #root: string;
  readonly #ledger: string;

  constructor(root: string, ledger: string) {
    this.#root = root;
    this.#ledger = ledger;
  }

  /** Returns a check whether the moment has come, from now on, after `pass` others of its kind. Cheap to call often. */
  watch(moment: Moment, pass: number, listener: ListenerProcess): () => boolean {
    if (moment === "start") return () => true;
    // Where nothing is to be recovered, the adoption is as good.
    if (moment === "recovery") return () => this.#isRecovering() || listener.listens;
    if (moment === "held") return this.#countSignals(pass + 1);
    if (moment === "storing") return this.#countLines("released", pass + 1);
    return this.#countLines("ended", pass + 1);
  }

  /** What the listener is at. */
  activity(listener: ListenerProcess): string {
    const isHeld = existsSync(join(this.#root, signalFile));
    const isStoring = globSync(".dvc/tmp/savepoint/recording/*/*[0-9].json", { cwd: this.#root }).length > 0;
    if (this.#isRecovering()) return "while it recovers";
    if (!listener.listens) return "while it starts";
    if (isHeld) return isStoring ? "while it stores and training is held" : "while training is held";
    return isStoring ? "while it stores" : "between checkpoints";
  }

  /** The runner that lives now, or the process of its stage; with the id of its run. */
  target(victim: "runner" | "training"): { readonly pid: number; readonly run: string } | null {
    for (const run of globSync(".dvc/tmp/savepoint/runs/*", { cwd: this.#root })) {
      for (const file of globSync("stage-*/status.json", { cwd: join(this.#root, run) })) {
        const { runner } = JSON.parse(readFileSync(join(this.#root, run, file), "utf8")) as RunnerStatus;
        if (!isAlive(runner)) continue;
        const pid = victim === "runner" ? runner.pid : descendants(runner.pid).at(-1)?.pid;
        return pid === undefined ? null : { pid, run: run.slice(run.lastIndexOf("/") + 1) };
      }
    }
    return null;
  }

  #isRecovering(): boolean {
    try {
      return readdirSync(join(this.#root, ".dvc/tmp/savepoint/recovery")).length > 0;
    } catch {
      return false;
    }
  }

  #countSignals(wanted: number): () => boolean {
    const signal = join(this.#root, signalFile);
    let seen = 0;
    let last: bigint | null = null;
    return () => {
      const stats = lstatSync(signal, { bigint: true, throwIfNoEntry: false });
      if (stats !== undefined && stats.mtimeNs !== last) {
        last = stats.mtimeNs;
        seen += 1;
      }
      return seen >= wanted;
    };
  }

  #countLines(event: "released" | "ended", wanted: number): () => boolean {
    const count = () => readLedger(this.#ledger).filter((line) => line.event === event).length;
    const before = count();
    let size = -1;
    return () => {
      const now = statSync(this.#ledger, { throwIfNoEntry: false })?.size ?? 0;
      if (now === size) return false;
      size = now;
      return count() >= before + wanted;
    };
  }
}
