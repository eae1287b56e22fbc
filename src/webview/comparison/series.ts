import type { LineSeam, MetricLine } from "../protocol.ts";
import type { Axis } from "./choices.ts";

/** One metric of one line, in ascending order of x, with only the points that have a value. */
export interface Curve {
  readonly line: MetricLine;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Checkpoint of each point. */
  readonly sequences: readonly number[];
  /** How many of the first points are inherited. */
  readonly inherited: number;
  /** What is told of the metric where training was resumed, by the checkpoint after it. */
  readonly seams: ReadonlyMap<number, LineSeam>;
}

/** A metric that occurs in a line. */
export interface MetricName {
  readonly file: string;
  readonly key: string;
}

/** All metrics of the lines, in order of first occurrence. */
export function metricNames(lines: readonly MetricLine[]): readonly MetricName[] {
  const names = new Map<string, MetricName>();
  for (const line of lines) {
    for (const [file, columns] of Object.entries(line.metrics)) {
      for (const key of Object.keys(columns)) names.set(JSON.stringify([file, key]), { file, key });
    }
  }
  return [...names.values()];
}

/**
 * The curve of a metric over an axis. Where two points share an x (a step that was trained again) the later counts.
 * Lines without steps are drawn over the sequence of their checkpoints; in others, the end of a stage that has no step
 * of its own stands at the step before it, where it takes no other point's place.
 */
export function curveOf(line: MetricLine, metric: MetricName, axis: Axis, showInherited: boolean): Curve {
  const values = line.metrics[metric.file]?.[metric.key] ?? [];
  const places = placesOf(line, axis);
  const points = new Map<number, { readonly x: number; readonly y: number; readonly index: number }>();
  values.forEach((y, index) => {
    const { x, isBorrowed } = places[index] ?? { x: null, isBorrowed: false };
    if (y === null || x === null || (!showInherited && index < line.inherited)) return;
    if (!isBorrowed || !points.has(x)) points.set(x, { x, y, index });
  });
  const sorted = [...points.values()].sort((left, right) => left.x - right.x);
  return {
    line,
    x: sorted.map((point) => point.x),
    y: sorted.map((point) => point.y),
    sequences: sorted.map((point) => line.sequences[point.index] ?? 0),
    inherited: sorted.filter((point) => point.index < line.inherited).length,
    seams: new Map(
      line.seams
        .filter(({ file, key }) => file === metric.file && key === metric.key)
        .map((seam) => [seam.sequence, seam]),
    ),
  };
}

/** Whether a line is drawn over its steps; otherwise it is over the sequence of its checkpoints. */
export function hasSteps(line: MetricLine): boolean {
  return line.steps.some((step) => step !== null);
}

interface Place {
  readonly x: number | null;
  /** The step is that of an earlier checkpoint. */
  readonly isBorrowed: boolean;
}

function placesOf(line: MetricLine, axis: Axis): readonly Place[] {
  const own = (x: number): Place => ({ x, isBorrowed: false });
  if (axis === "time") return line.times.map((time) => own(time / 1000));
  if (axis === "elapsed") return line.elapsed.map((elapsed) => own(elapsed / 1000));
  if (!hasSteps(line)) return line.sequences.map(own);
  let latest: number | null = null;
  return line.steps.map((step) => {
    if (step === null) return { x: latest, isBorrowed: true };
    latest = step;
    return own(step);
  });
}

/**
 * Exponential moving average that does not lag at the start (each weight is corrected by the sum of the weights so far).
 * @param weight of the past, from 0 (no smoothing) to below 1
 */
export function smooth(values: readonly number[], weight: number): readonly number[] {
  let average = 0;
  let total = 0;
  return values.map((value) => {
    average = weight * average + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return average / total;
  });
}

/**
 * Leaves out points that would fall on the same pixels. Of each bucket the smallest and the largest value stay, so that
 * no spike is lost; the first and last point always stay.
 * @returns the indices to keep, ascending
 */
export function keptIndices(values: readonly number[], limit: number): readonly number[] {
  const { length } = values;
  if (length <= limit) return values.map((_, index) => index);
  const kept = new Set([0, length - 1]);
  const buckets = Math.max(1, Math.floor(limit / 2));
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const end = Math.floor(((bucket + 1) * length) / buckets);
    let smallest = Math.floor((bucket * length) / buckets);
    let largest = smallest;
    for (let index = smallest + 1; index < end; index += 1) {
      if (at(values, index) < at(values, smallest)) smallest = index;
      if (at(values, index) > at(values, largest)) largest = index;
    }
    kept.add(smallest).add(largest);
  }
  return [...kept].sort((left, right) => left - right);
}

/** The points of curves on one common x axis, with `null` where a curve has none, as the chart library wants them. */
export function align(curves: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[]): {
  readonly x: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
} {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((left, right) => left - right);
  const positions = new Map(x.map((value, index) => [value, index]));
  const columns = curves.map((curve) => {
    const column = new Array<number | null>(x.length).fill(null);
    curve.x.forEach((value, index) => {
      column[positions.get(value) ?? 0] = at(curve.y, index);
    });
    return column;
  });
  return { x, columns };
}

/** Index of the point of ascending `x` that is nearest to a position; -1 when there is none. */
export function nearestIndex(x: readonly number[], position: number): number {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(x, middle) < position) low = middle + 1;
    else high = middle;
  }
  const isBeforeNearer = low > 0 && position - at(x, low - 1) <= at(x, low) - position;
  return x.length === 0 ? -1 : isBeforeNearer ? low - 1 : low;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
