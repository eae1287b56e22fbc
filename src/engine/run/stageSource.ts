import { stepLabel } from "../compare/present.ts";
import type { Checkpoint } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import { labelOf } from "../store/restorePlan.ts";
import { canContinue, findLoad, policyOf } from "./load.ts";
import { type GivenAnswer, givenAnswer } from "./openQuestion.ts";
import type { RunRecord, StageRecord } from "./record.ts";
import type { RunServices } from "./services.ts";

/** What a stage starts from, and lines about it for its terminal. */
export type Source = {
  /** What it goes on from and why, for people; `null` for a fresh start. */
  readonly from: string | null;
  readonly notes: readonly string[];
} & (
  | {
      /** Its outputs are what they are to be: restored when the run was started, or made by its last iteration. */
      readonly kind: "ready";
      readonly step: number | null;
      readonly answer: GivenAnswer | null;
    }
  | { readonly kind: "restore"; readonly checkpoint: Checkpoint }
  | { readonly kind: "fresh"; readonly keepsCheckpoints: boolean }
);

/** What the next launch of a stage starts from. */
export async function findSource(
  services: RunServices,
  record: RunRecord,
  entry: StageRecord,
): Promise<Source> {
  const { stage, launches, iteration } = entry;
  const isResumed = record.resume?.stage === stage.address;
  const isFirst = launches.length === 0;
  if (isFirst && isResumed) return resumed(record);
  if (!isFirst && !launches.some((launch) => launch.iteration === iteration)) {
    const step = record.last?.step ?? null;
    return {
      kind: "ready",
      step,
      answer: null,
      from: `iteration ${iteration - 1}`,
      notes: [`iteration ${iteration}`],
    };
  }
  const policy = policyOf(stage, record);
  if (policy === "none" && !isResumed && record.from?.stage !== stage.address) {
    return {
      kind: "fresh",
      keepsCheckpoints: true,
      from: null,
      notes: ["load policy none: the code chooses"],
    };
  }
  return isFirst ? loaded(services, record, stage) : retried(services, record, entry, isResumed);
}

function resumed({ resume, resumedFrom }: RunRecord): Source {
  const step = resume?.step ?? null;
  const place = step === null ? "" : `, step ${step}`;
  const from = resumedFrom === null ? null : `${resumedFrom.experiment}@${resumedFrom.sequence}${place}`;
  return { kind: "ready", step, answer: resume?.answer ?? null, from, notes: [] };
}

/** The first launch of a fresh run. What changed since the checkpoint was agreed to, or nothing is loaded. */
async function loaded(services: RunServices, record: RunRecord, stage: Stage): Promise<Source> {
  const load = await findLoad(services, stage, record);
  if ("nothing" in load) {
    const notes = load.nothing === null ? [] : [`nothing is loaded: ${load.nothing}`];
    return { kind: "fresh", keepsCheckpoints: false, from: null, notes };
  }
  const { checkpoint, why, changes } = load;
  const place = labelOf(checkpoint);
  const changed = changes.map((change) => `changed since ${place}: ${change}`);
  if (changes.length > 0 && !record.acceptsChanges) {
    const note = `${place} (${why}) is not loaded, as nobody has agreed to what changed since`;
    return { kind: "fresh", keepsCheckpoints: false, from: null, notes: [note, ...changed] };
  }
  const from = `${place}, ${stepLabel(checkpoint)} (${why})`;
  return { kind: "restore", checkpoint, from, notes: [`loaded ${from}`, ...changed] };
}

/** A retry goes on from the run's own latest checkpoint of the stage, else from where the run began. */
async function retried(
  services: RunServices,
  record: RunRecord,
  { stage, launches, iteration }: StageRecord,
  isResumed: boolean,
): Promise<Source> {
  await services.experiments.refresh();
  const all = services.experiments.experiments.flatMap((experiment) => experiment.checkpoints);
  // By their order in the line: the clock may have gone back since.
  const own = all
    .filter((checkpoint) => checkpoint.run === record.id && canContinue(checkpoint, stage))
    .toSorted((a, b) => a.sequence - b.sequence)
    .at(-1);
  const origin = isResumed ? record.resumedFrom?.sha : undefined;
  const checkpoint = own ?? all.find(({ sha }) => sha === origin);
  const attempt = `attempt ${launches.filter((launch) => launch.iteration === iteration).length + 1}`;
  if (checkpoint === undefined) {
    const again = await loaded(services, record, stage);
    return { ...again, notes: [attempt, ...again.notes] };
  }
  const from = `${labelOf(checkpoint)}, ${stepLabel(checkpoint)} (the run's own latest)`;
  return { kind: "restore", checkpoint, from, notes: [`${attempt}, from ${from}`] };
}

/** What the environment of the stage's commands says about its start. */
export function resumedOf(
  source: Source,
): { readonly step: number | null; readonly answer: GivenAnswer | null } | null {
  if (source.kind === "fresh") return null;
  if (source.kind === "ready") return { step: source.step, answer: source.answer };
  return { step: source.checkpoint.step, answer: givenAnswer(source.checkpoint) };
}
