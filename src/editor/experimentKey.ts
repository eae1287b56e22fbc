import type { Engine } from "../engine/engine.ts";
import type { Experiment } from "../engine/model.ts";

/**
 * How commands name an experiment: by its name; by its ref when a newer one of another baseline has the same name,
 * as repositories that DVC wrote may have it. `all` is newest first.
 */
export function experimentKey(all: readonly Experiment[], experiment: Experiment): string {
  const newest = all.find(({ name }) => name === experiment.name);
  return newest === undefined || newest.ref === experiment.ref ? experiment.name : experiment.ref;
}

/** The experiment of a name or a ref. */
export function findExperiment(engine: Engine, key: string): Experiment | undefined {
  const all = engine.experiments.experiments;
  return all.find(({ name }) => name === key) ?? all.find(({ ref }) => ref === key);
}
