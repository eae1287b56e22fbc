import type { PipelineProgress } from "../model.ts";
import type { StageRecord } from "./record.ts";

/** How far a run is when one of its stages has ended: for good, to be run `again`, or as a failure. */
export function progressAtEnd(
  stages: readonly StageRecord[],
  ended: string,
  how: "done" | "again" | "failed",
): PipelineProgress {
  const isCompleted = ({ stage, state }: StageRecord) =>
    stage.address === ended ? how === "done" : state === "succeeded" || state === "skipped";
  const addresses = (some: readonly StageRecord[]) => some.map(({ stage }) => stage.address);
  const repeated = stages.filter(({ iteration }) => iteration > 1);
  return {
    completed: addresses(stages.filter(isCompleted)),
    pending: addresses(stages.filter((entry) => !isCompleted(entry))),
    iterations: Object.fromEntries(repeated.map(({ stage, iteration }) => [stage.address, iteration])),
    again: how === "again",
  };
}

/** Which time the code of a stage runs that goes on from a checkpoint with this progress. */
export function iterationFrom(progress: PipelineProgress | null | undefined, stage: string): number {
  return (progress?.iterations[stage] ?? 1) + (progress?.again ? 1 : 0);
}
