import type { Runs } from "./isolated/runs.ts";
import type { Experiment } from "./model.ts";
import type { Project } from "./project.ts";
import { failure, type Result } from "./result.ts";
import { isFinal } from "./run/record.ts";
import type { ExperimentIndex } from "./store/experimentIndex.ts";
import { bringBack, type RemovedExperiment, removeExperiments } from "./store/removal.ts";

/** What removing experiments works with. */
export interface RemovalServices {
  readonly project: Project;
  readonly experiments: ExperimentIndex;
  readonly runs: Runs;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Removes experiments, all or none. Fails with `run-active` when one of them runs, here or in another window. */
export async function removeIdle(
  { project, experiments, runs, now }: RemovalServices,
  chosen: readonly Experiment[],
): Promise<Result<readonly RemovedExperiment[]>> {
  await runs.look();
  const refs = new Set(chosen.map(({ ref }) => ref));
  const hasMoved = await concludeLeft(runs, new Set(chosen.map(({ name }) => name)));
  if (hasMoved) await experiments.refresh();
  const current = hasMoved ? experiments.experiments.filter(({ ref }) => refs.has(ref)) : chosen;
  const active = new Set(
    runs.runs.filter(({ state }) => !isFinal(state)).map(({ experiment }) => experiment),
  );
  const running = current.find(({ name }) => active.has(name));
  if (running !== undefined) {
    return failure("run-active", `${running.name} is running, so nothing was removed. Stop it first.`);
  }
  const removed = await removeExperiments(project, current, now());
  if (removed.ok) await experiments.refresh();
  return removed;
}

/**
 * Brings runs to their ends whose every process is dead, with all that they recorded: nobody could stop them. One that
 * would go on with another stage is left to whoever wants that. Says whether there were any.
 */
async function concludeLeft(runs: Runs, names: ReadonlySet<string>): Promise<boolean> {
  const dead = runs.runs.filter(
    ({ experiment, left, stages }) =>
      names.has(experiment) &&
      (left === "lost" || left === "failed") &&
      stages.some(({ state, launches }) => state === "running" && launches.length > 0),
  );
  if (dead.length === 0) return false;
  await runs.adopt();
  await Promise.all(dead.map(({ id }) => runs.whenEnded(id)));
  return true;
}

/** Brings removed experiments back, all or none. */
export async function bringBackRemoved(
  { project, experiments }: Pick<RemovalServices, "project" | "experiments">,
  removed: readonly RemovedExperiment[],
): Promise<Result<readonly RemovedExperiment[]>> {
  const back = await bringBack(project, removed);
  if (back.ok) await experiments.refresh();
  return back;
}
