import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Project } from "../project.ts";
import { success } from "../result.ts";
import { isAddress } from "./build.ts";
import { type Data, type DataMap, dataEquals, formatScalar, isScalar } from "./data.ts";
import { fileReader } from "./load.ts";
import {
  emptyLock,
  type LockEntry,
  type LockItem,
  lockPathOf,
  parseLock,
  workingDirectoriesOf,
} from "./lock.ts";
import { chooseParams, parseData } from "./params.ts";
import type { PathHash } from "./pathHash.ts";
import { PathTree } from "./pathTree.ts";
import type { DataFile, ParamsDependency, Pipeline, Stage, StageCause, StageStatus } from "./stage.ts";

/** The hash of a file or folder of the project, or `null` when there is none. */
export type PathHasher = (path: string, legacy: boolean) => Promise<PathHash | null>;

/**
 * Says of every stage whether it is up to date, and why not, by the rules of `dvc status`. A stage is judged by
 * itself: that another one will run before it does not count until that has changed something.
 */
export async function stageStatuses(
  project: Project,
  pipeline: Pipeline,
  hash: PathHasher,
): Promise<ReadonlyMap<string, StageStatus>> {
  const look = surroundings(project, hash);
  for (const stage of pipeline.stages) for (const { path } of stage.outputs) look.producers.add(path, stage);
  for (const file of pipeline.dataFiles ?? []) look.dataFiles.add(file.path, file);

  const read = fileReader(project.root);
  const lockOf = remember((file) => {
    const path = lockPathOf(file);
    const text = read(path);
    if (text === null) return success(emptyLock);
    return parseLock(text, path, workingDirectoriesOf(pipeline.stages, file));
  });
  const statuses = new Map<string, StageStatus>();
  for (const stage of pipeline.stages) {
    const lock = lockOf(stage.file);
    const status = lock.ok
      ? await stageStatus(stage, lock.value.entries.get(stage.name) ?? null, look)
      : ({ kind: "blocked", reason: lock.problem.message } as const);
    statuses.set(stage.address, status);
  }
  return statuses;
}

/** Works each answer out once. */
function remember<Answer>(ask: (path: string) => Answer): (path: string) => Answer {
  const answers = new Map<string, { readonly answer: Answer }>();
  return (path) => {
    const known = answers.get(path) ?? { answer: ask(path) };
    answers.set(path, known);
    return known.answer;
  };
}

interface Surroundings {
  readonly producers: PathTree<Stage>;
  readonly dataFiles: PathTree<DataFile>;
  /** What is in a params file; `null` when there is none. */
  readonly params: (file: string) => ReturnType<typeof parseData> | null;
  readonly exists: (path: string) => boolean;
  readonly hash: PathHasher;
}

async function stageStatus(stage: Stage, entry: LockEntry | null, look: Surroundings): Promise<StageStatus> {
  // A frozen stage is not run, and what it was made from may be gone: that is what people freeze for.
  const blocked = stage.frozen ? null : blockedReason(stage, look);
  if (blocked) return { kind: "blocked", reason: blocked };
  if (!entry) return { kind: "never-run" };
  const causes = [...commandCauses(stage, entry)];
  if (!stage.frozen) {
    if (stage.alwaysChanged) causes.push(plainCause("it always runs (always_changed)"));
    else if (stage.dependencies.length + stage.params.length + stage.outputs.length === 0) {
      causes.push(plainCause("it always runs, as it has no dependencies and no outputs"));
    }
    causes.push(...(await usedCauses(stage, entry, look)));
  }
  causes.push(
    ...(await pathCauses(
      "output",
      stage.outputs.map(({ path }) => path),
      entry.outputs,
      look,
    )),
  );
  if (causes.length === 0) return { kind: "up-to-date" };
  return { kind: "changed", reasons: causes.map(({ text }) => text), causes };
}

/**
 * What a stage uses (command, dependencies, params) that is other than a lock entry says; whether it would run because
 * of its outputs or its flags does not count.
 */
export async function inputCauses(
  project: Project,
  stage: Stage,
  entry: LockEntry,
  hash: PathHasher,
): Promise<readonly StageCause[]> {
  const used = await usedCauses(stage, entry, surroundings(project, hash));
  return [...commandCauses(stage, entry), ...used];
}

function surroundings(project: Project, hash: PathHasher): Surroundings {
  const read = fileReader(project.root);
  const plainHash = remember((path) => hash(path, false));
  const legacyHash = remember((path) => hash(path, true));
  return {
    producers: new PathTree(),
    dataFiles: new PathTree(),
    params: remember((file) => {
      const text = read(file);
      return text === null ? null : parseData(text, file);
    }),
    exists: (path) => existsSync(resolve(project.root, path)),
    hash: (path, legacy) => (legacy ? legacyHash(path) : plainHash(path)),
  };
}

function commandCauses(stage: Stage, entry: LockEntry): readonly StageCause[] {
  if (sameCommand(stage.lockedCommand, entry.command)) return [];
  const text = "the command changed";
  return [
    { text, path: stage.file, before: commandText(entry.command), now: commandText(stage.lockedCommand) },
  ];
}

function commandText(command: string | readonly string[]): string {
  return typeof command === "string" ? command : command.join(" && ");
}

async function usedCauses(
  stage: Stage,
  entry: LockEntry,
  look: Surroundings,
): Promise<readonly StageCause[]> {
  const paths = await pathCauses("dependency", stage.dependencies, entry.dependencies, look);
  return [...paths, ...stage.params.flatMap((dependency) => paramCauses(dependency, entry, look))];
}

/** A reason that is about no file. */
export function plainCause(text: string): StageCause {
  return { text, path: null, before: null, now: null };
}

/** What must be mended before the stage can run at all. */
function blockedReason(stage: Stage, look: Surroundings): string | null {
  const { workingDirectory } = stage;
  if (
    workingDirectory !== "" &&
    !look.exists(workingDirectory) &&
    look.producers.overlapping(workingDirectory).length === 0
  ) {
    return `Its working directory '${workingDirectory}' is not there; create it`;
  }
  for (const path of stage.dependencies) {
    if (isAddress(path) || look.exists(path) || look.producers.overlapping(path).length > 0) continue;
    const [data] = look.dataFiles.overlapping(path);
    return data
      ? `Its dependency '${path}' is not there, but ${data.file} keeps track of it; get it with 'dvc pull' or 'dvc checkout'`
      : `Its dependency '${path}' is not there; create it, or correct 'deps' in ${stage.file}`;
  }
  for (const dependency of stage.params) {
    const reason = missingParams(dependency, stage, look);
    if (reason) return reason;
  }
  return null;
}

function missingParams(dependency: ParamsDependency, stage: Stage, look: Surroundings): string | null {
  const { file } = dependency;
  // Whatever another stage makes is judged when that has run.
  if (look.producers.overlapping(file).length > 0) return null;
  const data = look.params(file);
  if (data === null) {
    return `The params file '${file}' is not there; create it, or correct 'params' in ${stage.file}`;
  }
  if (!data.ok) return data.problem.message;
  const [missing] = chooseParams(dependency, data.value).missing;
  if (missing === undefined) return null;
  return `The parameter '${missing}' is not in ${file}; add it, or correct 'params' in ${stage.file}`;
}

function sameCommand(left: string | readonly string[], right: string | readonly string[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

async function pathCauses(
  what: "dependency" | "output",
  paths: readonly string[],
  locked: readonly LockItem[],
  look: Surroundings,
): Promise<readonly StageCause[]> {
  const byPath = new Map(locked.map((item) => [item.path, item]));
  const causes = await Promise.all(
    paths.map(async (path) => {
      const item = byPath.get(path);
      const found = (text: string, now: string | null = null): StageCause => {
        return { text: `${what} '${path}' ${text}`, path, before: item?.hash || null, now };
      };
      // Asking a server at every look would be slow: a remote dependency counts as unchanged once it was recorded.
      if (isAddress(path)) return item ? null : { ...found("is new"), path: null };
      const now = await look.hash(path, item?.legacy ?? false).catch(unreadable);
      if (typeof now === "string") return found(`can't be read (${now})`);
      if (!now) return found(`is missing${makerOf(what, path, look)}`);
      if (!item || item.hash === "") return found("is new", now.hash);
      return now.hash === item.hash ? null : found("changed", now.hash);
    }),
  );
  return causes.filter((cause) => cause !== null);
}

/** No permission, or a broken disk: the stage is not up to date as far as anybody can tell. */
function unreadable(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function makerOf(what: "dependency" | "output", path: string, look: Surroundings): string {
  const [maker] = what === "dependency" ? look.producers.overlapping(path) : [];
  return maker ? `; stage '${maker.address}' makes it` : "";
}

function paramCauses(
  dependency: ParamsDependency,
  entry: LockEntry,
  look: Surroundings,
): readonly StageCause[] {
  const { file } = dependency;
  const data = look.params(file);
  if (data === null) return [plainCause(`params file '${file}' is missing`)];
  if (!data.ok) return [{ ...plainCause(data.problem.message), path: file }];
  const now = chooseParams(dependency, data.value).values;
  const locked: DataMap = entry.exactParams?.get(file) ?? new Map();
  const keys = dependency.keys ?? [...new Set([...now.keys(), ...locked.keys()])];
  const place = file === "params.yaml" ? "" : ` in ${file}`;
  return keys.flatMap((key) => {
    const name = `parameter '${formatScalar(key)}'${place}`;
    const value = now.get(key);
    const before = locked.get(key);
    const found = (text: string): readonly StageCause[] => [
      { text: `${name} ${text}`, path: file, before: valueText(before), now: valueText(value) },
    ];
    if (value === undefined) return found("was removed");
    if (before === undefined) return found("is new");
    return dataEquals(value, before) ? [] : found(`changed${change(before, value)}`);
  });
}

function valueText(value: Data | undefined): string | null {
  if (value === undefined) return null;
  return isScalar(value) ? formatScalar(value) : "a list or mapping";
}

function change(before: Data, now: Data): string {
  if (!isScalar(before) || !isScalar(now)) return "";
  const [left, right] = [formatScalar(before), formatScalar(now)];
  return left.length + right.length > 60 ? "" : ` from ${left} to ${right}`;
}
