import type { OutputRecord, Value } from "../model.ts";
import { parseValues } from "../pipeline/params.ts";
import type { Project } from "../project.ts";
import { isObjectHash } from "./cache.ts";
import type { CatFile } from "./catFile.ts";
import { collectValues, scopeOf } from "./checkpointValues.ts";
import { isOutputPath } from "./directoryObject.ts";
import { recordedFile } from "./fileAt.ts";
import type { CheckpointValues } from "./message.ts";
import { RecordedTree } from "./recordedTree.ts";
import { type LockedPipeline, TreePipelines } from "./treePipeline.ts";

/** Bytes above which a metrics or params file is not read for display. */
const readLimit = 4 * 1024 * 1024;

type Values = { readonly [key: string]: Value };

/**
 * Reads metrics, params and outputs from the tree of a commit whose message does not say them: DVC's own, or one with
 * very many values. What can't be understood is left out, as another program may know better.
 */
export class TreeValues {
  readonly #project: Project;
  readonly #objects: CatFile;
  readonly #pipelines: TreePipelines;
  /** By the id of the file and its name. */
  readonly #values = new Map<string, Values | null>();

  constructor(project: Project, objects: CatFile) {
    this.#project = project;
    this.#objects = objects;
    this.#pipelines = new TreePipelines(project);
  }

  /** The values at a tree; `signalMetrics` are those that came inside the signal and stand in no file. */
  async read(tree: string, signalMetrics: Values): Promise<CheckpointValues> {
    const recorded = new RecordedTree(this.#objects, tree, this.#project.prefix);
    const locked = await this.#pipelines.read(recorded);
    const outs = outputsOf(locked);
    const scope = scopeOf(locked.pipeline, null);
    const metrics = await Promise.all(scope.metrics.map((path) => this.#filesAt(recorded, path)));
    return collectValues(
      { metrics: metrics.flat(), params: scope.params },
      (file) => this.#valuesOf(recorded, outs, file),
      signalMetrics,
      outs,
    );
  }

  async #valuesOf(tree: RecordedTree, outs: readonly OutputRecord[], file: string): Promise<Values | null> {
    const id = (await tree.entry(file))?.id ?? outs.find(({ path }) => path === file)?.hash;
    if (id === undefined || id === "") return null;
    const key = `${id} ${file}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const bytes = await recordedFile(this.#project, tree, outs, file);
    // What is not in this machine's cache may come later.
    if (bytes === null) return null;
    const parsed = bytes.length > readLimit ? null : parseValues(bytes.toString("utf8"), file);
    const values = parsed?.ok ? parsed.value : null;
    this.#values.set(key, values);
    return values;
  }

  /** A metrics path may be a folder of files. */
  async #filesAt(tree: RecordedTree, path: string): Promise<readonly string[]> {
    const entry = await tree.entry(path);
    if (entry?.kind !== "folder") return [path];
    const inside = await tree.folder(entry.id);
    return (await Promise.all(inside.map(({ name }) => this.#filesAt(tree, `${path}/${name}`)))).flat();
  }
}

function outputsOf({ locks }: LockedPipeline): readonly OutputRecord[] {
  return locks.flatMap(({ stage, entry }) =>
    entry.outputs
      // DVC allows outputs elsewhere; they are not the project's to restore.
      .filter(({ path }) => isOutputPath(path))
      .map((item) => ({
        ...item,
        hash: isObjectHash(item.hash) ? item.hash : "",
        cached: stage.outputs.find(({ path }) => path === item.path)?.cache ?? true,
      })),
  );
}
