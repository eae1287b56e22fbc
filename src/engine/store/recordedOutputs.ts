import type { Checkpoint, OutputRecord } from "../model.ts";
import type { Project } from "../project.ts";
import { CatFile } from "./catFile.ts";
import { CommitReader } from "./commitReader.ts";
import { isInside } from "./directoryObject.ts";
import { RecordedTree } from "./recordedTree.ts";
import type { RestoreScope } from "./restorePlan.ts";
import { TreePipelines } from "./treePipeline.ts";
import { TreeValues } from "./treeValues.ts";

/** The outputs that a restore is about: those that the checkpoint vouches for, or all that its lock files name. */
export async function recordedOutputs(
  project: Project,
  checkpoint: Checkpoint,
  scope: RestoreScope,
): Promise<readonly OutputRecord[]> {
  if (scope === "outputs") return checkpoint.outs;
  const objects = new CatFile(project.root);
  try {
    const commit = await new CommitReader(project, objects).read(checkpoint.sha);
    const named = commit === null ? [] : (await new TreeValues(project, objects).read(commit.tree, {})).outs;
    const byPath = new Map([...named, ...checkpoint.outs].map((output) => [output.path, output]));
    return [...byPath.values()];
  } finally {
    objects.dispose();
  }
}

/**
 * The outputs that a checkpoint's stage had not made yet: going on from there means to have none. Those that lie outside
 * of the project are left alone.
 */
export async function absentOutputs(
  project: Project,
  checkpoint: Checkpoint,
): Promise<readonly { readonly path: string; readonly cached: boolean }[]> {
  if (checkpoint.stage === null) return [];
  const objects = new CatFile(project.root);
  try {
    const commit = await new CommitReader(project, objects).read(checkpoint.sha);
    if (commit === null) return [];
    const tree = new RecordedTree(objects, commit.tree, project.prefix);
    const { pipeline } = await new TreePipelines(project).read(tree);
    const stage = pipeline.stages.find(({ address }) => address === checkpoint.stage);
    const present = new Set(checkpoint.outs.map(({ path }) => path));
    return (stage?.outputs ?? [])
      .filter(({ path }) => isInside(path) && !present.has(path))
      .map(({ path, cache }) => ({ path, cached: cache }));
  } finally {
    objects.dispose();
  }
}
