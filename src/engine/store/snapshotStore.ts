import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Checkpoint, Environment, OutputRecord } from "../model.ts";
import { isOutside } from "../pipeline/build.ts";
import { type DataMap, toValues } from "../pipeline/data.ts";
import { fileReader } from "../pipeline/load.ts";
import {
  isLegacy,
  type LockEntry,
  type LockItem,
  lockPathOf,
  lockPathOfStage,
  parseLock,
  writeLockEntry,
} from "../pipeline/lock.ts";
import { lockedParams } from "../pipeline/params.ts";
import type { Pipeline, Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { writeAtomically } from "../system/atomicFile.ts";
import { Git } from "../system/git.ts";
import { recordingDirectory, recordingFiles, snapshotFolders } from "../system/layout.ts";
import { noAnnotations } from "./annotations.ts";
import type { Cache } from "./cache.ts";
import { readCapturedValues } from "./capturedValues.ts";
import { metricsOf, scopeOf } from "./checkpointValues.ts";
import { parseCommit } from "./gitObjects.ts";
import type { Hasher } from "./hasher.ts";
import { missingIgnores, withPatterns } from "./ignoreOutputs.ts";
import type { JournalEntry } from "./journal.ts";
import type { LineWriter } from "./lineWriter.ts";
import { type CheckpointMessage, formatMessage, parseMessage } from "./message.ts";
import type { PrivateIndex } from "./privateIndex.ts";
import { exists } from "./statOf.ts";
import type { StoredCapture, StoredItem } from "./storeCapture.ts";
import type { WorkerClient } from "./workerClient.ts";
import { cachedOutputs } from "./workspaceIndex.ts";

/** How often the workspace is read again when a dependency changes while it is being read. */
const readAttempts = 3;

/** What storing the snapshots of one run needs. */
export interface StoreContext {
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly cache: Cache;
  readonly hasher: Hasher;
  readonly worker: WorkerClient;
  readonly index: PrivateIndex;
  readonly line: LineWriter;
  /** What a stage runs in; `null` where nobody can tell, as after a crash. */
  readonly environmentOf: ((stage: Stage) => Promise<Environment | null>) | null;
  /**
   * Whether the workspace still is as the run left it. After a crash it may be anything, so that what was not captured
   * is then taken from the run's last tree.
   */
  readonly isLive: boolean;
}

interface StoredSnapshot {
  readonly sequence: number;
  readonly checkpoint: Checkpoint | null;
  readonly entry: JournalEntry;
  /** What becomes of the text of a `dvc.lock` by it; `null` without a stage. */
  readonly lockText: ((text: string | null) => string) | null;
}

/** Turns one snapshot after another into commits. What it did in part before a crash it does again to the same end. */
export class SnapshotStore {
  readonly #context: StoreContext;
  readonly #directory: string;
  /** Whether hashes are of DVC 2's kind: decided once, so that those of a run are all of one kind. */
  #legacy: Promise<boolean> | null = null;
  /** A snapshot that is a commit: what comes after that has failed, and must not make it one again. */
  #stored: StoredSnapshot | null = null;
  /** Addresses of the stages whose environment stands in a checkpoint of this run. */
  readonly #noted = new Set<string>();

  constructor(context: StoreContext) {
    this.#context = context;
    this.#directory = recordingDirectory(context.project, context.line.current.runId);
  }

  /**
   * Stores a snapshot and forgets its journal entry. `null` when it would only repeat the checkpoint before. Throws when
   * it can't be stored now; the entry then stays.
   */
  async store(sequence: number): Promise<Checkpoint | null> {
    if (this.#stored?.sequence !== sequence) this.#stored = await this.#record(sequence);
    const { checkpoint, entry, lockText } = this.#stored;
    if (lockText !== null && this.#context.isLive) await this.#updateWorkspaceLock(entry, lockText);
    await this.forget(sequence);
    // The number of a repetition is used again.
    this.#stored = null;
    return checkpoint;
  }

  async #record(sequence: number): Promise<StoredSnapshot> {
    const { project, cache, worker } = this.#context;
    const { root, prefix } = project;
    this.#legacy ??= this.#hasLegacyLocks();
    const legacy = await this.#legacy;
    const directory = this.#directory;
    const { stages, shown } = this.#context.pipeline;
    const metrics = metricsOf(stages, shown?.metrics);
    const stored = await worker.call("store", { root, prefix, directory, sequence, cache, legacy, metrics });
    const { entry } = stored;
    const warnings = [...entry.warnings];
    const { tree, lockText } = await this.#buildTree(entry, stored, legacy, warnings);
    const isRepetition = saysNothingNew(entry.request) && tree === (await this.#lastTree());
    const checkpoint = isRepetition ? null : await this.#commit(entry, stored, legacy, tree, warnings);
    return { sequence, checkpoint, entry, lockText };
  }

  /** The tree of the run's last checkpoint, which another recorder may have made; `null` when it has none. */
  async #lastTree(): Promise<string | null> {
    const { runId, tip, tree, moving } = this.#context.line.current;
    if (moving !== null) return tree;
    const git = new Git(this.#context.project.workTree);
    const commit = parseCommit(tip, await git.bytes(["cat-file", "commit", tip]));
    return commit !== null && parseMessage(commit.message)?.run === runId ? commit.tree : null;
  }

  /** Removes a snapshot and its journal entry. */
  async forget(sequence: number): Promise<void> {
    // The entry first: a snapshot without one is known to be of no use.
    await rm(join(this.#directory, recordingFiles.entry(sequence)), { force: true });
    await this.#context.worker.call("remove", { paths: [this.#snapshot(sequence)] });
  }

  #snapshot(sequence: number): string {
    return join(this.#directory, recordingFiles.snapshot(sequence));
  }

  /** A project of DVC 2 stays one: its lock files are written so that DVC 2 and 3 can both read them. */
  async #hasLegacyLocks(): Promise<boolean> {
    const { project, pipeline, index } = this.#context;
    const locks = [];
    for (const file of pipeline.files) {
      const path = lockPathOf(file);
      const lock = parseLock((await index.read(project.prefix + path))?.toString("utf8") ?? "", path);
      if (lock.ok) locks.push(lock.value);
    }
    return isLegacy(locks);
  }

  async #buildTree(
    entry: JournalEntry,
    stored: StoredCapture,
    legacy: boolean,
    warnings: string[],
  ): Promise<Pick<StoredSnapshot, "lockText"> & { readonly tree: string }> {
    const { stage } = entry.request;
    for (let attempt = 1; ; attempt += 1) {
      const dependencies = stage === null ? [] : await this.#hashDependencies(stage, legacy);
      const found = this.#context.isLive ? await this.#addWorkspace(entry) : [];
      const isSettled =
        stage === null ||
        !this.#context.isLive ||
        JSON.stringify(await this.#hashDependencies(stage, legacy)) === JSON.stringify(dependencies);
      if (!isSettled && attempt < readAttempts) continue;
      if (!isSettled) warnings.push("a dependency changed while the checkpoint was recorded");
      warnings.push(...found);
      const lockEntry =
        stage === null ? null : await this.#lockEntry(entry, stage, dependencies, stored, legacy);
      const lockText =
        stage === null || lockEntry === null
          ? null
          : (text: string | null) => writeLockEntry(text, stage, lockEntry);
      await this.#addCaptured(entry, stored, lockText);
      return { tree: await this.#context.index.writeTree(), lockText };
    }
  }

  /** The workspace but for what was captured: training goes on and changes it. Cached outputs are not Git's. */
  #addWorkspace(entry: JournalEntry): Promise<readonly string[]> {
    const { project, pipeline, index } = this.#context;
    const captured = entry.items.map(({ path }) => path);
    return index.addWorkspace(
      [...new Set([...captured, ...cachedOutputs(pipeline)])].map((path) => project.prefix + path),
    );
  }

  /** Puts what was captured for Git into the index, with the stage's `dvc.lock` entry and ignored outputs. */
  async #addCaptured(
    entry: JournalEntry,
    stored: StoredCapture,
    lockText: ((text: string | null) => string) | null,
  ): Promise<void> {
    const { project, index } = this.#context;
    const { stage } = entry.request;
    const overlay = join(this.#snapshot(entry.sequence), snapshotFolders.overlay);
    const paths = new Set<string>();
    const present = new Set<string>();
    for (const item of entry.items.filter(({ side }) => side === "git")) {
      for (const { relpath, copy } of item.files) {
        const path = project.prefix + (relpath === "" ? item.path : `${item.path}/${relpath}`);
        present.add(path);
        if (copy !== null || (await exists(join(overlay, path)))) paths.add(path);
      }
    }
    const places = stored.items
      .filter(({ content }) => content === null || content.fileCount !== null)
      .map(({ path }) => project.prefix + path);
    const outdated = (await index.list(places)).filter((path) => !present.has(path));
    await index.remove(outdated);
    if (stage !== null && lockText !== null) {
      const path = project.prefix + lockPathOfStage(stage);
      const text = (await index.read(path))?.toString("utf8") ?? null;
      await this.#write(overlay, path, lockText(text), paths);
      for (const [file, patterns] of await missingIgnores(project, stage)) {
        const ignore = project.prefix + file;
        const before = (await index.read(ignore))?.toString("utf8") ?? "";
        await this.#write(overlay, ignore, withPatterns(before, patterns), paths);
      }
    }
    await index.addFrom(overlay, [...paths]);
  }

  async #write(overlay: string, path: string, text: string, paths: Set<string>): Promise<void> {
    const target = join(overlay, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    paths.add(path);
  }

  async #hashDependencies(stage: Stage, legacy: boolean): Promise<readonly LockItem[]> {
    const items: LockItem[] = [];
    for (const path of stage.dependencies) {
      const found = await this.#context.hasher.hashPath(resolve(this.#context.project.root, path), legacy);
      if (found !== null) items.push({ path, legacy, ...found });
    }
    return items;
  }

  async #lockEntry(
    entry: JournalEntry,
    stage: Stage,
    dependencies: readonly LockItem[],
    stored: StoredCapture,
    legacy: boolean,
  ): Promise<LockEntry> {
    const overlay = join(this.#snapshot(entry.sequence), snapshotFolders.overlay);
    const exactParams = new Map<string, DataMap>();
    for (const dependency of stage.params) {
      const text = await this.#paramsText(dependency.file, overlay);
      const locked = text === null ? null : lockedParams(dependency, text);
      if (locked?.ok) exactParams.set(dependency.file, locked.value.values);
    }
    const outputs = stored.items
      .filter(({ role }) => role === "output")
      .flatMap(({ path, content }) => (content === null ? [] : [{ path, legacy, ...content }]));
    const params = Object.fromEntries([...exactParams].map(([file, values]) => [file, toValues(values)]));
    return { command: stage.lockedCommand, dependencies, params, exactParams, outputs };
  }

  async #paramsText(file: string, overlay: string): Promise<string | null> {
    const { project, index } = this.#context;
    // What lies elsewhere is in no snapshot.
    if (isOutside(file)) return fileReader(project.root)(file);
    const path = project.prefix + file;
    // What did not change since an earlier checkpoint was not copied again; the index has it from then.
    const copied = await readFile(join(overlay, path), "utf8").catch(() => null);
    return copied ?? (await index.read(path))?.toString("utf8") ?? null;
  }

  async #commit(
    entry: JournalEntry,
    stored: StoredCapture,
    legacy: boolean,
    tree: string,
    warnings: readonly string[],
  ): Promise<Checkpoint> {
    const { project, pipeline, line, cache, index, isLive } = this.#context;
    const { request, sequence, items } = entry;
    const scope = scopeOf(pipeline, request.stage);
    const overlay = join(this.#snapshot(sequence), snapshotFolders.overlay);
    const outs = stored.items.flatMap((item) => outputRecord(item, legacy));
    const cachedMetrics = stored.metrics;
    const captured = { project, items, outs, overlay, index, cache, cachedMetrics, legacy, isLive };
    const values = await readCapturedValues(scope, captured, request.metrics);
    const { runId, resumedFrom, tip: parent } = line.current;
    const environment = await this.#newEnvironment(request.stage);
    const message: Omit<CheckpointMessage, "experiment"> = {
      sequence,
      project: project.prefix,
      kind: request.kind,
      run: runId,
      stage: request.stage?.address ?? null,
      step: request.step,
      total: request.total,
      name: request.name,
      createdAt: request.time,
      resumedFrom,
      metadata: request.metadata,
      warning: [request.warning, ...warnings].filter((text) => text !== null).join("; ") || null,
      question: request.question ?? null,
      progress: request.progress ?? null,
      ...(environment === null ? {} : { environment }),
      values,
    };
    const sha = await line.append({
      sequence,
      tree,
      time: request.time,
      message: (experiment) => formatMessage({ experiment, ...message }),
    });
    if (environment !== null && request.stage !== null) this.#noted.add(request.stage.address);
    const { experiment } = line.current;
    return {
      ...message,
      ...values,
      question: request.question ?? null,
      progress: request.progress ?? null,
      sha,
      parent,
      experiment,
      createdAt: request.time,
      annotations: noAnnotations,
    };
  }

  /** What a stage runs in, unless an earlier checkpoint of this run says so. */
  async #newEnvironment(stage: Stage | null): Promise<Environment | null> {
    const { environmentOf } = this.#context;
    return stage === null || environmentOf === null || this.#noted.has(stage.address)
      ? null
      : environmentOf(stage);
  }

  /** As `dvc repro` does when a stage has succeeded; the checkpoint does not need it, the next run does. */
  async #updateWorkspaceLock(entry: JournalEntry, lockText: (text: string | null) => string): Promise<void> {
    const { kind, stage, succeeded } = entry.request;
    if (stage === null || kind !== "stage-end" || succeeded === false) return;
    const path = join(this.#context.project.root, lockPathOfStage(stage));
    const before = await readFile(path, "utf8").catch(() => null);
    const after = lockText(before);
    if (after !== before) writeAtomically(path, after);
  }
}

/** Whether only the files can tell a checkpoint from the one before: code had no words for it. */
function saysNothingNew({ kind, name, metrics, metadata }: JournalEntry["request"]): boolean {
  if (kind === "interval") return true;
  return kind === "stage-end" && name === null && Object.keys({ ...metrics, ...metadata }).length === 0;
}

function outputRecord({ path, role, side, content }: StoredItem, legacy: boolean): OutputRecord[] {
  return role === "output" && content !== null
    ? [{ path, ...content, cached: side === "cache", legacy }]
    : [];
}
