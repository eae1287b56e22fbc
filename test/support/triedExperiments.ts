import { checkpointMessage, writeLines } from "./experimentHistory.ts";
import type { TemporaryProject } from "./temporaryProject.ts";

/** Experiments of a stage `train`, each with another learning rate, recorded as another process would: straight into Git. */
export async function writeTriedExperiments(
  project: TemporaryProject,
  experiments: readonly { readonly name: string; readonly rate: number; readonly best: number }[],
  checkpoints: number,
): Promise<void> {
  const baseline = await project.git("rev-parse", "HEAD");
  await writeLines(
    project.root,
    experiments.map(({ name, rate, best }, place) => ({
      ref: `refs/exps/${baseline.slice(0, 2)}/${baseline.slice(2)}/${name}`,
      from: baseline,
      commits: Array.from({ length: checkpoints }, (_, index) => {
        const sequence = index + 1;
        const accuracy = best * (1 - 0.6 * Math.exp(-index / 3)) - (index % 3) * 0.004;
        return {
          time: 1_767_000_000 + place * 10_000 + sequence * 60,
          message: checkpointMessage({
            experiment: name,
            sequence,
            step: sequence,
            name: `epoch-${sequence}`,
            values: {
              metrics: { "metrics.json": { loss: Number((1.4 - accuracy).toFixed(4)), accuracy } },
              params: { "params.yaml": { train: { epochs: 20, learning_rate: rate, momentum: 0.9 } } },
              outs: [],
            },
          }),
        };
      }),
    })),
  );
}
