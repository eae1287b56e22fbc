import { setTimeout as delay } from "node:timers/promises";
import { inheritedCount } from "../../engine/compare/lineage.ts";
import type { DriftItem } from "../../engine/environment/drift.ts";
import type { FoundCheckpoint } from "../commands/targets.ts";
import { checkpointPlace } from "../labels/checkpointLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import type { ContinuingVerb, ContinuingWay, ResumeFacts } from "./resumeFacts.ts";

/** Milliseconds for which a person waits for what the environment is now, before they can choose. */
const driftLimit = 2_000;

/** What memory knows of going on from a checkpoint. */
export function knownFacts(
  { engine, experiment, checkpoint }: FoundCheckpoint,
  asked: ContinuingVerb,
  way: ContinuingWay,
): Omit<ResumeFacts, "changes" | "drift"> {
  const index = experiment.checkpoints.indexOf(checkpoint);
  const live = engine.runs.runs.filter(isLive);
  const others = engine.experiments.experiments.filter(({ ref }) => ref !== experiment.ref);
  return {
    asked,
    way,
    experiment: experiment.name,
    place: checkpointPlace(checkpoint),
    after: experiment.checkpoints.length - 1 - index,
    isOwn: index >= inheritedCount(experiment),
    isShared: others.some(({ checkpoints }) => checkpoints.at(-1)?.sha === checkpoint.sha),
    isRunning: live.some((run) => run.experiment === experiment.name && run.baseline === experiment.baseline),
    busyWith: live.find(({ place }) => place === "workspace")?.experiment ?? null,
  };
}

/** The same with what changed since, which is read from the disk. What can't be told counts as nothing. */
export async function gatherFacts(
  found: FoundCheckpoint,
  asked: ContinuingVerb,
  way: ContinuingWay,
): Promise<ResumeFacts> {
  const { engine, checkpoint } = found;
  const [changes, drift] = await Promise.all([
    way === "own-code" ? null : engine.changesSince(checkpoint),
    driftOf(found),
  ]);
  return { ...knownFacts(found, asked, way), changes: changes?.ok ? changes.value : [], drift };
}

async function driftOf({ engine, experiment, checkpoint }: FoundCheckpoint): Promise<readonly DriftItem[]> {
  const over = new AbortController();
  try {
    const limit = delay(driftLimit, null, { signal: over.signal }).catch(() => null);
    return (await Promise.race([engine.driftSince(experiment, checkpoint), limit]))?.items ?? [];
  } finally {
    over.abort();
  }
}
