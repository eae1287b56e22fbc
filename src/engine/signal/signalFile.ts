import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { AnswerValue } from "../model.ts";
import { type ParsedSignal, parseSignal, plainSignal, signalLimit } from "./protocol.ts";

// All calls are synchronous: they take microseconds, and the thread pool may be busy with copying gigabytes.

/** What the waiting code reads once its signal is gone. */
export interface SignalAnswer {
  readonly ok: boolean;
  /** `amber-heron@12`; `null` when none was recorded. */
  readonly checkpoint: string | null;
  readonly error: string | null;
  /** What a person answered; absent when the code asked nothing, or nobody answered. */
  readonly answer?: AnswerValue;
}

/** The files of the protocol in a project's `.dvc/tmp`. */
export interface SignalPaths {
  readonly directory: string;
  readonly signal: string;
  readonly result: string;
}

export function signalPaths(directory: string): SignalPaths {
  const signal = join(directory, "DVC_CHECKPOINT");
  return { directory, signal, result: `${signal}.result` };
}

/** A signal with what tells it from another one that may take its place. */
export interface WaitingSignal extends ParsedSignal {
  readonly identity: string;
}

/** The signal that waits now, or `null`. Whatever stands at its place counts as one; only a real file is read. */
export function readSignal(paths: SignalPaths): WaitingSignal | null {
  const stats = statOrNull(paths.signal);
  const signal = stats === null ? null : parseAt(paths.signal, stats);
  return stats === null || signal === null ? null : { ...signal, identity: identityOf(stats) };
}

/** Whether a signal is still at its place: code that gives up takes it away. */
export function isWaiting(paths: SignalPaths, signal: WaitingSignal): boolean {
  const stats = statOrNull(paths.signal);
  return stats !== null && identityOf(stats) === signal.identity;
}

function parseAt(path: string, stats: BigIntStats): ParsedSignal | null {
  if (!stats.isFile()) {
    return plainSignal(`The signal is ${kindOf(stats)} instead of a file, so its content was ignored.`);
  }
  if (stats.size === 0n) return plainSignal();
  try {
    return parseSignal(readStart(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? null
      : plainSignal(`The signal can't be read (${code}), so its content was ignored.`);
  }
}

/**
 * Puts the answer in place, and only then takes the signal away, which lets the code go on. Leaves a signal alone that
 * took the place of the answered one, whose sender lost patience. Throws when the signal can't be taken away.
 */
export function answerSignal(paths: SignalPaths, signal: WaitingSignal, answer: SignalAnswer): void {
  try {
    const temporary = `${paths.result}.tmp`;
    const { id } = signal.request;
    writeFileSync(temporary, `${JSON.stringify(id === null ? answer : { id, ...answer })}\n`);
    // Nobody reads it while the signal is there, and where nothing is replaced, ext4 need not write to the disk now.
    rmSync(paths.result, { force: true });
    renameSync(temporary, paths.result);
  } catch {
    // The answer is for information; a full disk must not hold the code any longer.
  }
  if (isWaiting(paths, signal)) removeSignal(paths);
}

/** Takes away what stands at the signal's place; a folder with content is kept under another name. */
function removeSignal(paths: SignalPaths): void {
  try {
    unlinkSync(paths.signal);
  } catch (error) {
    const stats = statOrNull(paths.signal);
    if (stats === null) return;
    if (!stats.isDirectory()) throw error;
    try {
      rmdirSync(paths.signal);
    } catch {
      renameSync(paths.signal, `${paths.signal}.folder-${Date.now()}`);
    }
  }
}

/**
 * Makes the protocol's folder ready for a start: there, and without a signal that nobody waits for.
 * Returns a sentence for people when there was one.
 */
export function clearStaleSignal(paths: SignalPaths): string | null {
  mkdirSync(paths.directory, { recursive: true });
  const stats = statOrNull(paths.signal);
  if (stats !== null) removeSignal(paths);
  if (statOrNull(paths.result) !== null) unlinkSync(paths.result);
  if (stats === null) return null;
  const made = new Date(Number(stats.mtimeMs)).toISOString().replace("T", " ").slice(0, 19);
  return `removed a checkpoint signal of ${made} UTC that was left behind by an earlier run`;
}

function statOrNull(path: string): BigIntStats | null {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true }) ?? null;
}

function identityOf(stats: BigIntStats): string {
  return `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return "a symbolic link";
  return stats.isDirectory() ? "a folder" : "a special file";
}

/** At most one byte more than the limit, so that the parser can tell. Never follows a link or waits for a pipe. */
function readStart(path: string): Buffer {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = openSync(path, flags);
  try {
    const buffer = Buffer.alloc(signalLimit + 1);
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
