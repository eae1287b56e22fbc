import type { PipelineProgress } from "../model.ts";

/** Reads how far a run was from what a checkpoint's message says. `null` when that makes no sense. */
export function parseProgress(value: unknown): PipelineProgress | null {
  if (typeof value !== "object" || value === null) return null;
  const { completed, pending, iterations = {}, again = false } = value as Partial<PipelineProgress>;
  if (!isTexts(completed) || !isTexts(pending) || typeof iterations !== "object" || iterations === null)
    return null;
  const counts = Object.entries(iterations).filter(([, count]) => Number.isSafeInteger(count) && count > 0);
  return { completed, pending, iterations: Object.fromEntries(counts), again: again === true };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
