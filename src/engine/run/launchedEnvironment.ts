import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { RunRecord, RunRecords } from "./record.ts";
import { RunnerFolder } from "./runnerRecord.ts";
import type { RunServices } from "./services.ts";

/** Milliseconds for which storing a checkpoint waits for its environment. Training does not wait for that. */
const patience = 15_000;

/**
 * What a stage of a run runs in, by the variables that its runner saw. `null` while nobody can tell: the next
 * checkpoint asks again.
 */
export async function launchedEnvironment(
  services: Pick<RunServices, "environments" | "project">,
  records: RunRecords,
  record: RunRecord,
  { address }: Stage,
): Promise<Environment | null> {
  const index = record.stages.findIndex(({ stage }) => stage.address === address);
  const entry = record.stages[index];
  if (entry === undefined) return null;
  const folder = new RunnerFolder(records.launchDirectory(record.id, index, entry.launches.length));
  const search = folder.status()?.search;
  if (search === undefined) return null;
  const over = new AbortController();
  try {
    return await Promise.race([
      services.environments.ofLaunched(entry.stage, services.project.root, search),
      delay(patience, null, { signal: over.signal }),
    ]);
  } catch {
    // Nothing that can go wrong here is worth a checkpoint.
    return null;
  } finally {
    over.abort();
  }
}
