import type { Runs } from "./isolated/runs.ts";
import { failure, type Result } from "./result.ts";
import { isFinal } from "./run/record.ts";

/**
 * Work on files that a run in the workspace writes too. Fails with `run-active` while one goes on, here, in another
 * window or on the command line.
 */
export async function whileIdle<Value>(
  runs: Runs,
  work: () => Promise<Result<Value>>,
): Promise<Result<Value>> {
  await runs.look();
  const running = runs.runs.find(
    ({ state, place, left }) => place === "workspace" && !isFinal(state) && left === undefined,
  );
  if (running === undefined) return work();
  return failure(
    "run-active",
    `${running.experiment} is running and writes to the same files, so nothing was changed. Stop it first, or wait for its end.`,
  );
}
