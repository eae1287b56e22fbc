import { spawnSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { dvcEnvironment } from "../test/support/dvcEnvironment.ts";
import { temporaryFolder } from "../test/support/temporaryProject.ts";
import type { Benchmark, BenchmarkContext } from "./benchmark.ts";
import { formatTable, keepsBars } from "./support/report.ts";

// Runs the benchmarks of this folder, or those named on the command line; prints each figure beside its bar and
// writes all values to bench/results/<name>.json.

const folder = import.meta.dirname;
const known = await allBenchmarks();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  const names = known.map(({ name }) => name).join(", ");
  console.error(`No benchmark is called ${unknown.join(" or ")}. There is: ${names}`);
  process.exit(2);
}
const chosen = known.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const [only] = chosen;
if (chosen.length === 1 && only !== undefined && globalThis.gc !== undefined) await measure(only);
else for (const { name } of chosen) runAlone(name);

/** Each has a process of its own: what one leaves in memory must not count for the next. */
function runAlone(name: string): void {
  const { status } = spawnSync(process.execPath, ["--expose-gc", import.meta.filename, name], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}

async function measure(benchmark: Benchmark): Promise<void> {
  console.log(`\n${benchmark.name}`);
  const at = new Date().toISOString();
  const load = loadavg();
  const home = await temporaryFolder();
  try {
    const say = (text: string) => console.log(`  ${text}`);
    const figures = await benchmark.run({ say, dvc: (release) => peer(home.root, release, say) });
    if (figures.length > 0) console.log(formatTable(figures).replace(/^/gm, "  "));
    const machine = {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? "",
      memory: totalmem(),
      node: process.version,
      load,
    };
    const judged = figures.map((figure) => ({ ...figure, keepsBars: keepsBars(figure) }));
    const result = { version: 2, name: benchmark.name, at, machine, figures: judged };
    await mkdir(join(folder, "results"), { recursive: true });
    const path = join(folder, "results", `${benchmark.name}.json`);
    await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await home.dispose();
  }
}

async function peer(
  home: string,
  release: Parameters<BenchmarkContext["dvc"]>[0],
  say: BenchmarkContext["say"],
): ReturnType<BenchmarkContext["dvc"]> {
  try {
    return await dvcEnvironment(home, release);
  } catch (error) {
    say(`NOT COMPARED with DVC ${release}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function allBenchmarks(): Promise<readonly Benchmark[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts") && file !== "main.ts").sort();
  const modules = await Promise.all(
    files.map((file) => import(`./${file}`) as Promise<{ benchmark?: Benchmark }>),
  );
  return modules.flatMap(({ benchmark }) => (benchmark ? [benchmark] : []));
}
