import { parentPort, workerData } from "node:worker_threads";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { projectAt } from "../../test/support/experimentHistory.ts";
import { timeOf } from "../benchmark.ts";

/** What one reader measured, in milliseconds: the first refresh, and later ones that find nothing new. */
export interface ListTimes {
  readonly cold: number;
  readonly warm: readonly number[];
  readonly checkpoints: number;
}

// A thread of its own starts with code that was never run, as the extension does.
const index = new ExperimentIndex(projectAt((workerData as { readonly root: string }).root));
try {
  const cold = await timeOf(() => index.refresh());
  const warm: number[] = [];
  for (let round = 0; round < 5; round += 1) warm.push(await timeOf(() => index.refresh()));
  const checkpoints = index.experiments.reduce((sum, experiment) => sum + experiment.checkpoints.length, 0);
  parentPort?.postMessage({ cold, warm, checkpoints } satisfies ListTimes);
} finally {
  index.dispose();
}
