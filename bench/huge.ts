import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { type Benchmark, type Figure, timeOf } from "./benchmark.ts";
import { besideIdle } from "./support/eventLoop.ts";
import { RecordingBench } from "./support/recordingBench.ts";
import { gibibyte, tool } from "./support/system.ts";

const size = 4 * gibibyte + 12_345;

/** An output whose size and offsets do not fit into 32 bits is recorded and restored right; its times are for information. */
export const benchmark: Benchmark = {
  name: "huge",
  run: ({ say }) => {
    say("one file over 4 GiB, recorded and restored");
    return besideIdle(() => RecordingBench.use(measure));
  },
};

async function measure(bench: RecordingBench): Promise<readonly Figure[]> {
  const file = bench.path("model.bin");
  writeHuge(file);
  const hash = await md5(file);
  const { held, stored, blocked, checkpoint } = await bench.record();
  const output = checkpoint.outs.find(({ path }) => path === "model.bin");
  check("recorded hash", output?.hash, hash);
  check("recorded size", output?.size, size);
  rmSync(file);
  const restored = await timeOf(() => bench.restore(checkpoint));
  check("restored size", statSync(file).size, size);
  check("restored hash", await md5(file), hash);
  return [
    { name: "over 4 GiB holds training", unit: "ms", values: [held], bars: {} },
    { name: "over 4 GiB from release to committed", unit: "ms", values: [stored], bars: {} },
    { name: "restore of over 4 GiB", unit: "ms", values: [restored], bars: {} },
    { name: "event loop blocked by recording it", unit: "ms", values: [blocked], bars: { max: 50 } },
  ];
}

/** Mostly holes, with something before and after 4 GiB, so that a part that is lost or doubled changes the hash. */
function writeHuge(path: string): void {
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, size);
  for (const position of [0, 2 ** 31 - 4, 2 ** 32 - 4, size - 8]) {
    writeSync(descriptor, Buffer.from(`@ ${position % 1000}`.padEnd(8)), 0, 8, position);
  }
  closeSync(descriptor);
}

async function md5(path: string): Promise<string> {
  return (await tool("md5sum", path)).split(" ")[0] ?? "";
}

function check(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what} is ${found} instead of ${wanted}`);
}
