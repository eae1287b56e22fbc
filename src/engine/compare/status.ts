import type { Checkpoint, Experiment, ExperimentStatus } from "../model.ts";
import type { Run } from "../run/run.ts";

/**
 * How an experiment stands: by its newest run that is known, else by what was noted at its last checkpoint when the run
 * ended. One that came from elsewhere, or has gone on there, without its notes is just `recorded`: nothing is known of
 * how it ended there.
 */
export function experimentStatus(experiment: Experiment, runs: readonly Run[]): ExperimentStatus {
  const newest = runs
    .filter((run) => run.experiment === experiment.name && run.baseline === experiment.baseline)
    .reduce<Run | null>((a, b) => (a === null || b.startedAt >= a.startedAt ? b : a), null);
  const last = experiment.checkpoints.at(-1);
  const noted = last?.annotations.end;
  if (newest !== null && !hasGoneOn(newest, last)) {
    if (newest.left !== undefined) return newest.left;
    if (newest.state === "starting" || newest.state === "running") return "running";
    if (newest.state !== "queued") return newest.state;
  }
  return noted?.state ?? "recorded";
}

/** Whether a checkpoint is of another run after the end of this one: another machine has gone on with the experiment. */
function hasGoneOn({ id, end }: Run, last: Checkpoint | undefined): boolean {
  return end !== null && last !== undefined && last.run !== id && last.createdAt > end.at;
}
