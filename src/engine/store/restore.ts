import { mkdir, rm } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Checkpoint, OutputRecord } from "../model.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { restoringDirectory } from "../system/layout.ts";
import { incomingName, isObjectHash, openCache } from "./cache.ts";
import { isInside } from "./directoryObject.ts";
import { expectNoDvcAtWork } from "./dvcLocks.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { describeObject, objectFailure } from "./integrity.ts";
import type { OutputTarget } from "./outputRestore.ts";
import { findOutside, type Move, type Obstacle } from "./placeFiles.ts";
import { planUndo } from "./planUndo.ts";
import { writeRawFiles } from "./rawFiles.ts";
import { absentOutputs, recordedOutputs } from "./recordedOutputs.ts";
import {
  type FileDifference,
  inProject,
  isWithin,
  labelOf,
  makePlan,
  outputFolders,
  type RestorePlan,
  type RestoreReport,
  type RestoreScope,
  targetOf,
} from "./restorePlan.ts";
import { linkStatOf } from "./statOf.ts";
import { checkOutTo, differences, operationRefusal, operationUnderWay, withIndex } from "./trackedFiles.ts";
import { forgetUndoPoint, keepUndoPoint, type UndoPoint, undoPoints } from "./undoPoints.ts";

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
      return operationRefusal(project, operation, `apply ${title} again`);
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
    if (operation !== null && files.length > 0)
      return operationRefusal(project, operation, `apply ${title} again`);
    const unnameable = files.find(({ path }) => path.includes("\ufffd"));
    if (unnameable !== undefined) {
      const name = `the name of ${inProject(project, unnameable.path)} is not valid UTF-8`;
      const advice = "Rename it, or restore just the outputs.";
      return failure("unnameable", `${title} can't be restored: ${name}. ${advice}`, unnameable.path);
    }
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
 * are put in their places; when that fails half-way, what was there is put back. HEAD, the index, branches and ignored
 * files that are no outputs stay as they are. Fails with `in-the-way` when a place is taken by what neither Git nor an
 * output accounts for, with `not-writable`, `changed-meanwhile`, `dvc-at-work`, or as
 * {@link expectIsolated}; nothing is changed then.
 */
export async function restore(plan: RestorePlan): Promise<Result<RestoreReport>> {
  const { project, hasher, title, changes } = plan;
  if (changes.length === 0) {
    if (plan.takesBack !== null) await forgetUndoPoint(project, plan.takesBack);
    return success({ title, changes, undoRef: null });
  }
  let point: Pick<UndoPoint, "ref" | "sha"> | null = null;
  try {
    const free = await expectNoDvcAtWork(
      project,
      changes.map(({ path }) => path),
    );
    if (!free.ok) return free;
    return await withFolder(project, async (folder) => {
      const staged = await stage(plan, folder);
      if (!staged.ok) return staged;
      const placing = { moves: staged.value, folders: outputFolders(project.root, plan.outputs.targets) };
      const obstacle = await hasher.call("findObstacle", placing);
      if (obstacle !== null) return inTheWay(project, title, obstacle);
      const paths = placing.moves.map(({ to }) => to);
      const inside = expectIsolated(project, paths.map(dirname));
      if (!inside.ok) return inside;
      const before = await hasher.call("identifyPlaces", { paths });
      if (project.isolatedFrom === undefined) point = await keepForUndo(plan);
      const now = await hasher.call("identifyPlaces", { paths });
      const changed = paths.find((_, index) => now[index] !== before[index]);
      if (changed !== undefined) {
        if (point !== null) await forgetUndoPoint(project, point);
        return changedMeanwhile(project, title, changed);
      }
      await hasher.call("moveIntoPlace", placing);
      if (plan.takesBack !== null) await forgetUndoPoint(project, plan.takesBack);
      return success({ title, changes, undoRef: point?.ref ?? null });
    });
  } catch (error) {
    const problem = describeFailure(error, `${title} could not be restored`);
    const advice =
      point === null || (await putBack(plan, point))
        ? "Nothing was changed."
        : "Undo Last Restore brings back what was there.";
    return { ok: false, problem: { ...problem, message: `${problem.message} ${advice}` } };
  }
}

/** Takes back what a restore has changed before it failed. Returns whether all is as it was. */
async function putBack({ project, hasher }: RestorePlan, { ref }: Pick<UndoPoint, "ref">): Promise<boolean> {
  try {
    const point = (await undoPoints(project)).find((one) => one.ref === ref);
    if (point === undefined) return false;
    const plan = await planUndo(project, point, hasher);
    if (!plan.ok) return false;
    return await withFolder(project, async (folder) => {
      const staged = await stage(plan.value, folder);
      if (!staged.ok) return false;
      const placing = {
        moves: staged.value,
        folders: outputFolders(project.root, plan.value.outputs.targets),
      };
      if ((await hasher.call("findObstacle", placing)) !== null) return false;
      await hasher.call("moveIntoPlace", placing);
      await forgetUndoPoint(project, point);
      return true;
    });
  } catch {
    return false;
  }
}

/** Work with a folder that is gone afterwards. */
async function withFolder<Value>(project: Project, work: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = join(restoringDirectory(project), incomingName());
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keeps what a plan overwrites or removes. */
async function keepForUndo(plan: RestorePlan): Promise<Pick<UndoPoint, "ref" | "sha">> {
  const { project, hasher, cache } = plan;
  const paths = plan.outputs.targets.map(({ path }) => path);
  const outputs = await hasher.call("keepOutputs", { root: project.root, cache, paths });
  return keepUndoPoint(project, deedOf(plan), outputs, [...plan.files.write, ...plan.files.remove]);
}

/**
 * Takes the last restore back; doing it again takes that back. Fails with `nothing-to-undo`, and as {@link planUndo} and
 * {@link restore} do.
 */
export async function undoRestore(project: Project, hasher: Hasher): Promise<Result<RestoreReport>> {
  const [point] = await undoPoints(project);
  if (point === undefined) return failure("nothing-to-undo", "There is no restore to take back.");
  const plan = await planUndo(project, point, hasher);
  return plan.ok ? restore(plan.value) : plan;
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

function inTheWay(project: Project, title: string, { path, kind }: Obstacle): Result<never> {
  const shown = shownPath(project, path);
  if (kind === "not-writable") {
    const message = `${title} was not restored: the folder ${shown} may not be written. Change its permissions, then try again.`;
    return failure("not-writable", message, shown);
  }
  const stat = linkStatOf(path);
  const what = stat?.isSymbolicLink()
    ? "a link, and nothing is written behind one"
    : stat?.isFile() || stat?.isDirectory()
      ? "neither in an output nor tracked by Git"
      : "neither a file nor a folder";
  const message = `${title} was not restored: ${shown} is in the way (${what}). Move it away, then try again.`;
  return failure("in-the-way", message, shown);
}

function changedMeanwhile(project: Project, title: string, path: string): Result<never> {
  const shown = shownPath(project, path);
  const message = `${title} was not restored: ${shown} was changed by something else at this moment. Try again.`;
  return failure("changed-meanwhile", message, shown);
}

function shownPath(project: Project, path: string): string {
  return relative(project.root, path).split(sep).join("/") || ".";
}

/** What a plan does, for the words "the state before …". Undoing twice is doing it again. */
function deedOf({ takesBack, commit, title }: RestorePlan): string {
  if (takesBack === null) return commit === null ? "old outputs were removed" : `${title} was restored`;
  return /^undoing “(.*)”$/.exec(takesBack.title)?.[1] ?? `undoing “${takesBack.title}”`;
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
