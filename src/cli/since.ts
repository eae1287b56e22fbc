import { changesText } from "../engine/compare/changes.ts";
import type { Engine } from "../engine/engine.ts";
import { driftText } from "../engine/environment/drift.ts";
import type { Checkpoint, Experiment } from "../engine/model.ts";

/** Items that are named before the rest is counted. */
const named = 4;

/**
 * What a run that goes on from a checkpoint meets that is other than then, on one line: `since amber-heron@3: params.yaml
 * changed; Python 3.11.2 → 3.12.1`. With the checkpoint's own code only the environment counts. `null`: nothing.
 */
export async function sinceLine(
  engine: Engine,
  experiment: Experiment,
  checkpoint: Checkpoint,
  code: "workspace" | "checkpoint",
): Promise<string | null> {
  const [changes, drift] = await Promise.all([
    code === "workspace" ? engine.changesSince(checkpoint) : null,
    engine.driftSince(experiment, checkpoint),
  ]);
  // What can't be told is no reason not to go on: starting says what is wrong.
  const files = changes?.ok ? changesText(changes.value, named) : "";
  const parts = [files === "" ? "" : `${files} changed`, driftText(drift.items, named)].filter(
    (part) => part !== "",
  );
  if (parts.length === 0) return null;
  return `since ${checkpoint.experiment}@${checkpoint.sequence}: ${parts.join("; ")}.`;
}
