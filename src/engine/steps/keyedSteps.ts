import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { matchesPattern } from "../compare/pattern.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";

/** What the file of a step's record ends with. */
const recordSuffix = ".step.json";

/** A record with a larger result is listed by its file's name only, in bytes. */
const readLimit = 16 * 1024 * 1024;

/** A step of a stage's code that is done and will not be done again. The clients write these; see docs/protocol.md. */
export interface KeyedStep {
  readonly stage: string;
  readonly key: string;
  /** Of its record, project-relative. */
  readonly path: string;
  /** Where the code does it, such as `train.py:42`; `null` when the record does not say. */
  readonly where: string | null;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number | null;
  /** How long it took. */
  readonly seconds: number | null;
}

/** The steps that the outputs of stages hold now, by stage, then by key. */
export function listSteps(project: Project, stages: readonly Stage[]): readonly KeyedStep[] {
  return stages.flatMap((stage) =>
    stage.outputs
      .flatMap(({ path }) => recordsIn(project, path))
      .map((path) => readStep(project, stage, path))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  );
}

/** Whether a pattern means a key: `fold-*` fits `fold-3`, and all keys below it such as `fold-3/tokenize`. */
export function matchesKey(key: string, pattern: string): boolean {
  const folder = pattern.replace(/\/+$/, "");
  return matchesPattern(key, pattern) || matchesPattern(key, `${folder}/*`);
}

/** Takes the records away, so that the steps are done again. Throws the system's error when it can't. */
export function forgetSteps(project: Project, steps: readonly KeyedStep[]): void {
  for (const { path } of steps) rmSync(join(project.root, path), { force: true });
}

function recordsIn(project: Project, output: string): readonly string[] {
  const folder = join(project.root, output);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(recordSuffix))
    .map((name) => posix.join(output, name));
}

/** A record is a file that anybody can write: what it does not say is taken from its name. */
function readStep(project: Project, stage: Stage, path: string): KeyedStep {
  const record = readRecord(join(project.root, path));
  const { key, where, finishedAt, seconds } = record;
  const time = typeof finishedAt === "string" ? Date.parse(finishedAt) : Number.NaN;
  return {
    stage: stage.address,
    key: typeof key === "string" && key !== "" ? key : keyOf(path),
    path,
    where: typeof where === "string" && where !== "" ? where : null,
    finishedAt: Number.isNaN(time) ? null : time,
    seconds: typeof seconds === "number" && seconds >= 0 ? seconds : null,
  };
}

function readRecord(path: string): { readonly [key: string]: unknown } {
  try {
    if (statSync(path).size > readLimit) return {};
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function keyOf(path: string): string {
  const name = posix.basename(path).slice(0, -recordSuffix.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
