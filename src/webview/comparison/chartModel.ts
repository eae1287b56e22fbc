import type { Goal } from "../protocol.ts";
import { align, type Curve, keptIndices, nearestIndex, smooth } from "./series.ts";

/** All that one chart shows. */
export interface ChartModel {
  readonly file: string;
  readonly key: string;
  readonly goal: Goal | null;
  readonly curves: readonly Curve[];
}

/** What is drawn of a curve: all of it faintly under its smoothed form, its inherited part, or its own part. */
export interface ChartSeries {
  readonly curve: Curve;
  readonly part: "faint" | "inherited" | "own";
  readonly points: number;
}

export interface ChartData {
  readonly series: readonly ChartSeries[];
  readonly x: readonly number[];
  /** One for each series. */
  readonly columns: readonly (readonly (number | null)[])[];
  /** Values that a logarithmic axis cannot show. */
  readonly dropped: number;
}

export interface ChartChoice {
  readonly smoothing: number;
  readonly logarithmic: boolean;
  /** The part of the x axis that is in view; `null` for all. */
  readonly range: readonly [from: number, to: number] | null;
}

/** Points that all curves of a chart have together at most: more than its pixels, few enough to be drawn in a frame. */
const pointBudget = 24_000;

/** What to draw for curves. Smoothing sees all points; thinning to what the screen can show comes after it. */
export function chartData(curves: readonly Curve[], choice: ChartChoice): ChartData {
  const limit = Math.max(200, Math.floor(pointBudget / Math.max(1, curves.length)));
  const parts: { series: ChartSeries; x: readonly number[]; y: readonly number[] }[] = [];
  let dropped = 0;
  for (const curve of curves) {
    const smoothed = choice.smoothing > 0 ? smooth(curve.y, choice.smoothing) : curve.y;
    const [from, to] = rangeIndices(curve.x, choice.range);
    const kept = keptIndices(curve.y.slice(from, to), limit).map((index) => index + from);
    const add = (part: ChartSeries["part"], y: readonly number[], indices: readonly number[]) => {
      const drawable = indices.filter((index) => !choice.logarithmic || pick(y, index) > 0);
      if (part !== "faint") dropped += indices.length - drawable.length;
      parts.push({
        series: { curve, part, points: drawable.length },
        x: drawable.map((index) => pick(curve.x, index)),
        y: drawable.map((index) => pick(y, index)),
      });
    };
    if (choice.smoothing > 0) add("faint", curve.y, kept);
    // The own part starts at the point that it branched off from, so that the line is joined.
    const fork = curve.inherited;
    if (fork > 0)
      add(
        "inherited",
        smoothed,
        kept.filter((index) => index < fork),
      );
    add(
      "own",
      smoothed,
      kept.filter((index) => index >= fork - 1),
    );
  }
  return { series: parts.map((part) => part.series), ...align(parts), dropped };
}

/** What a curve says at a position. */
export interface Reading {
  readonly curve: Curve;
  /** Index in the curve. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
  /** Whether the curve has a point just there. */
  readonly isExact: boolean;
}

/** The value of each curve nearest to a position, best first; without a direction the largest first. */
export function readAt(curves: readonly Curve[], position: number, goal: Goal | null): readonly Reading[] {
  const readings = curves.flatMap((curve) => {
    const index = nearestIndex(curve.x, position);
    if (index === -1) return [];
    const x = pick(curve.x, index);
    return [{ curve, index, x, y: pick(curve.y, index), isExact: x === position }];
  });
  return readings.sort((left, right) => (goal === "minimize" ? left.y - right.y : right.y - left.y));
}

/** The best point of all curves; without a direction there is none. */
export function bestReading(curves: readonly Curve[], goal: Goal | null): Reading | null {
  let best: Reading | null = null;
  if (goal === null) return null;
  for (const curve of curves) {
    curve.y.forEach((y, index) => {
      const isBetter = best === null || (goal === "maximize" ? y > best.y : y < best.y);
      if (isBetter) best = { curve, index, x: pick(curve.x, index), y, isExact: true };
    });
  }
  return best;
}

/** The points in view, and one on each side, so that lines go on to the edges. */
function rangeIndices(
  x: readonly number[],
  range: ChartChoice["range"],
): readonly [from: number, to: number] {
  if (range === null) return [0, x.length];
  const first = x.findIndex((value) => value >= range[0]);
  if (first === -1) return [Math.max(0, x.length - 1), x.length];
  const after = x.findIndex((value) => value > range[1]);
  return [Math.max(0, first - 1), after === -1 ? x.length : after + 1];
}

function pick(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
