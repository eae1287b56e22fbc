import { posix } from "node:path";
import type { Value } from "../model.ts";

/** What a checkpoint says of the sets for which it was taken. */
export interface SetDescription {
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string;
  readonly metrics: { readonly [key: string]: Value };
}

/** A set by its path, with what its `trainer_state.json` holds if it has one. */
export interface NamedSet {
  readonly path: string;
  readonly state: string | null;
}

/** Describes sets that became complete together: by the one that is furthest, with the metrics of all. */
export function describeSets(sets: readonly NamedSet[]): SetDescription {
  const all = sets.map(describe);
  const [furthest] = all.toSorted((a, b) => (b.step ?? -1) - (a.step ?? -1));
  if (furthest === undefined) throw new RangeError("There is no set to describe.");
  const sameStep = all.filter(({ step }) => step === furthest.step || step === null);
  return { ...furthest, metrics: Object.assign({}, ...sameStep.map(({ metrics }) => metrics)) };
}

/** Whether a `trainer_state.json` is there in full. */
export function isWholeState(text: string): boolean {
  return parse(text) !== null;
}

function describe({ path, state }: NamedSet): SetDescription {
  const base = posix.basename(path);
  const written = readState(state);
  const { step, metrics } = readName(base);
  return {
    step: written?.step ?? step,
    total: written?.total ?? null,
    name: base.slice(0, 200),
    metrics: { ...metrics, ...written?.metrics },
  };
}

const ending = /\.(?:ckpt|keras|weights\.h5|h5|hdf5|pth?|bin|safetensors|pkl|npz|zip|tar)$/i;

/** The step, and values that the name gives beside it: `epoch=3-step=1200-val_loss=0.25.ckpt`. */
function readName(base: string): {
  readonly step: number | null;
  readonly metrics: SetDescription["metrics"];
} {
  // Lightning adds a version to a name that is taken.
  const stem = base.replace(ending, "").replace(/-v\d+$/, "");
  const metrics: { [key: string]: number } = {};
  const named = new Map<string, number>();
  for (const [, key = "", value = ""] of stem.matchAll(
    /([A-Za-z][\w/.]*)=(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/gi,
  )) {
    named.set(key.toLowerCase(), Number(value));
    if (!/^(?:global_?)?(?:step|epoch)$/i.test(key)) metrics[key] = Number(value);
  }
  const step =
    named.get("step") ?? named.get("global_step") ?? named.get("epoch") ?? namedNumber(stem) ?? null;
  return { step: step !== null && Number.isSafeInteger(step) && step >= 0 ? step : null, metrics };
}

/** `checkpoint-500`, `global_step500`, `model_epoch_7`, `weights.07-0.52`, `12`; nothing of `model-v2` or `last`. */
function namedNumber(stem: string): number | undefined {
  const match =
    /(?:^|[^a-z])(?:global[_-]?)?step[_-]?(\d+)/i.exec(stem) ??
    /(?:checkpoint|ckpt|iter(?:ation)?)[_-]?(\d+)/i.exec(stem) ??
    /epoch[_-]?(\d+)/i.exec(stem) ??
    /^(\d+)$/.exec(stem) ??
    /[._-](\d+)(?:$|[-_])/.exec(stem);
  return match?.[1] === undefined || match[1].length > 15 ? undefined : Number(match[1]);
}

/** What Hugging Face's trainer says of itself; `null` when it is no such file, or half of one. */
function readState(text: string | null): Omit<SetDescription, "name"> | null {
  const state = text === null ? null : parse(text);
  if (state === null) return null;
  const step = numberOf(state.global_step);
  const entries = (Array.isArray(state.log_history) ? state.log_history : []).filter(isRecord);
  const now = entries.filter((entry) => entry.step === step);
  const said = now.length > 0 ? now : entries.slice(-1);
  const metrics: { [key: string]: Value } = {};
  for (const [key, value] of said.flatMap((entry) => Object.entries(entry))) {
    if (key !== "step" && (numberOf(value) !== null || noNumbers.includes(value)))
      metrics[key] = value as Value;
  }
  const total = numberOf(state.max_steps);
  return { step, total: total !== null && total > 0 ? total : null, metrics };
}

/** How values that are no numbers are written. */
const noNumbers: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

function parse(text: string): { readonly [key: string]: unknown } | null {
  try {
    // Python writes NaN and infinities as words, which JSON does not know.
    const value: unknown = JSON.parse(text.replace(/([:[,]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '$1"$2"'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
