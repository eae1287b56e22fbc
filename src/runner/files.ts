import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "./process.ts";

/** What the engine asks the runner to do, as a JSON file. Paths are absolute. */
export interface RunnerSpec {
  readonly version: 1;
  readonly runId: string;
  /** For the lines that people read: `train`. */
  readonly name: string;
  /** Printed first, one line each. */
  readonly head: readonly string[];
  /** One shell command per process, in order; the first failure ends the stage. */
  readonly commands: readonly string[];
  readonly cwd: string;
  /** Added to the runner's own environment; `null` takes a variable away. */
  readonly env: { readonly [name: string]: string | null };
  /** Where the runner writes its {@link RunnerStatus}. */
  readonly statusFile: string;
  /** Where the output of the stage is kept. */
  readonly logFile: string;
  /** The stage is to be stopped when this file exists. */
  readonly stopFile: string;
  readonly grace: StopGrace;
}

/** Milliseconds that processes get to end by themselves after SIGINT, and then after SIGTERM, before SIGKILL. */
export interface StopGrace {
  readonly interrupt: number;
  readonly terminate: number;
}

/** What the runner did, as a JSON file that is replaced as a whole. Times are milliseconds since the epoch. */
export interface RunnerStatus {
  readonly version: 1;
  readonly runner: ProcessIdentity;
  readonly startedAt: number;
  /** The part of the terminal's variables that decides which programs the commands find. */
  readonly search?: { readonly path: string; readonly virtualEnvironment: string | null };
  /** The process of the command that runs now or ran last. */
  readonly child: ProcessIdentity | null;
  readonly end: StageEnd | null;
}

export type Asked = "SIGINT" | "SIGTERM" | "SIGHUP" | "stop";

/** How a stage really ended. Exactly one of `code` and `signal` is not null. */
export interface StageEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Who asked for the end: the key Ctrl-C, the system, a closed terminal, or Stop; `null` when nobody did. */
  readonly asked: Asked | null;
  /** Index of the command that ended last. */
  readonly command: number;
  readonly at: number;
  /** Why a command could not even be started, for people. */
  readonly error: string | null;
}

/** The parts of a log in their order: its beginning, what was cut off last, and what grows. */
export function logParts(file: string): readonly string[] {
  return [`${file}.first`, `${file}.older`, file];
}

/** Reads the file that the engine wrote. Throws an `Error` with a sentence for people when it is not one. */
export function readSpec(path: string): RunnerSpec {
  const spec = JSON.parse(readFileSync(path, "utf8")) as Partial<RunnerSpec> | null;
  const isWhole =
    spec !== null &&
    typeof spec === "object" &&
    spec.version === 1 &&
    Array.isArray(spec.commands) &&
    Array.isArray(spec.head) &&
    typeof spec.runId === "string" &&
    typeof spec.name === "string" &&
    typeof spec.cwd === "string" &&
    typeof spec.statusFile === "string" &&
    typeof spec.logFile === "string" &&
    typeof spec.stopFile === "string" &&
    typeof spec.env === "object" &&
    typeof spec.grace?.interrupt === "number" &&
    typeof spec.grace.terminate === "number";
  if (!isWhole) throw new Error("it was not written by this version of Savepoint");
  return spec as RunnerSpec;
}

/**
 * Replaces the status file, so that a reader sees the old or the new one, never half of it.
 * Tries again for a while when the disk is full, since nothing else knows how the stage ended.
 */
export async function writeStatus(path: string, status: RunnerStatus): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(temporary, JSON.stringify(status));
      renameSync(temporary, path);
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await delay(500);
    }
  }
}
