import { setTimeout as delay } from "node:timers/promises";
import type { Benchmark } from "./benchmark.ts";
import { runTraining, trainingProject } from "./support/training.ts";

const warmUp = 100;
const counted = 1_000;
const mebibyte = 2 ** 20;

/** How much more memory a process needs after recording 1,000 checkpoints. */
export const benchmark: Benchmark = {
  name: "memory",
  async run({ say }) {
    say(`${counted} checkpoints in one process, after ${warmUp} that bring in what it needs at all`);
    const project = await trainingProject({
      checkpoints: warmUp + counted,
      files: 10,
      bytes: 1_000,
      pause: 20,
    });
    try {
      let recorded = 0;
      const measured: Promise<Memory>[] = [];
      await runTraining(project, () => {
        recorded += 1;
        if (recorded === warmUp || recorded === warmUp + counted) measured.push(settledMemory());
      });
      const [before, after] = await Promise.all(measured);
      if (before === undefined || after === undefined)
        throw new Error(`${recorded} checkpoints were recorded`);
      const grown = (key: keyof Memory) => [(after[key] - before[key]) / mebibyte];
      return [
        {
          name: "heap and buffers after the warm-up",
          unit: "MB",
          values: [before.used / mebibyte],
          bars: {},
        },
        { name: "heap and buffers grew by", unit: "MB", values: grown("used"), bars: { median: 20 } },
        {
          name: "resident memory after the warm-up",
          unit: "MB",
          values: [before.resident / mebibyte],
          bars: {},
        },
        { name: "resident memory grew by", unit: "MB", values: grown("resident"), bars: { median: 20 } },
      ];
    } finally {
      await project.dispose();
    }
  },
};

interface Memory {
  /** Bytes on the heap of the main thread and in buffers. */
  readonly used: number;
  /** Bytes of the whole process, with its worker threads. */
  readonly resident: number;
}

/**
 * The memory that is needed. A collection "of last resort", as under pressure, also gives back the free room that V8
 * keeps in its heap, which comes and goes by tens of megabytes. The second one takes what the first has finalized.
 */
async function settledMemory(): Promise<Memory> {
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    await delay(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}
