import type { Goal } from "../pipeline/goal.ts";
import { median } from "./median.ts";

/** One value of a metric at a place on the axis that both sides share: a step, or a place in the line. */
export interface SeriesPoint {
  readonly x: number;
  /** May be NaN or infinite, as training writes it. */
  readonly value: number;
}

/** How a metric goes on after a resume, fork or rewind. */
export interface Seam {
  /**
   * `worse`, `better` and `different` (nobody knows which way is good) are jumps that the parent's own ups and downs
   * don't explain.
   */
  readonly verdict: "continuous" | "worse" | "better" | "different";
  /** What the parent had at the same place, or was about to have. */
  readonly expected: number;
  /** The first value after the seam. */
  readonly actual: number;
  /** `(actual − expected) / |expected|`; `null` where that says nothing: near zero, NaN, infinite. */
  readonly change: number | null;
  /** How many times the tolerance the value is off: above 1 it is a jump. */
  readonly excess: number;
}

/** Values of the parent before the seam that count: older ones are of another phase of training. */
const recent = 20;
/** Fewer differences between neighbours don't tell how a metric varies by itself. */
const fewestChanges = 3;
/** Typical distances between checkpoints over which the parent's course can be thought on. */
const farthest = 4;
/** A smaller change than this part of the value is no news, however smooth the parent is. */
const smallestChange = 0.05;

/**
 * Holds the first value after a resume against its parent: against the value that the parent itself had at the same
 * place, where it went on, and against the course that it was on. The tolerance comes from the parent's own variation,
 * and is wide where that is known from few values: an alarm on a noisy curve is worse than none. `null` when nobody can
 * tell: too few values, none that are finite, or places too far apart.
 *
 * @param parent of the line up to the seam and, where it went on without the child, beyond; in any order
 * @param child of what was recorded after the seam, in the order of recording
 * @param seam the place where the child begins, inclusive for the parent
 */
export function checkSeam(
  parent: readonly SeriesPoint[],
  child: readonly SeriesPoint[],
  seam: number,
  goal: Goal | null,
): Seam | null {
  const [first] = child;
  if (first === undefined) return null;
  const known = parent.filter(({ value }) => Number.isFinite(value)).toSorted((a, b) => a.x - b.x);
  const before = known.filter(({ x }) => x <= seam).slice(-recent);
  const last = before.at(-1);
  if (last === undefined || before.length <= fewestChanges) return null;
  // A parent that was broken already has nothing to be held against.
  if (parent.some(({ x, value }) => x > last.x && x <= seam && !Number.isFinite(value))) return null;
  const course = courseOf(before);
  const same = valueAt(known, first.x);
  const gap = (first.x - last.x) / course.spacing;
  if (same === null && (gap > farthest || gap <= 0)) return null;
  const extrapolated = last.value + course.slope * Math.max(0, first.x - last.x);
  const expected = same ?? extrapolated;
  if (!Number.isFinite(first.value)) return brokenSeam(first.value, expected, goal);
  // Anything between where the parent was, where it was heading, and where it went is no jump.
  const places = [last.value, extrapolated, expected];
  const [above, below] = [first.value - Math.max(...places), Math.min(...places) - first.value];
  const outside = Math.max(above, below, 0);
  const tolerance = Math.max(
    (above > 0 ? course.rise : course.fall) * Math.sqrt(Math.max(1, gap)),
    smallestChange * Math.max(Math.abs(expected), spread(before) / 2),
    Number.MIN_VALUE,
  );
  const excess = outside / tolerance;
  const scale = Math.abs(expected);
  const change = first.value - expected;
  return {
    verdict: excess <= 1 ? "continuous" : verdictOf(change, goal),
    expected,
    actual: first.value,
    // Where a metric crosses zero, a percentage of it is as large as one likes.
    change: scale > 0 && scale >= spread(before) / 100 ? change / scale : null,
    excess,
  };
}

interface Course {
  /** Typical distance between neighbours. */
  readonly spacing: number;
  /** Change per unit of the axis, of late. */
  readonly slope: number;
  /** How far the next value may be above, and below, by the parent's own variation. */
  readonly rise: number;
  readonly fall: number;
}

/** How many of the last changes tell the pace: training slows down, and its first steps say nothing about its last. */
const pace = 5;

/**
 * Medians, so that single outliers decide nothing, and the largest rise and fall of late, so that noise is no jump. The
 * steep fall of a loss at the start does not excuse a rise later.
 */
function courseOf(points: readonly SeriesPoint[]): Course {
  const steps = points.slice(1).flatMap((point, index) => {
    const before = points[index];
    const distance = before === undefined ? 0 : point.x - before.x;
    return before === undefined || distance <= 0 ? [] : [{ distance, change: point.value - before.value }];
  });
  const spacing = median(steps.map(({ distance }) => distance)) ?? 1;
  const late = steps.slice(-pace);
  const slope = median(late.map(({ distance, change }) => change / distance)) ?? 0;
  const usual = median(late.map(({ change }) => Math.abs(change))) ?? 0;
  // With few values the largest of them says less about the next one.
  const count = Math.max(1, steps.length);
  const usualWidth = 2.5 + 12 / count ** 2;
  const width = 2 + 12 / count;
  const largest = (sign: 1 | -1) =>
    Math.max(usualWidth * usual, ...steps.map(({ change }) => sign * change * width));
  return { spacing, slope, rise: largest(1), fall: largest(-1) };
}

/** The value at a place, between two neighbours on the straight line; `null` outside of the series. */
function valueAt(points: readonly SeriesPoint[], x: number): number | null {
  const after = points.find((point) => point.x >= x);
  if (after === undefined) return null;
  if (after.x === x) return points.findLast((point) => point.x === x)?.value ?? null;
  const before = points.findLast((point) => point.x < x);
  if (before === undefined) return null;
  return before.value + ((after.value - before.value) * (x - before.x)) / (after.x - before.x);
}

function spread(points: readonly SeriesPoint[]): number {
  const values = points.map(({ value }) => value);
  return Math.max(...values) - Math.min(...values);
}

function brokenSeam(actual: number, expected: number, goal: Goal | null): Seam {
  const verdict = Number.isNaN(actual) ? "worse" : verdictOf(actual, goal);
  return { verdict, expected, actual, change: null, excess: Number.POSITIVE_INFINITY };
}

function verdictOf(change: number, goal: Goal | null): "worse" | "better" | "different" {
  if (goal === null) return "different";
  return change > 0 === (goal === "maximize") ? "better" : "worse";
}
