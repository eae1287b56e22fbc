import * as vscode from "vscode";
import { type BestCheckpoint, bestCheckpoint, type MetricGoal, settingOf } from "../engine/compare/best.ts";
import type { Engine } from "../engine/engine.ts";
import type { Experiment } from "../engine/model.ts";
import { inferGoal } from "../engine/pipeline/goal.ts";
import { readSetting } from "./base/settings.ts";

/** Experiments are never changed but replaced, so that what was worked out for one stays true. */
const known = new WeakMap<Experiment, { readonly setting: string; readonly best: BestCheckpoint | null }>();

/** The best checkpoint of an experiment: by the user's setting, else by what its stage says, else by the names. */
export function bestOf(engine: Engine, experiment: Experiment): BestCheckpoint | null {
  const metric = metricSetting(engine, experiment);
  const setting = metric === null ? "" : `${metric.goal} ${metric.key}`;
  const cached = known.get(experiment);
  if (cached?.setting === setting) return cached.best;
  const best = bestCheckpoint(experiment, metric);
  known.set(experiment, { setting, best });
  return best;
}

function metricSetting(engine: Engine, experiment: Experiment): MetricGoal | null {
  const key = readSetting("savepoint.experiments.metric", vscode.Uri.file(engine.project.root)).trim();
  if (key !== "") return { key, goal: inferGoal(key) ?? "maximize" };
  return settingOf(experiment, engine.pipeline.pipeline.stages);
}
