import type { Checkpoint, Experiment, Value } from "../model.ts";
import { isBetter, type MetricGoal, metricValue } from "./best.ts";
import { ownCheckpoints } from "./lineage.ts";
import type { Reading } from "./metricSummary.ts";
import { type FlatValue, flatten } from "./values.ts";

/** A value that a parameter had in some experiments. */
export interface TriedValue {
  readonly value: Value;
  /** Their names, in the order in which they are listed. */
  readonly experiments: readonly string[];
  readonly newest: Checkpoint;
  /** `null` when no checkpoint with this value has the metric. */
  readonly best: Reading | null;
}

/** All values that a parameter had, the one with the best metric first, those without the metric last. */
export interface ParamHistory {
  readonly file: string;
  readonly key: string;
  readonly metric: MetricGoal | null;
  readonly values: readonly TriedValue[];
}

/** The histories of all parameters, by {@link paramId}. */
export type ParamHistories = ReadonlyMap<string, ParamHistory>;

export function paramId(file: string, key: string): string {
  return `${file}:${key}`;
}

/** A stretch of an experiment in which no parameter changed. */
interface Segment {
  readonly params: readonly FlatValue[];
  readonly newest: Checkpoint;
  readonly best: Reading | null;
}

/** The metric by which most experiments are judged: values can be compared by one metric only. */
export function commonMetric(metrics: readonly (MetricGoal | null)[]): MetricGoal | null {
  const counts = new Map<string, { readonly metric: MetricGoal; count: number }>();
  for (const metric of metrics) {
    if (metric === null) continue;
    const entry = counts.get(metric.key) ?? { metric, count: 0 };
    entry.count += 1;
    counts.set(metric.key, entry);
  }
  let most: { readonly metric: MetricGoal; count: number } | null = null;
  for (const entry of counts.values()) if (most === null || entry.count > most.count) most = entry;
  return most?.metric ?? null;
}

/** A {@link TriedValue} that is being put together. */
interface GrowingValue {
  readonly value: Value;
  readonly experiments: string[];
  newest: Checkpoint;
  best: Reading | null;
}

/** What each parameter was tried with, over all experiments, judged by one metric. */
export function paramHistories(
  experiments: readonly Experiment[],
  metric: MetricGoal | null,
): ParamHistories {
  const params = new Map<
    string,
    { readonly file: string; readonly key: string; readonly tried: Map<Value, GrowingValue> }
  >();
  for (const experiment of experiments) {
    for (const segment of segmentsOf(experiment, metric)) {
      for (const { file, key, value } of segment.params) {
        const id = paramId(file, key);
        const param = params.get(id) ?? { file, key, tried: new Map() };
        params.set(id, param);
        // Lists are the same when they are written the same; the mark keeps them from texts that look so.
        const identity = typeof value === "object" ? `\0${JSON.stringify(value)}` : value;
        const known = param.tried.get(identity);
        if (known !== undefined) addSegment(known, experiment.name, segment, metric);
        else param.tried.set(identity, { value, experiments: [experiment.name], ...segmentReading(segment) });
      }
    }
  }
  const histories = new Map<string, ParamHistory>();
  for (const [id, { file, key, tried }] of params) {
    histories.set(id, { file, key, metric, values: sorted([...tried.values()], metric) });
  }
  return histories;
}

function addSegment(
  known: GrowingValue,
  experiment: string,
  segment: Segment,
  metric: MetricGoal | null,
): void {
  // Experiments come one after another.
  if (known.experiments.at(-1) !== experiment) known.experiments.push(experiment);
  if (segment.newest.createdAt > known.newest.createdAt) known.newest = segment.newest;
  known.best = better(known.best, segment.best, metric);
}

function segmentReading({ newest, best }: Segment): Pick<TriedValue, "newest" | "best"> {
  return { newest, best };
}

function better(one: Reading | null, other: Reading | null, metric: MetricGoal | null): Reading | null {
  if (one === null || other === null || metric === null) return one ?? other;
  return isBetter(other.value, one.value, metric.goal) ? other : one;
}

function sorted(values: readonly TriedValue[], metric: MetricGoal | null): readonly TriedValue[] {
  if (metric === null) return values;
  const rank = ({ best }: TriedValue) =>
    best === null ? Number.POSITIVE_INFINITY : metric.goal === "maximize" ? -best.value : best.value;
  return values.toSorted((a, b) => compare(rank(a), rank(b)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Experiments are replaced and never changed, so that a new checkpoint costs only its own experiment's work. */
const known = new WeakMap<Experiment, { readonly metric: string; readonly segments: readonly Segment[] }>();

function segmentsOf(experiment: Experiment, metric: MetricGoal | null): readonly Segment[] {
  const name = metric === null ? "" : `${metric.goal} ${metric.key}`;
  const cached = known.get(experiment);
  if (cached?.metric === name) return cached.segments;
  const segments = splitByParams(experiment, metric);
  known.set(experiment, { metric: name, segments });
  return segments;
}

function splitByParams(experiment: Experiment, metric: MetricGoal | null): readonly Segment[] {
  const segments: { params: readonly FlatValue[]; newest: Checkpoint; best: Reading | null }[] = [];
  let text: string | null = null;
  for (const checkpoint of ownCheckpoints(experiment)) {
    const next = JSON.stringify(checkpoint.params);
    const value = metric === null ? null : metricValue(checkpoint.metrics, metric.key);
    const reading = value === null || Number.isNaN(value) ? null : { value, checkpoint };
    const current = next === text ? segments.at(-1) : undefined;
    if (current === undefined) {
      segments.push({ params: flatten(checkpoint.params), newest: checkpoint, best: reading });
    } else {
      current.newest = checkpoint;
      current.best = better(current.best, reading, metric);
    }
    text = next;
  }
  return segments;
}
