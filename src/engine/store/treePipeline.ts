import { posix } from "node:path";
import { type LockEntry, lockPathOf, parseLock } from "../pipeline/lock.ts";
import { type PipelineFile, parsePipelineFile } from "../pipeline/parse.ts";
import type { Pipeline, Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import type { RecordedTree } from "./recordedTree.ts";

/** A pipeline file may name files that name others; deeper than this it goes in circles. */
const deepest = 10;

/** Pipelines that are kept: neighbours in a line mostly share one. */
const mostKept = 50;

/** The pipeline of a commit, and what its lock files say of each stage's last run. */
export interface LockedPipeline {
  readonly pipeline: Pipeline;
  readonly locks: readonly { readonly stage: Stage; readonly entry: LockEntry }[];
}

/**
 * Reads pipelines as commits have them. Most commits have the same pipeline files and the same folders, so what was read
 * is kept by the ids of what it was read from.
 */
export class TreePipelines {
  readonly #project: Project;
  /** Pipeline files below a folder, relative to it, by the folder's id. */
  readonly #found = new Map<string, readonly string[]>();
  readonly #pipelines = new Map<string, LockedPipeline>();
  /** Files that the last pipeline was made from: most likely also those of the next. */
  #sources: readonly string[] = [];

  constructor(project: Project) {
    this.#project = project;
  }

  async read(tree: RecordedTree): Promise<LockedPipeline> {
    const root = await tree.entry("");
    const files = root === null ? [] : await this.#findFiles(tree, root.id);
    const guess = await this.#identity(tree, [...files, ...this.#sources]);
    const known = this.#pipelines.get(guess);
    if (known) return known;
    const texts = new Map<string, string | null>();
    const parsed = await this.#parse(tree, files, texts);
    const locked = await this.#lock(tree, files, parsed);
    this.#sources = [...new Set([...texts.keys(), ...files.map(lockPathOf)])];
    this.#pipelines.set(await this.#identity(tree, [...files, ...this.#sources]), locked);
    const [oldest] = this.#pipelines.keys();
    if (this.#pipelines.size > mostKept && oldest !== undefined) this.#pipelines.delete(oldest);
    return locked;
  }

  /** The parser asks for files one at a time and can't wait: what it missed is fetched, and it starts again. */
  async #parse(
    tree: RecordedTree,
    files: readonly string[],
    texts: Map<string, string | null>,
  ): Promise<readonly PipelineFile[]> {
    const missed = new Set<string>(files);
    let parsed: readonly PipelineFile[] = [];
    for (let round = 0; round < deepest && missed.size > 0; round += 1) {
      const paths = [...missed];
      missed.clear();
      await Promise.all(
        paths.map(async (path) => texts.set(path, (await tree.file(path))?.toString("utf8") ?? null)),
      );
      const read = (path: string) => {
        if (!texts.has(path)) missed.add(path);
        return texts.get(path) ?? null;
      };
      const root = this.#project.root.replaceAll("\\", "/");
      parsed = files.map((file) => parsePipelineFile({ text: texts.get(file) ?? "", file, root, read }));
    }
    return parsed;
  }

  async #lock(
    tree: RecordedTree,
    files: readonly string[],
    parsed: readonly PipelineFile[],
  ): Promise<LockedPipeline> {
    const stages = parsed.flatMap((file) => file.stages);
    const shown = {
      params: parsed.flatMap((file) => file.shown.params),
      metrics: parsed.flatMap((file) => file.shown.metrics),
      plots: parsed.flatMap((file) => file.shown.plots),
    };
    const locks = await Promise.all(
      files.map(async (file) => {
        const own = stages.filter((stage) => stage.file === file);
        const path = lockPathOf(file);
        const text = (await tree.file(path))?.toString("utf8") ?? "";
        const folders = new Map(own.map((stage) => [stage.name, stage.workingDirectory]));
        const lock = parseLock(text, path, folders);
        const entries = lock.ok ? lock.value.entries : new Map<string, LockEntry>();
        return own.flatMap((stage) => {
          const entry = entries.get(stage.name);
          return entry === undefined ? [] : [{ stage, entry }];
        });
      }),
    );
    return { pipeline: { stages, problems: [], files, shown }, locks: locks.flat() };
  }

  /** Pipeline files of the project, without those of projects inside it. */
  async #findFiles(tree: RecordedTree, folder: string): Promise<readonly string[]> {
    const known = this.#found.get(folder);
    if (known) return known;
    const entries = await tree.folder(folder);
    const files = entries
      .filter(({ name, kind }) => name === "dvc.yaml" && kind !== "folder")
      .map(({ name }) => name);
    for (const { name, kind, id } of entries) {
      if (kind !== "folder" || name === ".dvc" || name === "node_modules") continue;
      const isProject = (await tree.folder(id)).some((entry) => entry.name === ".dvc");
      if (isProject) continue;
      files.push(...(await this.#findFiles(tree, id)).map((path) => posix.join(name, path)));
    }
    this.#found.set(folder, files);
    return files;
  }

  async #identity(tree: RecordedTree, paths: readonly string[]): Promise<string> {
    const ids = await Promise.all(
      [...new Set(paths)].map(async (path) => [path, (await tree.entry(path))?.id ?? null]),
    );
    return JSON.stringify(ids);
  }
}
