import { fork } from "node:child_process";
import { join } from "node:path";
import type { Figure } from "../benchmark.ts";

const period = 5;

/** Sees how long the event loop of this process is blocked: by how much a timer of 5 ms comes late. */
export class EventLoopWatch {
  readonly #timer = setInterval(() => this.#look(), period);
  #last = performance.now();
  #longest = 0;

  /** The longest block since the last call, in milliseconds. */
  lap(): number {
    this.#look();
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last - period);
    this.#last = now;
  }
}

/**
 * Measures beside a process that does nothing, and adds the longest block of its event loop to the figures: as much is
 * due to the machine and not to us.
 */
export async function besideIdle(measure: () => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
  const idle = fork(join(import.meta.dirname, "..", "workers", "idle.ts"));
  try {
    await new Promise((resolve) => idle.once("message", resolve));
    const figures = await measure();
    const answer = new Promise<number>((resolve, reject) => {
      idle.once("message", (longest) => resolve(longest as number));
      idle.once("exit", () => reject(new Error("The idle process ended without an answer")));
    });
    idle.send("lap");
    const name = "event loop of an idle process meanwhile";
    return [...figures, { name, unit: "ms", values: [await answer], bars: {} }];
  } finally {
    idle.kill();
  }
}
