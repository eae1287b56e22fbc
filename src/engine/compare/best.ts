import type { Checkpoint, Experiment, ValuesByFile } from "../model.ts";
import { type Goal, inferGoal } from "../pipeline/goal.ts";
import type { Stage } from "../pipeline/stage.ts";
import { flatten, numberOf } from "./values.ts";

/** A metric and the way in which it gets better. `key` is a dotted key, with or without a file before it. */
export interface MetricGoal {
  readonly key: string;
  readonly goal: Goal;
}

/** The best checkpoint of an experiment, and by what it is that. */
export interface BestCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly metric: MetricGoal;
  readonly value: number;
}

/**
 * The metric to judge by: the one that is set, else the most telling of those that are there. Held-out metrics
 * (`val`, `test`, …) come before those of the training data, whose loss falls while the model gets worse.
 */
export function decidingMetric(
  checkpoints: readonly Checkpoint[],
  setting: MetricGoal | null,
): MetricGoal | null {
  if (setting !== null) return setting;
  const counts = new Map<string, number>();
  for (const checkpoint of checkpoints) {
    for (const { file, key, value } of flatten(checkpoint.metrics)) {
      if (numberOf(value) === null) continue;
      const metric = `${file}:${key}`;
      counts.set(metric, (counts.get(metric) ?? 0) + 1);
    }
  }
  let chosen: { metric: MetricGoal; rank: number } | null = null;
  for (const [metric, count] of counts) {
    const key = metric.slice(metric.indexOf(":") + 1);
    const goal = inferGoal(key);
    if (goal === null) continue;
    const rank = tellingRank(key, goal) + count / (checkpoints.length + 1);
    if (chosen === null || rank > chosen.rank) chosen = { metric: { key: metric, goal }, rank };
  }
  return chosen?.metric ?? null;
}

/** Whether a metric is of the work, such as its duration, and not of what came of it. */
export function isCost(key: string): boolean {
  return hasWord(key, "time|duration|seconds|ms|memory|latency|throughput");
}

function hasWord(key: string, words: string): boolean {
  return new RegExp(`(^|[^a-z])(${words})([^a-z]|$)`, "i").test(key);
}

/** How much a metric of this name tells about the quality of a model; more is better. */
function tellingRank(key: string, goal: Goal): number {
  let rank = isCost(key) ? 0 : 1000;
  if (hasWord(key, "val|valid|validation|test|eval|dev|heldout|held_out")) rank += 200;
  else if (!hasWord(key, "train|training")) rank += 100;
  return rank + (goal === "maximize" ? 50 : 0);
}

/** The metric that `dvc.yaml` sets for an experiment: that of the last stage in its line for which one is set. */
export function settingOf(
  experiment: Experiment,
  stages: readonly Pick<Stage, "address" | "settings">[],
): MetricGoal | null {
  const metrics = new Map(stages.map(({ address, settings }) => [address, settings.metric]));
  for (const { stage } of experiment.checkpoints.toReversed()) {
    const metric = stage === null ? null : metrics.get(stage);
    if (metric) return metric;
  }
  return null;
}

/** Tells which way metrics get better: as a stage says in its settings, else as their names tell. */
export function goalsOfStages(
  stages: readonly Pick<Stage, "settings">[],
): (file: string, key: string) => Goal | null {
  const said = stages.flatMap(({ settings }) => (settings.metric === null ? [] : [settings.metric]));
  return (file, key) =>
    said.find((metric) => metric.key === key || metric.key === `${file}:${key}`)?.goal ?? inferGoal(key);
}

/** The value of a metric, by `key` or `file:key`; without a file the first that has it. `null` when there is none. */
export function metricValue(metrics: ValuesByFile, metric: string): number | null {
  for (const { file, key, value } of flatten(metrics)) {
    if (metric === key || metric === `${file}:${key}`) {
      const number = numberOf(value);
      if (number !== null) return number;
    }
  }
  return null;
}

/** Whether a value is better than another one. NaN is worse than anything. */
export function isBetter(value: number, than: number, goal: Goal): boolean {
  if (Number.isNaN(value)) return false;
  if (Number.isNaN(than)) return true;
  return goal === "maximize" ? value > than : value < than;
}

/** The best checkpoint by the metric that is set or told by the names; the earliest of equals. `null`: none has it. */
export function bestCheckpoint(experiment: Experiment, setting: MetricGoal | null): BestCheckpoint | null {
  const metric = decidingMetric(experiment.checkpoints, setting);
  if (metric === null) return null;
  let best: BestCheckpoint | null = null;
  for (const checkpoint of experiment.checkpoints) {
    const value = metricValue(checkpoint.metrics, metric.key);
    if (value === null || Number.isNaN(value)) continue;
    if (best === null || isBetter(value, best.value, metric.goal)) best = { checkpoint, metric, value };
  }
  return best;
}
