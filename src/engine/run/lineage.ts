import { inheritedCount } from "../compare/lineage.ts";
import { experimentNameProblem, newExperimentName, numberedName } from "../compare/names.ts";
import type { Experiment, Origin } from "../model.ts";
import { failure, type Result, success } from "../result.ts";
import type { ContinuedRequest, FreshRequest, RunRequest } from "./request.ts";
import type { Verb } from "./run.ts";

/** Where the checkpoints of a run will be attached. */
export interface Lineage {
  /** What really happens; a resume of a tip that several experiments share becomes a fork. */
  readonly verb: Verb;
  readonly experiment: string;
  readonly baseline: string;
  /** First parent of the run's first checkpoint: a checkpoint, or the baseline. */
  readonly parent: string;
  /** Last sequence number used before it. */
  readonly sequence: number;
  readonly origin: Origin | null;
  /** What a rewind cuts off, and the name under which it is kept. */
  readonly tail: { readonly name: string; readonly tip: string } | null;
}

/** A fresh run begins a new experiment at the current commit. `random` returns numbers from 0 up to 1. */
export function planFreshLineage(
  request: FreshRequest,
  experiments: readonly Experiment[],
  head: string,
  random: () => number,
): Result<Lineage> {
  const name = chooseName(request.name, among(experiments), random);
  if (!name.ok) return name;
  return success({
    verb: "run",
    experiment: name.value,
    baseline: head,
    parent: head,
    sequence: 0,
    origin: null,
    tail: null,
  });
}

/** Where a resume, fork or rewind goes on; or why it can't, with the verb that can. */
export function planContinuedLineage(
  request: ContinuedRequest,
  experiments: readonly Experiment[],
  random: () => number,
): Result<Lineage> {
  const { checkpoint } = request;
  const line = experiments.find(
    (experiment) =>
      experiment.name === checkpoint.experiment &&
      experiment.checkpoints.some((other) => other.sha === checkpoint.sha),
  );
  const tip = line?.checkpoints.at(-1);
  if (line === undefined || tip === undefined) {
    return failure(
      "checkpoint-missing",
      `Checkpoint ${checkpoint.experiment}@${checkpoint.sequence} is not in the store any more. Refresh, and pick another one.`,
    );
  }
  const isInherited = line.checkpoints.findIndex(({ sha }) => sha === checkpoint.sha) < inheritedCount(line);
  const origin: Origin = {
    // A line that goes on from what it inherited does not come from itself.
    experiment: (isInherited ? line.resumedFrom?.experiment : null) ?? line.name,
    sequence: checkpoint.sequence,
    sha: checkpoint.sha,
  };
  const common = { baseline: line.baseline, parent: checkpoint.sha, sequence: checkpoint.sequence, origin };
  const isTip = tip.sha === checkpoint.sha;

  if (request.verb === "resume" && !isTip) {
    return failure(
      "not-the-last",
      `${line.name}@${checkpoint.sequence} is not the last checkpoint of ${line.name}. ` +
        `Fork it to begin a new experiment there, or rewind ${line.name} to it.`,
    );
  }
  const isShared = experiments.some(
    (other) => other.ref !== line.ref && other.checkpoints.at(-1)?.sha === tip.sha,
  );
  if (request.verb === "fork" || (request.verb === "resume" && isShared)) {
    const name = chooseName(request.name, among(experiments), random);
    if (!name.ok) return name;
    return success({ ...common, verb: "fork", experiment: name.value, tail: null });
  }
  const tail = isTip ? null : { name: tailName(line.name, experiments), tip: tip.sha };
  return success({ ...common, verb: request.verb, experiment: line.name, tail });
}

/** The first free one of `NAME-tail-1`, `NAME-tail-2`, …. */
function tailName(name: string, experiments: readonly Experiment[]): string {
  const taken = new Set(experiments.map((experiment) => experiment.name));
  for (let number = 1; ; number++) {
    const candidate = `${name}-tail-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** The name of the experiment that a request is about: a new one's, chosen at random if need be, or that of its checkpoint. */
export function nameFor(
  request: RunRequest,
  isTaken: (name: string) => boolean,
  random: () => number,
): Result<string> {
  if (request.verb === "run" || request.verb === "fork") return chooseName(request.name, isTaken, random);
  return success(request.checkpoint.experiment);
}

function among(experiments: readonly Experiment[]): (name: string) => boolean {
  return (name) => experiments.some((experiment) => experiment.name === name);
}

/**
 * The name of a new experiment: the wanted one, or one at random (`random` returns numbers from 0 up to 1). Fails with
 * `bad-name` or `name-taken`.
 */
function chooseName(
  wanted: string | undefined,
  isTaken: (name: string) => boolean,
  random: () => number,
): Result<string> {
  if (wanted === undefined) return success(newExperimentName(isTaken, random));
  const problem = experimentNameProblem(wanted);
  if (problem !== null) return failure("bad-name", `"${wanted}" can't be an experiment's name. ${problem}`);
  if (isTaken(wanted)) {
    const free = numberedName(wanted, isTaken);
    return failure(
      "name-taken",
      `There is an experiment ${wanted} already. Choose another name, such as ${free}.`,
    );
  }
  return success(wanted);
}
