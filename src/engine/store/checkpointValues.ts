import { type OutputRecord, signalMetricsFile, type Value, type ValuesByFile } from "../model.ts";
import { stageGraph } from "../pipeline/graph.ts";
import { pick } from "../pipeline/params.ts";
import type { Pipeline, Stage } from "../pipeline/stage.ts";
import type { CheckpointValues } from "./message.ts";

/** What of a pipeline a checkpoint of one stage vouches for. */
export interface Scope {
  /** The stage, and all that it builds on: their outputs belong to the state that is recorded. */
  readonly stages: readonly Stage[];
  readonly metrics: readonly string[];
  readonly params: readonly { readonly file: string; readonly keys: readonly string[] | null }[];
}

/**
 * The stage with those upstream of it. What comes after the stage is still of an earlier run, so its metrics are not
 * those of the checkpoint.
 */
export function scopeOf(pipeline: Pipeline, stage: Stage | null): Scope {
  const shown = pipeline.shown;
  const all =
    stage && !pipeline.stages.some(({ address }) => address === stage.address)
      ? [...pipeline.stages, stage]
      : pipeline.stages;
  const { upstream } = stageGraph(all);
  const chosen = new Set<string>(stage ? [stage.address] : all.map(({ address }) => address));
  // A set that grows while it is walked through yields what was added, too.
  for (const address of chosen) for (const next of upstream.get(address) ?? []) chosen.add(next);
  const stages = all.filter(({ address }) => chosen.has(address));
  const others = all.filter((one) => !stages.includes(one));
  const metrics = metricsOf(stages, shown?.metrics).filter(
    (path) => !others.some((one) => isMadeBy(one, path)),
  );
  return {
    stages,
    metrics,
    params: [
      { file: "params.yaml", keys: null },
      ...(shown?.params ?? []).map((file) => ({ file, keys: null })),
      ...stages.flatMap(({ params }) => params),
    ],
  };
}

/** The files and folders of metrics that a pipeline names, in its stages or beside them. */
export function metricsOf(stages: readonly Stage[], shown: readonly string[] = []): readonly string[] {
  const made = stages.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "metric"));
  return [...new Set([...made.map(({ path }) => path), ...shown])];
}

/** Whether a path is an output of a stage, or in one. */
export function isMadeBy(stage: Pick<Stage, "outputs">, path: string): boolean {
  return stage.outputs.some((output) => path === output.path || path.startsWith(`${output.path}/`));
}

/** The values that a checkpoint shows, from wherever `read` finds those of a file; `null` leaves the file out. */
export async function collectValues(
  scope: Pick<Scope, "metrics" | "params">,
  read: (file: string) => Promise<{ readonly [key: string]: Value } | null>,
  signalMetrics: { readonly [key: string]: Value },
  outs: readonly OutputRecord[],
): Promise<CheckpointValues> {
  const metrics: { [file: string]: ValuesByFile[string] } = {};
  for (const file of scope.metrics) {
    const values = await read(file);
    if (values !== null) metrics[file] = values;
  }
  if (Object.keys(signalMetrics).length > 0) metrics[signalMetricsFile] = signalMetrics;
  const params: { [file: string]: { readonly [key: string]: Value } } = {};
  for (const { file, keys } of scope.params) {
    const known = params[file];
    const values = await read(file);
    if (values === null) continue;
    params[file] = keys === null ? values : keys.reduce((sum, key) => withKey(sum, values, key), known ?? {});
  }
  return { metrics, params, outs };
}

/** Adds the value at a dotted key, at its place as in the file. */
function withKey(
  values: { readonly [key: string]: Value },
  source: { readonly [key: string]: Value },
  dottedKey: string,
): { readonly [key: string]: Value } {
  const value = pick(source, dottedKey);
  if (value === undefined) return values;
  const [first = "", ...rest] = dottedKey.split(".");
  const inner = source[first];
  const isNested = rest.length > 0 && typeof inner === "object" && inner !== null && !Array.isArray(inner);
  if (!isNested) return { ...values, [first]: source[first] ?? value };
  const known = values[first];
  const sofar = typeof known === "object" && known !== null && !Array.isArray(known) ? known : {};
  return {
    ...values,
    [first]: withKey(
      sofar as { readonly [key: string]: Value },
      inner as { readonly [key: string]: Value },
      rest.join("."),
    ),
  };
}
