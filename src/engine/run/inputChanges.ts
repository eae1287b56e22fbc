import { join } from "node:path";
import type { Checkpoint } from "../model.ts";
import { lockPathOfStage, parseLock, workingDirectoriesOf } from "../pipeline/lock.ts";
import type { Stage, StageCause } from "../pipeline/stage.ts";
import { inputCauses, plainCause } from "../pipeline/status.ts";
import { Git } from "../system/git.ts";
import type { RunServices } from "./services.ts";

/** What a stage uses (command, dependencies, params) that is other than when a checkpoint of it was recorded. */
export async function inputsChangedSince(
  { project, hasher }: Pick<RunServices, "project" | "hasher">,
  stage: Stage,
  checkpoint: Checkpoint,
): Promise<readonly StageCause[]> {
  const path = lockPathOfStage(stage);
  const args = ["show", `${checkpoint.sha}:${project.prefix}${path}`];
  const output = await new Git(project.workTree).run(args, { mayFetch: true });
  const lock =
    output.code === 0
      ? parseLock(output.stdout.toString("utf8"), path, workingDirectoriesOf([stage], stage.file))
      : null;
  const entry = lock?.ok ? lock.value.entries.get(stage.name) : undefined;
  if (entry === undefined) return [plainCause("it is not recorded what it was made with")];
  return inputCauses(project, stage, entry, (file, legacy) =>
    hasher.hashPath(join(project.root, file), legacy),
  );
}
