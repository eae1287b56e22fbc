import type { DvcEnvironment } from "../test/support/dvcEnvironment.ts";
import { type Benchmark, type Figure, median } from "./benchmark.ts";
import { besideIdle, EventLoopWatch } from "./support/eventLoop.ts";
import { holdsOf, runTraining, trainingProject } from "./support/training.ts";

const small = { files: 10, bytes: 100_000, pause: 200 };
const ours = { ...small, checkpoints: 200 };
const theirs = { ...small, checkpoints: 20 };

/** How long a checkpoint of ten files with 1 MB holds a training, beside the last DVC that had checkpoints. */
export const benchmark: Benchmark = {
  name: "small",
  async run({ dvc, say }) {
    say(`${ours.checkpoints} checkpoints of 1 MB in 10 files, by a client that looks every millisecond`);
    const figures = await besideIdle(recordOurs);
    const old = await dvc("2.58.2");
    if (old === null) return figures;
    say(`${theirs.checkpoints} of the same under DVC ${old.version}`);
    const peer = await recordTheirs(old);
    const holds = figures[0]?.values ?? [];
    return [
      ...figures,
      { name: `a small checkpoint holds training, DVC ${old.version}`, unit: "ms", values: peer, bars: {} },
      {
        name: `medians: Savepoint / DVC ${old.version}`,
        unit: "ratio",
        values: [median(holds) / median(peer)],
        bars: { median: 1 / 20 },
      },
    ];
  },
};

async function recordOurs(): Promise<readonly Figure[]> {
  const project = await trainingProject(ours);
  const watch = new EventLoopWatch();
  try {
    const blocks: number[] = [];
    const holds = await runTraining(project, () => blocks.push(watch.lap()));
    return [
      { name: "a small checkpoint holds training", unit: "ms", values: holds, bars: { median: 15, p95: 40 } },
      { name: "event loop blocked while recording them", unit: "ms", values: blocks, bars: { max: 50 } },
    ];
  } finally {
    watch.stop();
    await project.dispose();
  }
}

async function recordTheirs(dvc: DvcEnvironment): Promise<readonly number[]> {
  const project = await trainingProject(theirs);
  try {
    await dvc.dvc(project.root, ["exp", "run"]);
    return await holdsOf(project);
  } finally {
    await project.dispose();
  }
}
