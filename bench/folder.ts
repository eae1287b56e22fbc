import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Benchmark, type Figure, ratios } from "./benchmark.ts";
import { besideIdle } from "./support/eventLoop.ts";
import { RecordingBench } from "./support/recordingBench.ts";
import { settledTimeOf, tool } from "./support/system.ts";

const rounds = 5;
const count = 10_000;

/** How long a folder with 10,000 small files holds training, beside the system's own copy. */
export const benchmark: Benchmark = {
  name: "folder",
  run: ({ say }) => {
    say(`${count} files in one folder, ${rounds} times`);
    return besideIdle(() => RecordingBench.use(measure));
  },
};

async function measure(bench: RecordingBench): Promise<readonly Figure[]> {
  const held: number[] = [];
  const copied: number[] = [];
  const blocked: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    writeFiles(bench.path("weights"), round);
    const copy = () => tool("cp", "-r", "--reflink=auto", bench.path("weights"), bench.path("copy"));
    copied.push(await settledTimeOf(copy));
    rmSync(bench.path("copy"), { recursive: true });
    await tool("sync");
    const cost = await bench.record();
    held.push(cost.held);
    blocked.push(cost.blocked);
  }
  return [
    { name: "10,000 files hold training", unit: "ms", values: held, bars: {} },
    {
      name: "10,000 files hold training / cp -r --reflink=auto",
      unit: "ratio",
      values: ratios(held, copied),
      bars: { median: 1.3 },
    },
    { name: "event loop blocked by recording 10,000 files", unit: "ms", values: blocked, bars: { max: 50 } },
  ];
}

function writeFiles(folder: string, round: number): void {
  for (let file = 0; file < count; file += 1) {
    const directory = join(folder, String(file % 100));
    if (file < 100) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${file}.bin`), `file ${file} of round ${round}`);
  }
}
