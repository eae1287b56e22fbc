import type { Checkpoint } from "../model.ts";
import type { StageSettings } from "../pipeline/stage.ts";
import type { DebuggedStage } from "./debugCommand.ts";
import type { RunPlace } from "./run.ts";

/** A value to set in a params file before the run: `{file: "params.yaml", key: "train.lr", value: "0.1"}`. */
export interface ParamChange {
  /** Project-relative. */
  readonly file: string;
  readonly key: string;
  /** As a person types it; read as the file's own syntax reads a value. */
  readonly value: string;
}

export type LoadPolicy = StageSettings["loadPolicy"];

interface CommonRequest {
  /** Run stages although nothing changed: those that are named, or all when none is. */
  readonly force?: boolean;
  readonly set?: readonly ParamChange[];
  /** Overrides the stages' own number of retries. */
  readonly retries?: number;
  /** Where it runs; in the workspace when absent. Several isolated runs can go on at the same time. */
  readonly place?: RunPlace;
  /** Patterns of keyed steps that are done again although the stage's outputs say that they are done. */
  readonly forget?: readonly string[];
  /** The commands of a stage with a debugger let in. */
  readonly debugged?: DebuggedStage;
}

/** Starts fresh: a new experiment. No stages means all of them. */
export interface FreshRequest extends CommonRequest {
  readonly verb: "run";
  /** Addresses. What they depend on runs before them if it changed. */
  readonly stages: readonly string[];
  /** Of the new experiment; chosen at random when absent. */
  readonly name?: string;
  /** Overrides the stages' own load policy. */
  readonly policy?: LoadPolicy;
  /** What its stage loads instead of starting fresh. */
  readonly from?: Checkpoint;
  /**
   * Whether a load is agreed to although a command, dependency or param changed since its checkpoint. Without it, the
   * request is refused with the reason `load-changed`, which tells what changed.
   */
  readonly acceptChanges?: boolean;
  /** What runs beside the stages that are named: what they need, what needs them, or nothing. */
  readonly reach?: "upstream" | "downstream" | "single";
}

/** Goes on from a checkpoint. `name` is for a fork only. */
export interface ContinuedRequest extends CommonRequest {
  readonly verb: "resume" | "fork" | "rewind";
  readonly checkpoint: Checkpoint;
  readonly name?: string;
  /** Whose code goes on: that of the workspace (when absent), or the checkpoint's own, which implies an isolated run. */
  readonly code?: "workspace" | "checkpoint";
}

export type RunRequest = FreshRequest | ContinuedRequest;

/** Where a request is to run. */
export function placeOf(request: RunRequest): RunPlace {
  if (request.verb !== "run" && request.code === "checkpoint") return "isolated";
  return request.place ?? "workspace";
}

/** Whether a request asks for a new experiment, which needs a name of its own. */
export function beginsExperiment(request: RunRequest): boolean {
  return request.verb === "run" || request.verb === "fork";
}
