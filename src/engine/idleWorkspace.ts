import type { Runs } from "./isolated/runs.ts";
import { failure, type Result } from "./result.ts";
import { isFinal } from "./run/record.ts";

/** Exchanges files of the workspace, unless a stage writes to them, here or in another window: fails with `run-active`. */
export async function inIdleWorkspace<Value>(
  runs: Runs,
  work: () => Promise<Result<Value>>,
): Promise<Result<Value>> {
  await runs.look();
  const run = runs.runs.find(
    ({ place, state, left }) => place === "workspace" && !isFinal(state) && left === undefined,
  );
  if (run === undefined) return work();
  return failure("run-active", `${run.experiment} is running and writes to the same files. Stop it first.`);
}
