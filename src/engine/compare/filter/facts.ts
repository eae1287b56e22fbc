import type { Experiment, ExperimentStatus, Value, ValuesByFile } from "../../model.ts";
import { bestCheckpoint, type MetricGoal } from "../best.ts";
import { flatten, numberOf } from "../values.ts";

/** A value that an expression compares; `null` where an experiment has none of that name. */
export type Fact = string | number | boolean | null;

/** What an expression can ask of an experiment. */
export interface Facts {
  /** The value of a name, or `undefined` when it is not a name of anything. */
  get(name: string): Fact | undefined;
  /** Names that people may have meant. */
  readonly names: readonly string[];
}

/** What experiments do not know by themselves. Times are milliseconds since the epoch. */
export interface FactsContext {
  readonly status: ExperimentStatus;
  readonly metric: MetricGoal | null;
  readonly now: number;
}

/**
 * The facts of an experiment: its own, and the params and metrics of its last checkpoint, by `params.KEY`,
 * `metrics.KEY`, `KEY`, or any of them with `FILE:` before the key. `age` is in seconds.
 */
export function factsOf(experiment: Experiment, { status, metric, now }: FactsContext): Facts {
  const last = experiment.checkpoints.at(-1);
  const own = new Map<string, Fact>([
    ["name", experiment.name],
    ["status", status],
    ["stage", last?.stage ?? null],
    ["step", last?.step ?? null],
    ["checkpoints", experiment.checkpoints.length],
    ["age", Math.max(0, now - (last?.createdAt ?? experiment.createdAt)) / 1000],
    ["created", experiment.createdAt / 1000],
    ["best", bestCheckpoint(experiment, metric)?.value ?? null],
    ["from", experiment.resumedFrom?.experiment ?? null],
    ["starred", experiment.checkpoints.some(({ annotations }) => annotations.starred)],
  ]);
  const values = new Map([
    ...named("params", last?.params ?? {}),
    // A metric and a param of one name are rare, and then it is the outcome that people ask for.
    ...named("metrics", last?.metrics ?? {}),
  ]);
  return {
    get: (name) => own.get(name) ?? values.get(name) ?? (own.has(name) ? null : undefined),
    names: [...own.keys(), ...values.keys()],
  };
}

function named(kind: "params" | "metrics", values: ValuesByFile): readonly (readonly [string, Fact])[] {
  const flat = flatten(values).toReversed();
  return flat.flatMap(({ file, key, value }) => {
    const fact = asFact(value);
    const names = [key, `${file}:${key}`, `${kind}.${key}`, `${kind}.${file}:${key}`];
    return names.map((name) => [name, fact] as const);
  });
}

function asFact(value: Value): Fact {
  const number = numberOf(value);
  if (number !== null) return number;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
