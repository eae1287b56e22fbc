import type { Checkpoint, Environment } from "../model.ts";

/**
 * What a checkpoint of a line was recorded in. A run notes it once for each stage, at the first checkpoint by which it
 * was known; `null` when that run never noted any.
 */
export function recordedEnvironment(
  line: readonly Checkpoint[],
  checkpoint: Pick<Checkpoint, "sha" | "run" | "stage">,
): Environment | null {
  const isOfRun = ({ run, stage }: Checkpoint) => run === checkpoint.run && stage === checkpoint.stage;
  const place = line.findIndex(({ sha }) => sha === checkpoint.sha);
  if (checkpoint.run === null || place < 0) return null;
  const before = line.slice(0, place + 1).findLast((one) => one.environment !== undefined && isOfRun(one));
  const noted = before ?? line.slice(place + 1).find((one) => one.environment !== undefined && isOfRun(one));
  return noted?.environment ?? null;
}
