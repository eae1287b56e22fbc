import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Plays training code that waits for its checkpoints with a look every millisecond. Writes the milliseconds that each
 * one held it as JSON. Arguments: path for that, number of checkpoints, number of files, bytes of each, pause in
 * milliseconds.
 */
const [results = "", ...numbers] = process.argv.slice(2);
const [checkpoints = 0, files = 0, bytes = 0, pause = 0] = numbers.map(Number);
const signal = join(process.env.DVC_ROOT ?? "", ".dvc", "tmp", "DVC_CHECKPOINT");
const holds: number[] = [];
const clock = new Int32Array(new SharedArrayBuffer(4));
mkdirSync("weights", { recursive: true });
for (let checkpoint = 0; checkpoint < checkpoints; checkpoint += 1) {
  for (let file = 0; file < files; file += 1) {
    writeFileSync(join("weights", `${file}.bin`), Buffer.alloc(bytes, `${checkpoint} ${file}`));
  }
  writeFileSync("metrics.json", JSON.stringify({ checkpoint }));
  Atomics.wait(clock, 0, 0, pause);
  const begin = performance.now();
  writeFileSync(signal, "");
  while (existsSync(signal)) Atomics.wait(clock, 0, 0, 1);
  holds.push(performance.now() - begin);
}
writeFileSync(results, JSON.stringify(holds));
