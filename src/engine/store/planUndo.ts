import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { openCache } from "./cache.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { rawDifferences } from "./rawFiles.ts";
import { makePlan, type RestorePlan } from "./restorePlan.ts";
import { operationRefusal, operationUnderWay } from "./trackedFiles.ts";
import type { UndoPoint } from "./undoPoints.ts";

/**
 * Works out what going back to an undo point changes; writes nothing. What was changed since and is no part of it stays.
 * Fails with `operation-under-way`, `object-missing` or `object-damaged`.
 */
export async function planUndo(
  project: Project,
  point: UndoPoint,
  hasher: Hasher,
): Promise<Result<RestorePlan>> {
  try {
    const cache = await openCache(project);
    const targets = point.outputs;
    const compared = await hasher.call("compareOutputs", { root: project.root, cache, targets });
    const [problem] = compared.problems;
    if (problem !== undefined) {
      const message = `${problem.path} cannot be brought back: its object ${problem.hash} is ${problem.kind} in the cache.`;
      return failure(`object-${problem.kind}`, message, problem.path);
    }
    const files = await rawDifferences(project, point.sha, point.files);
    const operation = files.length === 0 ? null : await operationUnderWay(project);
    if (operation !== null) return operationRefusal(project, operation, "undo again");
    return success(
      makePlan({
        project,
        hasher,
        cache,
        title: `the state before ${point.title}`,
        checkpoint: null,
        commit: point.sha,
        targets,
        changes: compared.changes,
        files,
        takesBack: point,
      }),
    );
  } catch (error) {
    return { ok: false, problem: describeFailure(error, `${point.title} cannot be taken back`) };
  }
}
