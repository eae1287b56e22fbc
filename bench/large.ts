import { rmSync } from "node:fs";
import { type Benchmark, type Figure, ratios } from "./benchmark.ts";
import { besideIdle } from "./support/eventLoop.ts";
import { RecordingBench } from "./support/recordingBench.ts";
import { settledTimeOf, tool, touchLarge, writeLarge } from "./support/system.ts";

const rounds = 3;

/** What an output of 1 GiB costs to record and to restore, beside the system's own tools on the same disk. */
export const benchmark: Benchmark = {
  name: "large",
  run: ({ say }) => {
    say(`1 GiB in one file, ${rounds} times`);
    return besideIdle(() => RecordingBench.use(measure));
  },
};

async function measure(bench: RecordingBench): Promise<readonly Figure[]> {
  const [file, copy, moved] = [bench.path("model.bin"), bench.path("copy.bin"), bench.path("moved.bin")];
  writeLarge(file);
  const held: number[] = [];
  const copied: number[] = [];
  const unchanged: number[] = [];
  const stored: number[] = [];
  const hashed: number[] = [];
  const restored: number[] = [];
  const copiedAndHashed: number[] = [];
  const blocked: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    touchLarge(file, round);
    copied.push(await settledTimeOf(() => tool("cp", "--reflink=auto", file, copy)));
    const hashAndMove = async () => {
      await tool("md5sum", copy);
      await tool("mv", copy, moved);
    };
    hashed.push(await settledTimeOf(hashAndMove));
    rmSync(moved);
    await tool("sync");
    const first = await bench.record();
    held.push(first.held);
    stored.push(first.stored);
    const second = await bench.record();
    unchanged.push(second.held);
    rmSync(file);
    let blockedByRestore = 0;
    const restoreIt = async () => {
      blockedByRestore = await bench.restore(second.checkpoint);
    };
    restored.push(await settledTimeOf(restoreIt));
    const copyAndHash = async () => {
      await tool("cp", "--reflink=auto", file, copy);
      await tool("md5sum", copy);
    };
    copiedAndHashed.push(await settledTimeOf(copyAndHash));
    rmSync(copy);
    blocked.push(first.blocked, second.blocked, blockedByRestore);
  }
  return [
    { name: "1 GiB holds training", unit: "ms", values: held, bars: {} },
    {
      name: "1 GiB holds training / cp --reflink=auto",
      unit: "ratio",
      values: ratios(held, copied),
      bars: { median: 1.15 },
    },
    { name: "1 GiB that did not change holds training", unit: "ms", values: unchanged, bars: { median: 20 } },
    { name: "1 GiB from release to committed", unit: "ms", values: stored, bars: {} },
    {
      name: "1 GiB from release to committed / md5sum + mv",
      unit: "ratio",
      values: ratios(stored, hashed),
      bars: { median: 1.3 },
    },
    { name: "restore of 1 GiB", unit: "ms", values: restored, bars: {} },
    {
      name: "restore of 1 GiB / cp + md5sum",
      unit: "ratio",
      values: ratios(restored, copiedAndHashed),
      bars: { median: 1.2 },
    },
    {
      name: "event loop blocked by recording and restoring 1 GiB",
      unit: "ms",
      values: blocked,
      bars: { max: 50 },
    },
  ];
}
