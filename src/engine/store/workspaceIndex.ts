import type { Pipeline } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { PrivateIndex } from "./privateIndex.ts";

/**
 * A private index with what a checkpoint has of the workspace beside the outputs in the cache: tracked files as they
 * are, and untracked ones that are neither ignored nor large.
 */
export async function indexOfWorkspace(
  project: Project,
  pipeline: Pipeline,
  path: string,
): Promise<PrivateIndex> {
  const index = await PrivateIndex.fromWorkspace(project, path);
  const cached = cachedOutputs(pipeline).map((output) => project.prefix + output);
  await index.remove(await index.list(cached));
  await index.addWorkspace(cached);
  return index;
}

/** The cached outputs of all stages of a pipeline. */
export function cachedOutputs(pipeline: Pipeline): readonly string[] {
  return pipeline.stages.flatMap(({ outputs }) =>
    outputs.filter(({ cache }) => cache).map(({ path }) => path),
  );
}
