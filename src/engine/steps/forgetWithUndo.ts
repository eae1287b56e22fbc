import type { Project } from "../project.ts";
import { type Result, success } from "../result.ts";
import { openCache } from "../store/cache.ts";
import { describeFailure } from "../store/failures.ts";
import type { Hasher } from "../store/hasher.ts";
import { keepUndoPoint } from "../store/undoPoints.ts";
import { forgetSteps, type KeyedStep } from "./keyedSteps.ts";

/** Forgets steps of the workspace. `undoRestore` brings them back. */
export async function forgetWithUndo(
  project: Project,
  steps: readonly KeyedStep[],
  hasher: Hasher,
): Promise<Result<void>> {
  try {
    const cache = await openCache(project);
    const paths = steps.map(({ path }) => path);
    const outputs = await hasher.call("keepOutputs", { root: project.root, cache, paths });
    await keepUndoPoint(project, "steps were forgotten", outputs, []);
    forgetSteps(project, steps);
    return success(undefined);
  } catch (error) {
    return { ok: false, problem: describeFailure(error, "The steps can't be forgotten") };
  }
}
