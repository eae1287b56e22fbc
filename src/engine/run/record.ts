import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Origin, RunEnd, Value } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { readJson, writeAtomically } from "../system/atomicFile.ts";
import { savepointDirectory } from "../system/layout.ts";
import type { WatchRecord } from "../trigger/watchRecord.ts";
import type { DebuggedStage } from "./debugCommand.ts";
import type { GivenAnswer } from "./openQuestion.ts";
import type { LoadPolicy } from "./request.ts";
import type { LaunchRecord, RunPlace, RunState, StageRun, Verb } from "./run.ts";

/** A stage of a run. The stage is kept as it was planned: `dvc.yaml` may change while the run goes on. */
export interface StageRecord {
  readonly stage: Stage;
  readonly state: StageRun["state"];
  readonly reason: string;
  /** Whether it runs in any case, or only if it is not up to date when its turn comes. */
  readonly isForced: boolean;
  /** Its launches, oldest first; each has a folder of its own. */
  readonly launches: readonly LaunchRecord[];
  /** Which time the code runs, counted from 1: it may ask for another one. */
  readonly iteration: number;
}

/** Where a stage goes on instead of starting fresh. */
export interface ResumePoint {
  readonly stage: string;
  readonly step: number | null;
  /** What a person answered to the question of the checkpoint. */
  readonly answer?: GivenAnswer | null;
}

/** What signals asked to be recorded when the stage is over, later ones laid over earlier ones. */
export interface DeferredSignal {
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  readonly metrics: { readonly [key: string]: Value };
  readonly metadata: { readonly [key: string]: Value };
  readonly warning: string | null;
}

/** All that is needed to go on with a run after its window or process is gone. */
export interface RunRecord {
  readonly version: 1;
  readonly id: string;
  readonly verb: Verb;
  readonly experiment: string;
  readonly place: RunPlace;
  /** Absolute path of the project's root as the run sees it. */
  readonly directory: string;
  readonly baseline: string;
  /** First parent of the run's first checkpoint, and the last sequence number before it. */
  readonly parent: string;
  readonly sequence: number;
  readonly resumedFrom: Origin | null;
  readonly resume: ResumePoint | null;
  readonly policy: LoadPolicy | null;
  /** A checkpoint that a stage of a fresh run loads, by commit. */
  readonly from: { readonly stage: string; readonly sha: string } | null;
  /** Whether a load is agreed to although something changed since its checkpoint. */
  readonly acceptsChanges: boolean;
  readonly retries: number | null;
  /** Patterns of keyed steps that the run does again. */
  readonly forget?: readonly string[];
  readonly debugged?: DebuggedStage;
  readonly startedAt: number;
  readonly state: RunState;
  readonly stages: readonly StageRecord[];
  /** Last checkpoint of this run. */
  readonly last: { readonly sha: string; readonly step: number | null; readonly total: number | null } | null;
  /** The signal whose snapshot was begun last, and the time that its checkpoint bears. */
  readonly taking: { readonly signal: string; readonly time: number } | null;
  readonly deferred: DeferredSignal | null;
  /** What is recorded of the files that the running stage's `watch` names; `null` before it has begun. */
  readonly watching?: WatchRecord | null;
  /** Whether the code that runs asked to be run once more. */
  readonly asksAgain: boolean;
  readonly checkpoints: number;
  readonly skippedCheckpoints: number;
  /** A stop that was asked for and has not come about. */
  readonly stop: "now" | "after-next-checkpoint" | null;
  readonly end: RunEnd | null;
}

const recordsToKeep = 200;

/** The records of a project's runs, one folder each. */
export class RunRecords {
  readonly #directory: string;
  readonly #root: string;
  /** Where earlier runs are written down, when not here. */
  readonly #past: string | null;

  constructor(project: Project) {
    this.#directory = join(savepointDirectory(project), "runs");
    this.#root = project.root;
    const main = project.isolatedFrom;
    this.#past = main === undefined ? null : join(savepointDirectory({ root: main }), "runs");
  }

  /** Ids of all runs, oldest first. */
  ids(): string[] {
    try {
      return readdirSync(this.#directory).filter(isRunId).sort();
    } catch {
      return [];
    }
  }

  /** `null` when there is none, or when another version of Savepoint wrote it. */
  read(id: string): RunRecord | null {
    if (!isRunId(id)) return null;
    const read = (folder: string) => readJson(join(folder, id, "run.json"));
    const record = read(this.#directory) ?? (this.#past === null ? undefined : read(this.#past));
    if (!isRunRecord(record) || record.id !== id) return null;
    // A project's own folder may have been moved since; earlier versions knew no other place.
    return record.place === "isolated" ? record : { ...record, place: "workspace", directory: this.#root };
  }

  /** Throws when it can't be written. */
  write(record: RunRecord): void {
    const directory = join(this.#directory, record.id);
    mkdirSync(directory, { recursive: true });
    writeAtomically(join(directory, "run.json"), JSON.stringify(record));
  }

  /** Forgets the oldest of many runs that are over. What they recorded is in the store. */
  prune(): void {
    for (const id of this.ids().slice(0, -recordsToKeep)) {
      const record = this.read(id);
      if (record === null || isFinal(record.state))
        rmSync(join(this.#directory, id), { recursive: true, force: true });
    }
  }

  /** The folder of one launch (from 1) of one stage (from 0). */
  launchDirectory(id: string, stageIndex: number, launch: number): string {
    return join(this.#directory, id, `stage-${stageIndex + 1}-${launch}`);
  }
}

/** Whether nothing will happen to the run any more. */
export function isFinal(state: RunState): boolean {
  return state !== "queued" && state !== "starting" && state !== "running";
}

function isRunId(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,80}$/.test(name);
}

const states: readonly string[] = [
  "queued",
  "starting",
  "running",
  "succeeded",
  "failed",
  "interrupted",
  "lost",
] satisfies RunState[];
const stageStates: readonly string[] = [
  "waiting",
  "skipped",
  "running",
  "succeeded",
  "failed",
  "interrupted",
] satisfies StageRun["state"][];

/** Checks what the engine relies on. The file is ours, but it may be damaged or from another version. */
function isRunRecord(value: unknown): value is RunRecord {
  const record = value as Partial<RunRecord> | null | undefined;
  return (
    typeof record === "object" &&
    record?.version === 1 &&
    [record.id, record.verb, record.experiment, record.baseline, record.parent].every(isText) &&
    [record.sequence, record.startedAt, record.checkpoints, record.skippedCheckpoints].every(isNumber) &&
    states.includes(record.state ?? "") &&
    Array.isArray(record.stages) &&
    record.stages.every(isStageRecord)
  );
}

function isStageRecord(value: unknown): value is StageRecord {
  const record = value as Partial<StageRecord> | null | undefined;
  const stage: Partial<Stage> | null | undefined = record?.stage;
  return (
    stageStates.includes(record?.state ?? "") &&
    isText(record?.reason) &&
    Array.isArray(record?.launches) &&
    isNumber(record.iteration) &&
    [stage?.name, stage?.address, stage?.file, stage?.workingDirectory].every(isText) &&
    [stage?.commands, stage?.outputs, stage?.dependencies, stage?.params].every(Array.isArray) &&
    typeof stage?.settings === "object"
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}
