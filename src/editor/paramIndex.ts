import type * as vscode from "vscode";
import { commonMetric, type ParamHistories, paramHistories } from "../engine/compare/paramHistory.ts";
import type { Engine } from "../engine/engine.ts";
import type { Experiment } from "../engine/model.ts";
import { keyPlaces } from "../engine/pipeline/keyPlaces.ts";
import { perVersion } from "./base/perVersion.ts";
import { bestOf } from "./bestMetric.ts";

/** By the index's list, which is replaced and never changed. */
const histories = new WeakMap<
  readonly Experiment[],
  { readonly metric: string; readonly all: ParamHistories }
>();

/** What each parameter of a project was tried with. */
export function paramsOf(engine: Engine): ParamHistories {
  const { experiments } = engine.experiments;
  const metric = commonMetric(experiments.map((experiment) => bestOf(engine, experiment)?.metric ?? null));
  const name = metric === null ? "" : `${metric.goal} ${metric.key}`;
  const cached = histories.get(experiments);
  if (cached?.metric === name) return cached.all;
  const all = paramHistories(experiments, metric);
  histories.set(experiments, { metric: name, all });
  return all;
}

/** The keys of a params or metrics file that is open, by its path in the project. */
export const keysIn = perVersion((document, path) => keyPlaces(document.getText(), path));

/** The files that hold parameters, by their paths in the project. */
export function paramsFiles({ pipeline }: Engine): ReadonlySet<string> {
  const { stages, shown } = pipeline.pipeline;
  return new Set([
    "params.yaml",
    ...stages.flatMap(({ params }) => params.map(({ file }) => file)),
    ...(shown?.params ?? []),
  ]);
}

/** The files that hold metrics. */
export function metricsFiles({ pipeline }: Engine): ReadonlySet<string> {
  const { stages, shown } = pipeline.pipeline;
  const made = stages.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "metric"));
  return new Set([...made.map(({ path }) => path), ...(shown?.metrics ?? [])]);
}

/** Files that may hold values of either kind, for VS Code to ask about. */
export const dataFileSelector: vscode.DocumentSelector = {
  scheme: "file",
  pattern: "**/*.{yaml,yml,json,toml,py}",
};
