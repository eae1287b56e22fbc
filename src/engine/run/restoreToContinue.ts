import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint } from "../model.ts";
import { stageGraph } from "../pipeline/graph.ts";
import { lockPathOfStage } from "../pipeline/lock.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { type Result, success } from "../result.ts";
import { ignoreOutputs } from "../store/ignoreOutputs.ts";
import { planRestore, restore } from "../store/restore.ts";
import type { RunServices } from "./services.ts";

/**
 * Brings a stage's outputs to what a checkpoint has of them, so that the stage can go on. What it needs from earlier
 * stages and is not there, as in a fresh clone, comes from the checkpoint as well. `stages` are all of the pipeline.
 */
export async function restoreToContinue(
  services: Pick<RunServices, "project" | "hasher">,
  stages: readonly Stage[],
  stage: Stage,
  checkpoint: Checkpoint,
): Promise<Result<void>> {
  const { project, hasher } = services;
  const absent = absentInputs(project, stages, stage);
  const own = checkpoint.stage === null ? stage.outputs : checkpoint.outs;
  const paths = [...own.map(({ path }) => path), ...absent.flatMap((input) => input.paths)];
  // A checkpoint of another program has the outputs of all stages; those behind this one are none of its business.
  const scope = absent.length === 0 && checkpoint.stage !== null ? "outputs" : { paths };
  const plan = await planRestore(project, checkpoint, scope, hasher);
  if (!plan.ok) return plan;
  const restored = await restore(plan.value);
  if (!restored.ok) return restored;
  for (const { maker } of absent) await ignoreOutputs(project, maker);
  return success(undefined);
}

/**
 * What a stage depends on that other stages make and that is not there, with the lock files that say how it was made
 * where there are none.
 */
function absentInputs(
  project: Project,
  stages: readonly Stage[],
  stage: Stage,
): readonly { readonly maker: Stage; readonly paths: readonly string[] }[] {
  const isAbsent = (path: string) => !existsSync(join(project.root, path));
  const needed = [...stage.dependencies, ...stage.params.map(({ file }) => file)];
  const makers = stageGraph(stages).upstream.get(stage.address) ?? new Set();
  return stages.flatMap((maker) => {
    if (!makers.has(maker.address)) return [];
    const outputs = maker.outputs
      .map(({ path }) => path)
      .filter((path) => isAbsent(path) && needed.some((input) => overlap(input, path)));
    if (outputs.length === 0) return [];
    const locks = [lockPathOfStage(maker), lockPathOfStage(stage)].filter(isAbsent);
    return [{ maker, paths: [...outputs, ...locks] }];
  });
}

function overlap(a: string, b: string): boolean {
  return a === "" || b === "" || `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
