import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { writeLines } from "../test/support/experimentHistory.ts";
import { temporaryProject } from "../test/support/temporaryProject.ts";
import { type Benchmark, type Figure, median, timeOf } from "./benchmark.ts";
import { checkpointsEach, experiments, lines, projectFiles } from "./support/tenThousand.ts";
import type { ListTimes } from "./workers/listOnce.ts";

const rounds = 5;

/** Lists 500 experiments with 10,000 checkpoints: cold (a new process of ours, warm disk) and warm. */
export const benchmark: Benchmark = {
  name: "list",
  async run({ dvc, say }) {
    const project = await temporaryProject(projectFiles);
    try {
      const baseline = await project.git("rev-parse", "HEAD");
      // As recording leaves them: each object a file of its own, until Git packs them.
      await project.git("config", "fastimport.unpackLimit", String(1e6));
      await writeLines(project.root, lines(baseline));
      const loose = await listTimes(project.root);
      await project.git("gc", "--quiet");
      const packed = await listTimes(project.root);
      const cold = packed.map((time) => time.cold);
      const figures: Figure[] = [
        {
          name: "list cold, loose objects",
          unit: "ms",
          values: loose.map((time) => time.cold),
          bars: { median: 1000 },
        },
        { name: "list cold, packed", unit: "ms", values: cold, bars: { median: 1000 } },
        {
          name: "list warm",
          unit: "ms",
          values: [...loose, ...packed].flatMap(({ warm }) => warm),
          bars: { median: 50 },
        },
      ];
      const peer = await dvc("3");
      if (peer === null) return figures;
      say("dvc exp show takes minutes on this repository");
      const theirs = await timeOf(() =>
        execute(peer.python, ["-m", "dvc", "exp", "show", "--json"], {
          cwd: project.root,
          env: peer.variables,
          maxBuffer: 2 ** 30,
        }),
      );
      figures.push(
        { name: "dvc exp show --json, cold", unit: "ms", values: [theirs], bars: {} },
        { name: "dvc exp show / list, cold", unit: "ratio", values: [theirs / median(cold)], bars: {} },
      );
      return figures;
    } finally {
      await project.dispose();
    }
  },
};

const execute = promisify(execFile);

async function listTimes(root: string): Promise<readonly ListTimes[]> {
  const times: ListTimes[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await listOnce(root));
  const wrong = times.find(({ checkpoints }) => checkpoints !== experiments * checkpointsEach);
  if (wrong) throw new Error(`${wrong.checkpoints} checkpoints were listed`);
  return times;
}

function listOnce(root: string): Promise<ListTimes> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./workers/listOnce.ts", import.meta.url), { workerData: { root } });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The reader ended without an answer")));
  });
}
