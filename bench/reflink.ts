import type { Benchmark, Figure } from "./benchmark.ts";
import { besideIdle } from "./support/eventLoop.ts";
import { RecordingBench } from "./support/recordingBench.ts";
import { gibibyte, tool, touchLarge, writeLarge } from "./support/system.ts";
import { withXfs } from "./support/xfsDisk.ts";

const rounds = 5;

/** How long an output of 1 GiB holds training on a file system where copies share the blocks of their originals. */
export const benchmark: Benchmark = {
  name: "reflink",
  async run({ say }) {
    say(`1 GiB in one file on a loop-mounted XFS, ${rounds} times`);
    const figures = await withXfs(4 * gibibyte, say, (disk) =>
      besideIdle(() => RecordingBench.use(measure, disk.path)),
    );
    return figures ?? [];
  },
};

async function measure(bench: RecordingBench): Promise<readonly Figure[]> {
  writeLarge(bench.path("model.bin"));
  const held: number[] = [];
  const blocked: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    touchLarge(bench.path("model.bin"), round);
    await tool("sync");
    const cost = await bench.record();
    held.push(cost.held);
    blocked.push(cost.blocked);
  }
  return [
    { name: "1 GiB on XFS holds training", unit: "ms", values: held, bars: { median: 50 } },
    { name: "event loop blocked by recording it", unit: "ms", values: blocked, bars: { max: 50 } },
  ];
}
