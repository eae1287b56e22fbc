import { median } from "./median.ts";

/** A step that is known to have been reached at a time, in milliseconds since the epoch. */
export interface StepTime {
  readonly step: number;
  readonly time: number;
}

/** Newest steps that count: training may get slower or faster, and the first step is often an odd one. */
const window = 20;

/**
 * Milliseconds until `total` is reached, from the times of one run's steps, oldest first. The median of the last paces
 * decides, so that a pause or a slow save does not. What has passed since the last step counts as done, up to the time
 * that the next checkpoint was due. `null` when nobody can tell yet: fewer than two steps, or no total.
 */
export function estimateRemaining(
  steps: readonly StepTime[],
  total: number | null,
  now: number,
): number | null {
  if (total === null) return null;
  const recent = steps.slice(-window - 1);
  const last = recent.at(-1);
  if (last === undefined) return null;
  if (last.step >= total) return 0;
  const intervals: { readonly pace: number; readonly duration: number }[] = [];
  for (const [index, step] of recent.slice(1).entries()) {
    const before = recent[index];
    if (before === undefined) continue;
    const [advance, duration] = [step.step - before.step, step.time - before.time];
    // A clock that went back, or a step that was done twice, says nothing about the pace.
    if (advance > 0 && duration > 0) intervals.push({ pace: duration / advance, duration });
  }
  if (intervals.length === 0) return null;
  const pace = median(intervals.map((interval) => interval.pace)) ?? 0;
  const due = median(intervals.map((interval) => interval.duration)) ?? 0;
  const passed = Math.min(Math.max(0, now - last.time), due);
  return Math.max(0, (total - last.step) * pace - passed);
}
