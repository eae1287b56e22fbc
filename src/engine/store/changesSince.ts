import { type ChangedFile, orderChanges } from "../compare/changes.ts";
import type { Checkpoint } from "../model.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Project } from "../project.ts";
import { type Result, success } from "../result.ts";
import { isObjectHash, openCache } from "./cache.ts";
import { isInside } from "./directoryObject.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { recordedOutputs } from "./recordedOutputs.ts";
import { labelOf, targetOf } from "./restorePlan.ts";
import { differences, withIndex } from "./trackedFiles.ts";

/** Bytes above which a dependency that another stage made is data, of which no text difference helps. */
const readableSize = 1024 * 1024;

/** How going from now to the checkpoint, which is how restoring sees it, reads the other way round. */
const sinceThen = { create: "removed", replace: "changed", delete: "added" } as const;

/**
 * What a run that goes on from a checkpoint meets that is other than when it was recorded: code, parameters, pipeline
 * files, and what other stages made, up to 1 MiB. What the checkpoint's own stage made is no such thing: it is its
 * result. In the order of {@link orderChanges}. Changes no file; works without the checkpoint's objects in the cache.
 */
export async function changesSince(
  project: Project,
  checkpoint: Checkpoint,
  hasher: Hasher,
): Promise<Result<readonly ChangedFile[]>> {
  try {
    const recorded = await recordedOutputs(project, checkpoint, "everything");
    const outputs = recorded.filter(({ path }) => isInside(path));
    const own = new Set(checkpoint.outs.map(({ path }) => path));
    const inTree = (path: string) => project.prefix + path;
    const excluded = outputs.filter(({ cached }) => cached).map(({ path }) => inTree(path));
    const tracked = await withIndex(project, (index) =>
      differences(project, checkpoint.sha, index, { excluded, outputs: [] }),
    );
    const targets = outputs
      .filter(({ path, cached, hash }) => cached && isObjectHash(hash) && !own.has(path))
      .map(targetOf);
    const request = { root: project.root, cache: await openCache(project), targets };
    const made = (await hasher.call("compareOutputs", request)).changes;
    const found = [
      ...tracked
        .filter(({ path }) => path.startsWith(project.prefix))
        .map(({ path, action }) => ({ path: path.slice(project.prefix.length), action }))
        .filter(({ path }) => !own.has(path) && !isBookkeeping(path)),
      ...made.filter(({ size, hash }) => size <= readableSize && !hash.endsWith(".dir")),
    ];
    const changes = found.map(({ path, action }) => ({ path, change: sinceThen[action] }));
    const { stages } = await loadPipeline(project);
    const stage = stages.find(({ address }) => address === checkpoint.stage);
    return success(orderChanges(changes, stage ?? null));
  } catch (error) {
    const what = `What changed since ${labelOf(checkpoint)} cannot be told`;
    return { ok: false, problem: describeFailure(error, what) };
  }
}

/** Lock files say what the results are, and recording writes Git's ignore files: a run reads neither. */
function isBookkeeping(path: string): boolean {
  return /(^|\/)(dvc\.lock|\.gitignore)$/.test(path);
}
