import { hostname } from "node:os";
import { isAlive } from "../../runner/process.ts";
import { ProcessTree, runMark } from "../../runner/tree.ts";
import type { RunEnd } from "../model.ts";
import { Lease } from "../system/lease.ts";
import { isFinal, type RunRecord, type RunRecords } from "./record.ts";
import { RunnerFolder } from "./runnerRecord.ts";
import { judge } from "./stageLaunch.ts";

/**
 * How a run ended whose every process is dead, so that nobody has written it down; `null` for one that is over, that
 * goes on, or that may go on as far as this machine can tell.
 */
export function endOfLeftRun(
  record: RunRecord,
  records: RunRecords,
  leaseDirectory: string,
): RunEnd["state"] | null {
  if (isFinal(record.state) || Lease.holder(leaseDirectory)?.runId === record.id) return null;
  const index = record.stages.findIndex(({ state }) => state === "running");
  const launches = record.stages[index]?.launches.length ?? 0;
  if (launches === 0) return "lost";
  const status = new RunnerFolder(records.launchDirectory(record.id, index, launches)).status();
  if (status?.end) {
    const { state } = judge({ kind: "ended", end: status.end });
    // What was to follow did not.
    return state === "succeeded" && index + 1 < record.stages.length ? "interrupted" : state;
  }
  const { runner, child } = status ?? {};
  if (runner && runner.host !== hostname()) return null;
  const isGoingOn = [runner, child].some((process) => process != null && isAlive(process));
  return isGoingOn || new ProcessTree(runMark(record.id), null).living().length > 0 ? null : "lost";
}
