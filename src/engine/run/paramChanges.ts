import { readFileSync } from "node:fs";
import { isAbsolute, join, posix } from "node:path";
import { setParam } from "../pipeline/setParam.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { describeFailure } from "../store/failures.ts";
import { writeAtomically } from "../system/atomicFile.ts";
import type { ParamChange } from "./request.ts";

/** Params that were set in the workspace, as long as that can still be taken back. */
export interface AppliedChanges {
  revert(): void;
}

/** Sets params in the workspace's files: all of them, or none when one can't be set. */
export function applyChanges(project: Project, changes: readonly ParamChange[]): Result<AppliedChanges> {
  const planned = planChanges(project, changes);
  if (!planned.ok) return planned;
  const { before, after } = planned.value;
  try {
    writeAll(project, after);
  } catch (error) {
    writeAll(project, before);
    return { ok: false, problem: describeFailure(error, "Params could not be set") };
  }
  return success({ revert: () => writeAll(project, before) });
}

/** The texts of params files before and after changes; writes nothing. Fails when one of the params can't be set. */
export function planChanges(
  project: Project,
  changes: readonly ParamChange[],
): Result<{ readonly before: ReadonlyMap<string, string>; readonly after: ReadonlyMap<string, string> }> {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const { file, key, value } of changes) {
    const read = readParams(project, file);
    if (!read.ok) return read;
    const { path } = read.value;
    const text = after.get(path) ?? read.value.text;
    if (!before.has(path)) before.set(path, text);
    const changed = setParam(text, path, key, value);
    if (!changed.ok) return changed;
    after.set(path, changed.value);
  }
  return success({ before, after });
}

/** A params file as it stands in the workspace, with its path in its plain form. */
export function readParams(
  project: Project,
  file: string,
): Result<{ readonly path: string; readonly text: string }> {
  const path = posix.normalize(file.replaceAll("\\", "/"));
  if (isAbsolute(path) || path === ".." || path.startsWith("../")) {
    return failure("outside-project", `${file} is not in the project, so its params are not changed.`, file);
  }
  const text = readText(join(project.root, path));
  if (text !== null) return success({ path, text });
  return failure("params-missing", `There is no params file ${path} to set a value in.`, path);
}

function writeAll(project: Project, texts: ReadonlyMap<string, string>): void {
  for (const [path, text] of texts) {
    const absolute = join(project.root, path);
    if (readText(absolute) !== text) writeAtomically(absolute, text);
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
