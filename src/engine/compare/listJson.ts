import type {
  AnswerValue,
  Checkpoint,
  Experiment,
  ExperimentStatus,
  Origin,
  OutputRecord,
  Question,
  Value,
  ValuesByFile,
} from "../model.ts";
import { type BestCheckpoint, bestCheckpoint, type MetricGoal } from "./best.ts";

/** What `savepoint list --json` prints: version 1 of a form that others read. Times are ISO 8601 in UTC. */
export interface ListJson {
  readonly version: 1;
  readonly experiments: readonly ExperimentJson[];
}

export interface ExperimentJson {
  readonly name: string;
  readonly ref: string;
  readonly baseline: string;
  /** The commit under which it is listed: the baseline, or what Git surgery has left nearest to it. */
  readonly home: string;
  readonly status: ExperimentStatus;
  readonly stages: readonly string[];
  readonly createdAt: string;
  readonly resumedFrom: Origin | null;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly best: { readonly sha: string; readonly metric: string; readonly value: Value } | null;
  /** The newest is last. */
  readonly checkpoints: readonly CheckpointJson[];
}

export interface CheckpointJson {
  readonly sha: string;
  readonly parent: string;
  readonly sequence: number;
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  readonly kind: Checkpoint["kind"];
  readonly stage: string | null;
  readonly createdAt: string;
  readonly metrics: ValuesByFile;
  readonly params: ValuesByFile;
  readonly outs: readonly {
    readonly path: string;
    readonly hash: string;
    readonly size: number | null;
    readonly available: boolean;
  }[];
  readonly metadata: { readonly [key: string]: Value };
  /** What the code asked, and what was answered. */
  readonly question: Question | null;
  readonly answer: { readonly value: AnswerValue; readonly at: string; readonly by: string | null } | null;
  /** A problem that was seen while recording. */
  readonly warning: string | null;
  readonly note: string | null;
  readonly pinned: boolean;
  readonly thinned: boolean;
}

/** What the list says that experiments do not know by themselves. */
export interface ListContext {
  /** The commit under which experiments of a baseline are listed. */
  homeOf(baseline: string): string;
  statusOf(experiment: Experiment): ExperimentStatus;
  /** Whether the bytes of an output are on this machine. */
  isAvailable(output: OutputRecord): boolean;
  /** The metric that decides which checkpoint is the best; `null` lets the metrics' names decide. */
  metricOf(experiment: Experiment): MetricGoal | null;
}

/** The experiments as `savepoint list --json` has them, in the order given. */
export function listJson(experiments: readonly Experiment[], context: ListContext): ListJson {
  return { version: 1, experiments: experiments.map((experiment) => experimentJson(experiment, context)) };
}

/** One experiment, as in the list. */
function experimentJson(experiment: Experiment, context: ListContext): ExperimentJson {
  const { checkpoints } = experiment;
  return {
    name: experiment.name,
    ref: experiment.ref,
    baseline: experiment.baseline,
    home: context.homeOf(experiment.baseline),
    status: context.statusOf(experiment),
    stages: [...new Set(checkpoints.flatMap(({ stage }) => (stage === null ? [] : [stage])))],
    createdAt: isoTime(experiment.createdAt),
    resumedFrom: experiment.resumedFrom,
    tags: [...new Set(checkpoints.flatMap(({ annotations }) => annotations.tags))],
    starred: checkpoints.some(({ annotations }) => annotations.starred),
    best: bestJson(bestCheckpoint(experiment, context.metricOf(experiment))),
    checkpoints: checkpoints.map((checkpoint) => checkpointJson(checkpoint, context)),
  };
}

/** One checkpoint, as in the list. */
export function checkpointJson(
  checkpoint: Checkpoint,
  context: Pick<ListContext, "isAvailable">,
): CheckpointJson {
  const { annotations } = checkpoint;
  const { answer } = annotations;
  return {
    sha: checkpoint.sha,
    parent: checkpoint.parent,
    sequence: checkpoint.sequence,
    step: checkpoint.step,
    total: checkpoint.total,
    name: checkpoint.name,
    kind: checkpoint.kind,
    stage: checkpoint.stage,
    createdAt: isoTime(checkpoint.createdAt),
    metrics: checkpoint.metrics,
    params: checkpoint.params,
    outs: checkpoint.outs.map((output) => ({
      path: output.path,
      hash: output.hash,
      size: output.size,
      available: context.isAvailable(output),
    })),
    metadata: checkpoint.metadata,
    question: checkpoint.question,
    answer: answer && { value: answer.value, at: isoTime(answer.at), by: answer.by },
    warning: checkpoint.warning,
    note: annotations.note,
    pinned: annotations.pinned,
    thinned: annotations.thinned,
  };
}

function bestJson(best: BestCheckpoint | null): ExperimentJson["best"] {
  if (best === null) return null;
  // JSON has no word for infinity.
  const value = Number.isFinite(best.value) ? best.value : String(best.value);
  return { sha: best.checkpoint.sha, metric: best.metric.key, value };
}

/** A time as programs read it. */
export function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
