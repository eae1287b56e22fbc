import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Project } from "../project.ts";
import { readJson, writeAtomically } from "../system/atomicFile.ts";
import { savepointDirectory } from "../system/layout.ts";
import { Lease } from "../system/lease.ts";
import { emptyQueue, type QueueEntry, type QueueState } from "./queueState.ts";

/** How long another process's change is waited for, and how often it is looked at, in milliseconds. */
const lockLimit = 10_000;
const lockPause = 10;

/** The queue of a project on disk: any process may change it, one at a time. */
export class QueueFile {
  readonly #file: string;
  readonly #directory: string;

  constructor(project: Project) {
    this.#directory = join(savepointDirectory(project), "queue");
    this.#file = join(this.#directory, "queue.json");
  }

  /** The folder of the lease that the process holds that works the queue. */
  get workerLease(): string {
    return join(this.#directory, "worker");
  }

  /** The queue as it stands; an empty one when there is none, or none that this version understands. */
  read(): QueueState {
    const value = readJson(this.#file);
    return isQueueState(value) ? { ...value, entries: value.entries.filter(isEntry) } : emptyQueue;
  }

  /** Changes the queue while nobody else does, and returns what it is then. Throws when the disk refuses. */
  async change(update: (state: QueueState) => QueueState | Promise<QueueState>): Promise<QueueState> {
    mkdirSync(this.#directory, { recursive: true });
    const lock = await this.#lock();
    try {
      const before = this.read();
      const after = await update(before);
      if (after !== before) writeAtomically(this.#file, JSON.stringify(after));
      return after;
    } finally {
      lock.dispose();
    }
  }

  async #lock(): Promise<Lease> {
    const deadline = Date.now() + lockLimit;
    for (;;) {
      const lock = Lease.acquire(join(this.#directory, "lock"), "queue", randomUUID());
      if (lock instanceof Lease) return lock;
      if (Date.now() > deadline) throw new Error("another window is changing the queue; try again");
      await delay(lockPause);
    }
  }
}

function isQueueState(value: unknown): value is QueueState {
  const state = value as Partial<QueueState> | null | undefined;
  return (
    typeof state === "object" &&
    state?.version === 1 &&
    typeof state.isPaused === "boolean" &&
    Number.isInteger(state.jobs) &&
    Array.isArray(state.entries)
  );
}

const states: readonly unknown[] = [
  "waiting",
  "running",
  "succeeded",
  "failed",
  "interrupted",
  "cancelled",
] satisfies QueueEntry["state"][];
const verbs: readonly unknown[] = ["run", "resume", "fork", "rewind"] satisfies QueueEntry["verb"][];

/** Checks what the engine relies on: the file is ours, but it may be damaged or from another version. */
function isEntry(value: unknown): value is QueueEntry {
  const entry = value as Partial<QueueEntry> | null | undefined;
  return (
    typeof entry?.id === "string" &&
    /^[A-Za-z0-9-]+$/.test(entry.id) &&
    typeof entry.name === "string" &&
    verbs.includes(entry.verb) &&
    states.includes(entry.state) &&
    Array.isArray(entry.stages) &&
    Array.isArray(entry.set) &&
    typeof entry.addedAt === "number" &&
    typeof entry.request === "object" &&
    (entry.captured === null || /^[0-9a-f]{40,64}$/.test(entry.captured ?? ""))
  );
}
