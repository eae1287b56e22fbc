import type { DvcEnvironment } from "../test/support/dvcEnvironment.ts";

/** What a module of this folder exports as `benchmark`. It runs in a process of its own, with `gc` exposed. */
export interface Benchmark {
  readonly name: string;
  run(context: BenchmarkContext): Promise<readonly Figure[]>;
}

export interface BenchmarkContext {
  /** The real DVC to compare with; `null`, and that is said, when it can't be had on this machine. */
  dvc(release: "3" | "2.58.2"): Promise<DvcEnvironment | null>;
  /** A line about what goes on. */
  say(text: string): void;
}

/** Something that was measured, once or several times. */
export interface Figure {
  readonly name: string;
  readonly unit: "ms" | "ratio" | "MB";
  readonly values: readonly number[];
  /** The largest values that are wanted; none for a figure to compare with. */
  readonly bars: { readonly [statistic in Statistic]?: number };
}

export type Statistic = "median" | "p95" | "max";

const statistics: { readonly [name in Statistic]: number } = { median: 0.5, p95: 0.95, max: 1 };

/** One number for several values. */
export function statistic(name: Statistic, values: readonly number[]): number {
  return quantile(values, statistics[name]);
}

/** The middle value; the mean of the middle two. */
export function median(values: readonly number[]): number {
  return statistic("median", values);
}

/** The value below which a part (0 to 1) of the values lies, interpolated between neighbours. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (low === undefined || high === undefined) throw new Error("No values were measured");
  return low + (high - low) * (position - Math.floor(position));
}

/** Of each measurement to the one beside it. */
export function ratios(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  return ours.map((value, index) => value / (theirs[index] ?? Number.NaN));
}

/** Milliseconds that a piece of work takes. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
