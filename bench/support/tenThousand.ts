import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { checkpointMessage, type WrittenLine } from "../../test/support/experimentHistory.ts";

/** A repository's worth of experiments: 500 with 20 checkpoints each. */
export const experiments = 500;
export const checkpointsEach = 20;

const stages =
  "stages:\n  train:\n    cmd: python train.py\n    params: [lr]\n    metrics: [{metrics.json: {cache: false}}]\n";
/** The files of the project that they belong to. */
export const projectFiles = {
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
  "dvc.yaml": stages,
  "params.yaml": "lr: 0.1\n",
};

/** All 10,000 checkpoints, for `writeLines`. `nameOf` names an experiment by its number. */
export function* lines(
  baseline: string,
  nameOf = (experiment: number) => `exp-${experiment}`,
): Iterable<WrittenLine> {
  for (let experiment = 0; experiment < experiments; experiment += 1) {
    const name = nameOf(experiment);
    yield {
      ref: experimentRef(baseline, name),
      from: baseline,
      commits: Array.from({ length: checkpointsEach }, (_, index) => {
        const metrics = { loss: 1 / (index + 1), accuracy: index / checkpointsEach, seed: experiment };
        const params = { lr: experiment / 1000 };
        return {
          message: checkpointMessage({
            experiment: name,
            sequence: index + 1,
            createdAt: 1_767_000_000_000 + experiment * 100_000 + index * 1000,
            values: {
              metrics: { "metrics.json": metrics },
              params: { "params.yaml": params },
              outs: [output("model.json", experiment * 1000 + index), output("history.csv", index)],
            },
          }),
          time: 1_767_000_000 + experiment * 100 + index,
          files: { "metrics.json": JSON.stringify(metrics), "params.yaml": `lr: ${params.lr}\n` },
        };
      }),
    };
  }
}

function output(path: string, seed: number) {
  const hash = seed.toString(16).padStart(32, "0");
  return { path, hash, size: 50_000, fileCount: null, isExecutable: false, cached: true, legacy: false };
}
