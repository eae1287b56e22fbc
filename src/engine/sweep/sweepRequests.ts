import { newExperimentName } from "../compare/names.ts";
import { failure, type Result, success } from "../result.ts";
import type { ParamChange, RunRequest } from "../run/request.ts";
import { sweepNames } from "./names.ts";

/** A stock of names: those in use, and numbers from 0 up to 1 to choose a new one by. */
export interface NameStock {
  isTaken(name: string): boolean;
  random(): number;
}

/**
 * One request for each run of a sweep, each a new experiment with a name of its own: that of the `request` as its first
 * part, else one that is chosen. Reasons: `usage`, as one experiment can't go on with several values at once.
 */
export function sweepRequests(
  request: RunRequest,
  runs: readonly (readonly ParamChange[])[],
  names: NameStock,
): Result<readonly RunRequest[]> {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return success([{ ...request, set: only }]);
  if (request.verb === "resume" || request.verb === "rewind") {
    return failure(
      "usage",
      `${request.checkpoint.experiment} can go on with one value of each parameter only. Fork it to try several: ` +
        "each run becomes an experiment of its own.",
    );
  }
  const base = request.name ?? newExperimentName((name) => names.isTaken(name), names.random);
  const given = sweepNames(base, runs, (name) => names.isTaken(name));
  return success(runs.map((set, index) => ({ ...request, set, name: given[index] ?? base })));
}
