import { resolve } from "node:path";
import type { Checkpoint } from "../model.ts";
import { lockPathOfStage, parseLock, workingDirectoriesOf } from "../pipeline/lock.ts";
import type { Stage, StageCause } from "../pipeline/stage.ts";
import { inputCauses, plainCause } from "../pipeline/status.ts";
import { Git } from "../system/git.ts";
import type { RunServices } from "./services.ts";

/**
 * What a stage uses (command, dependencies, params) that is other than when a checkpoint of it was recorded. `mayFetch`:
 * a partial clone may get what it lacks.
 */
export async function inputsChangedSince(
  { project, hasher, experiments }: Pick<RunServices, "project" | "hasher" | "experiments">,
  stage: Stage,
  checkpoint: Checkpoint,
  { mayFetch }: { readonly mayFetch: boolean },
): Promise<readonly StageCause[]> {
  const path = lockPathOfStage(stage);
  const show = async () => {
    const args = ["show", `${checkpoint.sha}:${project.prefix}${path}`];
    const output = await new Git(project.workTree).run(args, { mayFetch: true });
    return output.code === 0 ? output.stdout : null;
  };
  const bytes = (await experiments.fileAt(checkpoint.sha, path)) ?? (mayFetch ? await show() : null);
  const lock =
    bytes === null
      ? null
      : parseLock(bytes.toString("utf8"), path, workingDirectoriesOf([stage], stage.file));
  const entry = lock?.ok ? lock.value.entries.get(stage.name) : undefined;
  if (entry === undefined) return [plainCause("it is not recorded what it was made with")];
  return inputCauses(project, stage, entry, (file, legacy) =>
    hasher.hashPath(resolve(project.root, file), legacy),
  );
}
