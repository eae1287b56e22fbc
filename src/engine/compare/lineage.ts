import type { Checkpoint, Experiment } from "../model.ts";

/** How many of its first checkpoints an experiment shares with the line that it was forked from. */
export function inheritedCount(experiment: Experiment): number {
  const origin = experiment.resumedFrom;
  return origin === null ? 0 : experiment.checkpoints.findIndex(({ sha }) => sha === origin.sha) + 1;
}

/** The checkpoints that an experiment recorded itself, oldest first. */
export function ownCheckpoints(experiment: Experiment): readonly Checkpoint[] {
  return experiment.checkpoints.slice(inheritedCount(experiment));
}
