import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, posix, relative, sep } from "node:path";
import type { Checkpoint, OutputRecord } from "../model.ts";
import { compareText } from "../pipeline/data.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { savepointDirectory } from "../system/layout.ts";
import { isObjectHash, openCache } from "./cache.ts";
import { isInside } from "./directoryObject.ts";
import { expectNoDvcAtWork } from "./dvcLocks.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { describeObject, objectFailure } from "./integrity.ts";
import type { OutputTarget } from "./outputRestore.ts";
import { findOutside, type Move } from "./placeFiles.ts";
import { rawDifferences, writeRawFiles } from "./rawFiles.ts";
import { absentOutputs, recordedOutputs } from "./recordedOutputs.ts";
import {
  type FileDifference,
  isWithin,
  labelOf,
  outputFolders,
  type RestoreChange,
  type RestorePlan,
  type RestoreReport,
  type RestoreScope,
  targetOf,
} from "./restorePlan.ts";
import { linkStatOf } from "./statOf.ts";
import { checkOutTo, differences, operationUnderWay, withIndex } from "./trackedFiles.ts";
import { forgetUndoPoint, keepUndoPoint, latestUndoPoint } from "./undoPoints.ts";

export type { RestoreChange, RestorePlan, RestoreReport, RestoreScope } from "./restorePlan.ts";

/**
 * Works out what restoring a checkpoint changes; writes nothing. Fails with `operation-under-way` (more than outputs,
 * while Git rebases, merges or the like), `object-missing` or `object-damaged` (the message names the nearest complete
 * checkpoint before).
 */
export async function planRestore(
  project: Project,
  checkpoint: Checkpoint,
  scope: RestoreScope,
  hasher: Hasher,
): Promise<Result<RestorePlan>> {
  const title = labelOf(checkpoint);
  try {
    const operation = scope === "outputs" ? null : await operationUnderWay(project);
    if (operation !== null && scope === "everything")
      return refusal(project, operation, `apply ${title} again`);
    const cache = await openCache(project);
    const recorded = await recordedOutputs(project, checkpoint, scope);
    const absent = await absentOutputs(project, checkpoint);
    const outs = recorded.filter(({ path }) => isInside(path) && inScope(path, scope));
    const targets = [
      ...outs.filter(({ cached, hash }) => cached && isObjectHash(hash)).map(targetOf),
      ...absent
        .filter(({ path, cached }) => cached && inScope(path, scope))
        .map(({ path }) => nothingAt(path)),
    ];
    const request = { root: project.root, cache, targets };
    const { changes, problems } = await hasher.call("compareOutputs", request);
    if (problems[0] !== undefined) return objectFailure(project, hasher, checkpoint, problems);
    const files = await fileDifferences(project, checkpoint.sha, scope, [...recorded, ...absent]);
    if (operation !== null && files.length > 0) return refusal(project, operation, `apply ${title} again`);
    return success(
      makePlan({
        project,
        hasher,
        cache,
        title,
        checkpoint,
        commit: checkpoint.sha,
        targets,
        changes,
        files,
        takesBack: null,
      }),
    );
  } catch (error) {
    return { ok: false, problem: describeFailure(error, `${title} cannot be restored`) };
  }
}

/**
 * Carries a plan out. First all objects are copied and checked, then what would be overwritten is kept, then the copies
 * are put in their places. HEAD, the index, branches and ignored files that are no outputs stay as they are. Fails with
 * `in-the-way` when a place is taken by what neither Git nor an output accounts for, with `dvc-at-work`, or as
 * {@link expectIsolated}; nothing is changed then.
 */
export async function restore(plan: RestorePlan): Promise<Result<RestoreReport>> {
  const { project, hasher, title, changes } = plan;
  if (changes.length === 0 && plan.takesBack === null) return success({ title, changes, undoRef: null });
  const folder = join(savepointDirectory(project), "restore", randomUUID());
  let undoRef: string | null = null;
  try {
    const free = await expectNoDvcAtWork(
      project,
      changes.map(({ path }) => path),
    );
    if (!free.ok) return free;
    await mkdir(folder, { recursive: true });
    const staged = await stage(plan, folder);
    if (!staged.ok) return staged;
    const folders = outputFolders(project.root, plan.outputs.targets);
    const obstacle = await hasher.call("findObstacle", { moves: staged.value, folders });
    if (obstacle !== null) return inTheWay(project, title, obstacle);
    const inside = expectIsolated(
      project,
      staged.value.map(({ to }) => dirname(to)),
    );
    if (!inside.ok) return inside;
    if (project.isolatedFrom === undefined) undoRef = await keepForUndo(plan);
    await hasher.call("moveIntoPlace", { moves: staged.value, folders });
    if (plan.takesBack !== null) await forgetUndoPoint(project, plan.takesBack);
    return success({ title, changes, undoRef });
  } catch (error) {
    const problem = describeFailure(error, `${title} could not be restored`);
    const advice =
      undoRef === null ? "Nothing was changed." : "Undo Last Restore brings back what was there.";
    return { ok: false, problem: { ...problem, message: `${problem.message} ${advice}` } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keeps what a plan overwrites or removes. Returns the ref of the undo point. */
async function keepForUndo(plan: RestorePlan): Promise<string> {
  const { project, hasher, cache } = plan;
  const paths = plan.outputs.targets.map(({ path }) => path);
  const outputs = await hasher.call("keepOutputs", { root: project.root, cache, paths });
  return keepUndoPoint(project, deedOf(plan), outputs, [...plan.files.write, ...plan.files.remove]);
}

/**
 * Takes the last restore back; doing it again takes that back. Fails with `nothing-to-undo`, and as {@link planRestore}
 * and {@link restore} do.
 */
export async function undoRestore(project: Project, hasher: Hasher): Promise<Result<RestoreReport>> {
  const point = await latestUndoPoint(project);
  if (point === null) return failure("nothing-to-undo", "There is no restore to take back.");
  const title = `the state before ${point.title}`;
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
    if (operation !== null) return refusal(project, operation, "undo again");
    const plan = makePlan({
      project,
      hasher,
      cache,
      title,
      checkpoint: null,
      commit: point.sha,
      targets,
      changes: compared.changes,
      files,
      takesBack: point,
    });
    return await restore(plan);
  } catch (error) {
    return { ok: false, problem: describeFailure(error, "The last restore cannot be taken back") };
  }
}

/** Removes outputs (project-relative) so that a stage starts without them. {@link undoRestore} brings them back. */
export async function removeWithUndo(
  project: Project,
  paths: readonly string[],
  hasher: Hasher,
): Promise<Result<RestoreReport>> {
  const title = "the start without outputs";
  try {
    const free = await expectNoDvcAtWork(project, paths);
    if (!free.ok) return free;
    const cache = await openCache(project);
    const targets = paths.filter(isInside).map(nothingAt);
    const { changes } = await hasher.call("compareOutputs", { root: project.root, cache, targets });
    const parts = {
      project,
      hasher,
      cache,
      title,
      checkpoint: null,
      commit: null,
      targets,
      changes,
      files: [],
      takesBack: null,
    };
    return await restore(makePlan(parts));
  } catch (error) {
    return { ok: false, problem: describeFailure(error, "The stage's old outputs cannot be removed") };
  }
}

/**
 * In a worktree that Savepoint made, fails with `leads-outside` when a link leads from one of the paths (absolute) to what
 * is not of the worktree: nothing there is kept for undo.
 */
export function expectIsolated(project: Project, paths: readonly string[]): Result<void> {
  if (project.isolatedFrom === undefined) return success(undefined);
  const outside = findOutside(project.workTree, paths);
  if (outside === null) return success(undefined);
  const path = relative(project.root, outside).split(sep).join("/");
  const message = `${path} leads out of the worktree by a link, so that an isolated run would change what lies there. Run in the workspace instead.`;
  return failure("leads-outside", message, path);
}

function nothingAt(path: string): OutputTarget {
  return { path, hash: null, legacy: false, isExecutable: false };
}

function refusal(project: Project, operation: string, retry: string): Result<never> {
  const advice = `finish or abort the ${operation} first, then ${retry}`;
  return failure("operation-under-way", `A ${operation} is under way in ${project.workTree}: ${advice}.`);
}

function inTheWay(project: Project, title: string, obstacle: string): Result<never> {
  const path = relative(project.root, obstacle).split(sep).join("/");
  const kind = linkStatOf(obstacle)?.isSymbolicLink()
    ? "a link, and nothing is written behind one"
    : "neither in an output nor tracked by Git";
  const message = `${title} was not restored: ${path} is in the way (${kind}). Move it away, then try again.`;
  return failure("in-the-way", message, path);
}

/** What a plan does, for the words "the state before …". */
function deedOf(plan: RestorePlan): string {
  if (plan.takesBack !== null) return "the last undo";
  return plan.commit === null ? "old outputs were removed" : `${plan.title} was restored`;
}

function inScope(path: string, scope: RestoreScope): boolean {
  return typeof scope === "string" || isWithin(path, scope.paths);
}

/** The files of Git that restoring writes or removes. */
async function fileDifferences(
  project: Project,
  sha: string,
  scope: RestoreScope,
  outs: readonly Pick<OutputRecord, "path" | "cached">[],
): Promise<readonly FileDifference[]> {
  const inTree = (paths: readonly string[]) => paths.map((path) => project.prefix + path);
  const outputs = inTree(outs.filter(({ cached }) => !cached).map(({ path }) => path));
  const chosen = scope === "outputs" ? outputs : scope === "everything" ? [""] : inTree(scope.paths);
  if (chosen.length === 0) return [];
  const excluded = inTree(outs.filter(({ cached }) => cached).map(({ path }) => path));
  const all = await withIndex(project, (index) => differences(project, sha, index, { excluded, outputs }));
  return all.filter(({ path }) => isWithin(path, chosen));
}

function makePlan(
  parts: Pick<RestorePlan, "project" | "hasher" | "cache" | "title" | "checkpoint" | "commit" | "takesBack"> &
    RestorePlan["outputs"] & { readonly files: readonly FileDifference[] },
): RestorePlan {
  const { targets, changes: outputChanges, files, ...kept } = parts;
  const changes: RestoreChange[] = [
    ...outputChanges.map(({ path, action, size }) => ({ path, action, size })),
    ...files.map(({ path, action }) => ({
      path: posix.relative(`/${parts.project.prefix}`, `/${path}`),
      action,
      size: null,
    })),
  ];
  const changed = targets.filter(({ path }) => outputChanges.some((change) => isWithin(change.path, [path])));
  const pathsOf = (isRemoved: boolean) =>
    files.filter(({ action }) => (action === "delete") === isRemoved).map(({ path }) => path);
  return {
    ...kept,
    changes: changes.sort((a, b) => compareText(a.path, b.path)),
    files: { write: pathsOf(false), remove: pathsOf(true) },
    outputs: { targets: changed, changes: outputChanges },
  };
}

/** Copies everything that will be written, checked, into a folder. Returns what is to be moved where. */
async function stage(plan: RestorePlan, folder: string): Promise<Result<readonly Move[]>> {
  const { project, hasher, cache, outputs, files, commit } = plan;
  const outputFolder = join(folder, "outputs");
  const request = { cache, folder: outputFolder, changes: outputs.changes };
  const problems = await hasher.call("stageOutputs", request);
  const [first] = problems;
  if (first !== undefined) {
    return plan.checkpoint === null
      ? { ok: false, problem: describeObject(plan.title, first) }
      : objectFailure(project, hasher, plan.checkpoint, problems);
  }
  const fileFolder = join(folder, "files");
  if (commit !== null && plan.takesBack !== null) {
    await writeRawFiles(project, commit, files.write, fileFolder);
  } else if (commit !== null) {
    await checkOutTo(project, commit, files.write, fileFolder, join(folder, "index"));
  }
  const boundaryOf = (path: string) =>
    outputs.targets.find((target) => isWithin(path, [target.path]))?.path ?? "";
  return success([
    ...outputs.changes.flatMap(({ path, action, hash }, index): Move[] => {
      // The folders of outputs are made without being moved.
      if (hash.endsWith(".dir")) return [];
      const from = action === "delete" ? null : join(outputFolder, String(index));
      const boundary = join(project.root, boundaryOf(path));
      return [{ from, to: join(project.root, path), boundary }];
    }),
    ...files.remove.map((path) => ({
      from: null,
      to: join(project.workTree, path),
      boundary: project.workTree,
    })),
    ...files.write.map((path) => ({
      from: join(fileFolder, path),
      to: join(project.workTree, path),
      boundary: project.workTree,
      keepsLinks: true,
    })),
  ]);
}
