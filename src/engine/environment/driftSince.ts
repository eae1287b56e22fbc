import type { Checkpoint, Experiment } from "../model.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Project } from "../project.ts";
import { type Drift, environmentDrift } from "./drift.ts";
import type { Environments } from "./environments.ts";
import { recordedEnvironment } from "./recordedEnvironment.ts";

/** What a stage would run in now that is other than when one of its checkpoints was recorded. */
export async function driftSince(
  project: Project,
  environments: Environments,
  { checkpoints }: Pick<Experiment, "checkpoints">,
  checkpoint: Checkpoint,
): Promise<Drift> {
  const recorded = recordedEnvironment(checkpoints, checkpoint);
  if (recorded === null) return { recorded, now: null, items: [] };
  const { stages } = await loadPipeline(project);
  const stage = stages.find(({ address }) => address === checkpoint.stage);
  const now = stage === undefined ? null : await environments.now(stage);
  return { recorded, now, items: now === null ? [] : environmentDrift(recorded, now) };
}
