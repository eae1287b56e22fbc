import type { Engine } from "../../engine/engine.ts";
import type { Checkpoint, Experiment } from "../../engine/model.ts";
import type { Run } from "../../engine/run/run.ts";

/** The `viewItem` of a row: words between semicolons, by which the manifest's menus decide what can be done with it. */
export function viewItem(...flags: readonly (string | false)[]): string {
  return `;${flags.filter((flag) => flag !== false).join(";")};`;
}

/** Whether a checkpoint can be gone on with by the code of now, or by its own only. */
export function continuable(engine: Engine, checkpoint: Checkpoint | undefined): "resumable" | "orphaned" {
  return checkpoint !== undefined && missingStage(engine, checkpoint) !== null ? "orphaned" : "resumable";
}

/** The stage of a checkpoint, when the pipeline does not have it any more. */
export function missingStage(engine: Engine, { stage }: Checkpoint): string | null {
  const { stages, problems, files } = engine.pipeline.pipeline;
  // Nothing is known before the files are read, nor of a stage with a mistake in it.
  const isRead = files.length > 0 && !problems.some(({ severity }) => severity === "error");
  return isRead && stage !== null && !stages.some(({ address }) => address === stage) ? stage : null;
}

/** The newest run of an experiment that is known here. */
export function newestRunOf(engine: Engine, { name, baseline }: Experiment): Run | null {
  return engine.runs.runs.findLast((run) => run.experiment === name && run.baseline === baseline) ?? null;
}

/** Whether there is output of a run: one of its stages was started. */
export function hasOutput(run: Run | null): boolean {
  return run?.stages.some(({ launches }) => launches.length > 0) === true;
}
