import { execFile, execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { timeOf } from "../benchmark.ts";

export const gibibyte = 2 ** 30;

/** Runs a tool of the system and returns what it printed. */
export async function tool(command: string, ...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(command, [...args])).stdout;
}

/** As {@link timeOf}, begun with nothing left to be written to the disk, so that each has the same start. */
export async function settledTimeOf(work: () => Promise<unknown>): Promise<number> {
  await tool("sync");
  return timeOf(work);
}

/** Writes 1 GiB of random bytes, so that nothing on the way can compress them. */
export function writeLarge(path: string): void {
  execFileSync("sh", ["-c", `head -c ${gibibyte} /dev/urandom > "$0"`, path]);
}

/** Changes a few bytes in the middle of a large file. */
export function touchLarge(path: string, seed: number): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, Buffer.from(`seed ${seed}`), 0, undefined, gibibyte / 2);
  closeSync(descriptor);
}
