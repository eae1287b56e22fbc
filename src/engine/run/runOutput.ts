import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatTime } from "../compare/present.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { isFinal, type RunRecord, RunRecords } from "./record.ts";
import type { LaunchRecord, Run } from "./run.ts";
import { RunnerFolder } from "./runnerRecord.ts";
import { readStageLog } from "./stageLog.ts";

/** Bytes of output that are kept over all runs; that of the oldest ones goes first. */
const totalLimit = 256 * 1024 * 1024;
const logFile = /^log(\.(first|older|1|2))?$/;

/**
 * What the stages of a run wrote to their terminals, launch by launch, each below a line that says how it went. Also of
 * a run that goes on: what there is so far.
 */
export async function readRunOutput(
  project: Project,
  { id: runId, directory }: Pick<Run, "id" | "directory">,
): Promise<Result<string>> {
  const own = new RunRecords({ ...project, root: directory });
  // That of an isolated run moves to the project when its worktree goes.
  const records = own.ids().includes(runId) ? own : new RunRecords(project);
  const record = records.read(runId);
  if (record === null)
    return failure("no-run", `Nothing is known of the run ${runId} on this machine any more.`);
  const parts: string[] = [];
  for (const [index, entry] of record.stages.entries()) {
    for (const [launch, one] of entry.launches.entries()) {
      const folder = new RunnerFolder(records.launchDirectory(runId, index, launch + 1));
      const text = (await readStageLog(folder)) ?? "Savepoint: its output is not kept any more.\n";
      parts.push(`=== ${titleOf(entry.stage.address, launch + 1, one)}\n\n${text.replace(/\n*$/, "\n")}`);
    }
  }
  if (parts.length === 0) {
    return failure("no-output", `${record.experiment} has no output: none of its stages was started.`);
  }
  return success(parts.join("\n"));
}

/** Removes the output of the oldest runs that are over when all of it takes too much room. */
export function pruneOutput(project: Project): void {
  const records = new RunRecords(project);
  let total = 0;
  for (const id of records.ids().toReversed()) {
    const record = records.read(id);
    for (const file of record === null ? [] : logsOf(records, record)) {
      total += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (total > totalLimit && record !== null && isFinal(record.state)) rmSync(file, { force: true });
    }
  }
}

function logsOf(records: RunRecords, { id, stages }: RunRecord): readonly string[] {
  return stages.flatMap(({ launches }, index) =>
    launches.flatMap((_, launch) => {
      const folder = records.launchDirectory(id, index, launch + 1);
      return filesIn(folder)
        .filter((name) => logFile.test(name))
        .map((name) => join(folder, name));
    }),
  );
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function titleOf(stage: string, number: number, { startedAt, iteration, from, end }: LaunchRecord): string {
  const parts = [
    stage,
    number > 1 ? `launch ${number}` : null,
    iteration > 1 ? `iteration ${iteration}` : null,
    `${formatTime(startedAt)} UTC`,
    from === null ? null : `from ${from}`,
    end === null ? "running" : end.state === "succeeded" ? "succeeded" : `${end.state}: ${end.reason}`,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
