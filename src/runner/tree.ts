import { execFileSync } from "node:child_process";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Asked, StopGrace } from "./files.ts";
import { descendants, isAlive, type ProcessIdentity, processesWithEnvironment } from "./process.ts";

/** Signals to send one after another, each with the milliseconds that processes get to end before the next. */
export type Escalation = readonly { readonly signal: NodeJS.Signals; readonly wait: number }[];

/** Long enough for the kernel to end processes after SIGKILL; those that wait for a dead disk can't be ended. */
const killMilliseconds = 5_000;

/** Stop asks politely first; a closed terminal has no time for that; the system's own order is passed on as it is. */
export function escalationFor(asked: Asked, grace: StopGrace): Escalation {
  const hard: Escalation = [
    { signal: "SIGTERM", wait: grace.terminate },
    { signal: "SIGKILL", wait: killMilliseconds },
  ];
  return asked === "stop" ? [{ signal: "SIGINT", wait: grace.interrupt }, ...hard] : hard;
}

/** The environment entry that all processes of a run's stages carry, and no others. */
export function runMark(runId: string): string {
  return `SAVEPOINT_RUN=${runId}`;
}

/**
 * All that a stage has started, directly or not. Remembers each process it has ever seen, since a child of a
 * process that has ended is handed to the system and can't be found from above any more.
 */
export class ProcessTree {
  readonly #known = new Map<string, ProcessIdentity>();
  readonly #mark: string;
  readonly #root: number | null;
  #apart: number | null = null;

  /**
   * `mark` is an environment entry (`NAME=value`) that only processes of this tree carry. `root` is the process that
   * they descend from, or `null` when it is gone.
   */
  constructor(mark: string, root: number | null) {
    this.#mark = mark;
    this.#root = root;
  }

  /** Leaves out a process below the root, with all that it starts. */
  leaveOut(pid: number | null): void {
    this.#apart = pid;
  }

  /** Those that live now, without this process. */
  living(): ProcessIdentity[] {
    const host = hostname();
    const below = this.#root === null ? [] : descendants(this.#root, this.#apart);
    for (const { pid, startTime } of [...below, ...processesWithEnvironment(this.#mark)]) {
      if (pid !== process.pid) this.#known.set(`${pid} ${startTime}`, { host, pid, startTime });
    }
    for (const [key, identity] of this.#known) if (!isAlive(identity)) this.#known.delete(key);
    return [...this.#known.values()];
  }

  signal(signal: NodeJS.Signals): void {
    if (process.platform === "win32") {
      endWindowsTree();
      return;
    }
    for (const { pid } of this.living()) {
      send(pid, signal);
      // One that is stopped acts on the signal only when it goes on.
      if (signal !== "SIGKILL") send(pid, "SIGCONT");
    }
  }

  /** Ends the whole tree, harder with each step; resolves when nothing is left, or nothing more can be done. */
  async end(escalation: Escalation): Promise<void> {
    for (const { signal, wait } of escalation) {
      this.signal(signal);
      // Not by the clock of the day: it may be set, and a machine that sleeps gives nobody time to end.
      const limit = performance.now() + wait;
      while (performance.now() < limit) {
        if (this.living().length === 0) return;
        await delay(20);
        // One that forks quickly may have had a child that the last look missed.
        if (signal === "SIGKILL") this.signal(signal);
      }
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

/** Windows has no signals: every child is ended at once, with all below it. */
function endWindowsTree(): void {
  const command = `Get-CimInstance Win32_Process -Filter "ParentProcessId=${process.pid}" | ForEach-Object { $_.ProcessId }`;
  try {
    const children = execFileSync("powershell", ["-NoProfile", "-Command", command], {
      encoding: "utf8",
      timeout: 10_000,
    });
    for (const pid of children.split(/\s+/).filter((text) => /^\d+$/.test(text))) {
      execFileSync("taskkill", ["/PID", pid, "/T", "/F"], { stdio: "ignore", timeout: 10_000 });
    }
  } catch {
    // Nothing was left to end.
  }
}
