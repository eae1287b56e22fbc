import { goalsOfStages } from "../engine/compare/best.ts";
import { type LineSeam, seamsOf } from "../engine/compare/lineSeams.ts";
import type { Engine } from "../engine/engine.ts";
import type { Experiment } from "../engine/model.ts";
import type { Pipeline } from "../engine/pipeline/stage.ts";

/** By experiment, which is replaced and never changed, with the list in which its parent was looked for. */
const known = new WeakMap<Experiment, Known>();

interface Known {
  readonly all: readonly Experiment[];
  readonly stages: Pipeline["stages"];
  readonly seams: readonly LineSeam[];
}

/** The seams of an experiment, oldest first. */
export function seamsIn(
  engine: Pick<Engine, "experiments" | "pipeline">,
  experiment: Experiment,
): readonly LineSeam[] {
  const all = engine.experiments.experiments;
  const { stages } = engine.pipeline.pipeline;
  const before = known.get(experiment);
  if (before?.all === all && before.stages === stages) return before.seams;
  const seams = seamsOf(experiment, all, goalsOfStages(stages));
  known.set(experiment, { all, stages, seams });
  return seams;
}
