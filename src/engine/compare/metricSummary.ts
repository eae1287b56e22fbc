import type { Checkpoint, Experiment } from "../model.ts";
import { inferGoal } from "../pipeline/goal.ts";
import { isBetter, type MetricGoal, metricValue } from "./best.ts";
import { inheritedCount } from "./lineage.ts";

/** A number that a metric had, and where. */
export interface Reading {
  readonly value: number;
  readonly checkpoint: Checkpoint;
}

/** How a metric went: at last in the newest experiment, and at its ends over all. */
export interface MetricSummary {
  /** `key` or `file:key`. */
  readonly metric: string;
  readonly goal: MetricGoal["goal"] | null;
  readonly last: Reading;
  readonly min: Reading;
  readonly max: Reading;
  /** `null` when nobody knows which way it gets better. */
  readonly best: Reading | null;
  /** The values along the newest experiment's line, oldest first. */
  readonly series: readonly number[];
}

/**
 * The summary of a metric over the checkpoints that `counts` chooses; `null` when none of them has it as a finite number.
 * `goal` says which way it gets better; `null` leaves that to its name.
 */
export function summarizeMetric(
  experiments: readonly Experiment[],
  metric: string,
  goal: MetricGoal["goal"] | null,
  counts: (checkpoint: Checkpoint) => boolean = () => true,
): MetricSummary | null {
  const direction = goal ?? inferGoal(metric.slice(metric.indexOf(":") + 1));
  const lines = experiments.map((experiment) => readLine(experiment, metric, counts));
  const readings = lines.flatMap(({ own }) => own);
  const last = first(readings, (a, b) => a.checkpoint.createdAt >= b.checkpoint.createdAt);
  const min = first(readings, (a, b) => a.value < b.value);
  const max = first(readings, (a, b) => a.value > b.value);
  if (last === null || min === null || max === null) return null;
  const best = direction && first(readings, (a, b) => isBetter(a.value, b.value, direction));
  const series = lines.find(({ own }) => own.includes(last))?.values ?? [];
  return { metric, goal: direction, last, min, max, best, series };
}

interface Line {
  /** Those of the experiment itself: what a fork shares with its origin is counted there. */
  readonly own: readonly Reading[];
  readonly values: readonly number[];
}

function readLine(experiment: Experiment, metric: string, counts: (checkpoint: Checkpoint) => boolean): Line {
  const inherited = inheritedCount(experiment);
  const own: Reading[] = [];
  const values: number[] = [];
  for (const [index, checkpoint] of experiment.checkpoints.entries()) {
    const value = counts(checkpoint) ? metricValue(checkpoint.metrics, metric) : null;
    if (value === null || !Number.isFinite(value)) continue;
    values.push(value);
    if (index >= inherited) own.push({ value, checkpoint });
  }
  return { own, values };
}

/** The reading that comes before all others, by an order. */
function first(readings: readonly Reading[], isBefore: (a: Reading, b: Reading) => boolean): Reading | null {
  let found: Reading | null = null;
  for (const reading of readings) if (found === null || isBefore(reading, found)) found = reading;
  return found;
}
