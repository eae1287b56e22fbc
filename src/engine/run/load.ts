import type { Checkpoint } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import { failure, type Result, success } from "../result.ts";
import { inputsChangedSince } from "./inputChanges.ts";
import { authorsOf, ownAddress } from "./namespace.ts";
import type { RunRecord } from "./record.ts";
import type { LoadPolicy } from "./request.ts";
import type { RunServices } from "./services.ts";

type Services = Pick<RunServices, "project" | "hasher" | "experiments">;

/** What is loaded at the start of a fresh run of a stage. */
export interface Load {
  readonly checkpoint: Checkpoint;
  /** Why this one, for people. */
  readonly why: string;
  /** What the stage uses that is other than when the checkpoint was recorded, for people. */
  readonly changes: readonly string[];
}

/** What decides on loads beside the stages' own settings. */
export type LoadOptions = Pick<RunRecord, "policy" | "from">;

/** What a stage loads when it starts, or why it loads nothing although it is asked to (`null`: nobody asked). */
export async function findLoad(
  services: Services,
  stage: Stage,
  options: LoadOptions,
): Promise<Load | { readonly nothing: string | null }> {
  const named = options.from?.stage === stage.address ? options.from.sha : null;
  if (named === null && policyOf(stage, options) !== "eager") return { nothing: null };
  await services.experiments.refresh();
  const all = services.experiments.experiments.flatMap((experiment) => experiment.checkpoints);
  const chosen =
    named === null
      ? await newestOf(services, stage, all)
      : { checkpoint: all.find(({ sha }) => sha === named), why: "as asked for" };
  const { checkpoint, why } = chosen;
  if (checkpoint === undefined) return { nothing: why };
  const changes = await inputsChangedSince(services, stage, checkpoint, { mayFetch: true });
  return { checkpoint, why, changes: changes.map(({ text }) => text) };
}

export function policyOf({ settings }: Stage, { policy }: Pick<LoadOptions, "policy">): LoadPolicy {
  return policy ?? settings.loadPolicy;
}

/** Refuses a load whose checkpoint was made with something else than there is now, and tells what that is. */
export async function checkLoads(
  services: Services,
  stages: readonly Stage[],
  options: LoadOptions,
): Promise<Result<void>> {
  for (const stage of stages) {
    const load = await findLoad(services, stage, options);
    if ("nothing" in load || load.changes.length === 0) continue;
    const { experiment, sequence } = load.checkpoint;
    const loaded = `${stage.address} would go on from ${experiment}@${sequence} (${load.why})`;
    return failure("load-changed", `${loaded}, but since then: ${load.changes.join("; ")}.`);
  }
  return success(undefined);
}

/** Whether a checkpoint holds a state of the stage that its author means to be continued. */
export function canContinue(checkpoint: Checkpoint, stage: Stage): boolean {
  const isMidway = checkpoint.kind !== "stage-end" || checkpoint.progress?.again === true;
  return (
    checkpoint.stage === stage.address &&
    isMidway &&
    checkpoint.metadata.latest !== false &&
    !checkpoint.annotations.thinned
  );
}

async function newestOf(
  { project }: Services,
  stage: Stage,
  all: readonly Checkpoint[],
): Promise<{ readonly checkpoint: Checkpoint | undefined; readonly why: string }> {
  const usable = all
    .filter((checkpoint) => canContinue(checkpoint, stage))
    .toSorted((a, b) => b.createdAt - a.createdAt || b.sequence - a.sequence);
  const words = `the latest checkpoint of ${stage.address}; load policy eager`;
  if (stage.settings.scope === "everyone" || usable.length === 0) {
    return { checkpoint: usable[0], why: usable.length > 0 ? words : "there is no checkpoint yet" };
  }
  const own = await ownAddress(project);
  const authors = await authorsOf(project, usable);
  const checkpoint = usable.find(({ sha }) => authors.get(sha) === own);
  if (checkpoint !== undefined) return { checkpoint, why: words };
  return {
    checkpoint,
    why: `all checkpoints of ${stage.address} are of others, and meta.savepoint.scope is own`,
  };
}
