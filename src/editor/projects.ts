import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { ProjectsState } from "../contract.ts";
import type { Engine, PipelineState } from "../engine/engine.ts";
import { type Disposable, Emitter } from "../engine/event.ts";
import type { Checkpoint } from "../engine/model.ts";
import { failure, type Problem, type Result, success } from "../engine/result.ts";
import type { Run } from "../engine/run/run.ts";
import type { ExperimentsChange } from "../engine/store/experimentIndex.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { inBackground, type Log } from "./base/messages.ts";

/** Opens the engine of the project that a folder belongs to. */
export type OpenEngine = (directory: string) => Promise<Result<Engine>>;

/** Pipelines that are looked for: enough for a large repository, few enough to stay quick. */
const pipelineFileLimit = 100;
const ignoredFolders = "{**/node_modules/**,**/.dvc/**,**/.git/**,**/.venv/**,**/venv/**}";

interface OpenedProject {
  readonly engine: Engine;
  readonly owned: DisposableStore;
}

/**
 * The projects of the window: one engine for each that is found in the workspace folders, with the events of all of
 * them in one place. Finding them again keeps the engines of those that are still there.
 */
export class Projects implements Disposable {
  readonly #open: OpenEngine;
  readonly #log: Log;
  readonly #opened = new Map<string, OpenedProject>();
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new Emitter<void>());
  readonly #experimentsChanged = this.#owned.add(
    new Emitter<{ engine: Engine; change: ExperimentsChange }>(),
  );
  readonly #runChanged = this.#owned.add(new Emitter<{ engine: Engine; run: Run }>());
  readonly #pipelineChanged = this.#owned.add(new Emitter<{ engine: Engine; state: PipelineState }>());
  readonly #queueChanged = this.#owned.add(new Emitter<{ engine: Engine }>());
  readonly #recorded = this.#owned.add(new Emitter<{ engine: Engine; checkpoint: Checkpoint }>());
  /** Which projects there are, or why there are none. */
  readonly onDidChange = this.#changed.event;
  readonly onDidChangeExperiments = this.#experimentsChanged.event;
  readonly onDidChangeRun = this.#runChanged.event;
  readonly onDidChangePipeline = this.#pipelineChanged.event;
  readonly onDidChangeQueue = this.#queueChanged.event;
  readonly onDidRecord = this.#recorded.event;
  #state: ProjectsState = "loading";
  #problem: Problem | null = null;
  #realFolders: ReadonlyMap<string, string> = new Map();
  #search: Promise<void> | null = null;
  #searchAgain = false;

  constructor(open: OpenEngine, log: Log) {
    this.#open = open;
    this.#log = log;
    this.#owned.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        for (const engine of this.all) this.#adopt(engine);
      }),
    );
  }

  get all(): readonly Engine[] {
    return [...this.#opened.values()].map((opened) => opened.engine);
  }

  get state(): ProjectsState {
    return this.#state;
  }

  /** What kept the first folder from being opened, while no project is open. */
  get problem(): Problem | null {
    return this.#problem;
  }

  byRoot(root: string): Engine | null {
    return this.#opened.get(root)?.engine ?? null;
  }

  /**
   * The project that a file belongs to, the innermost one, and the file's path in it, with forward slashes. The given
   * path may lead through symlinks.
   */
  locate(path: string): { readonly engine: Engine; readonly path: string } | null {
    const folder = [...this.#realFolders.keys()].find((candidate) => isInside(path, candidate));
    const real = folder === undefined ? path : this.#realFolders.get(folder) + path.slice(folder.length);
    const holding = this.all.filter(({ project }) => isInside(real, project.root));
    const [engine] = holding.sort((a, b) => b.project.root.length - a.project.root.length);
    if (engine === undefined) return null;
    return { engine, path: relative(engine.project.root, real).split(sep).join("/") };
  }

  /** Resolves when the projects were looked for at least once. */
  async whenLoaded(): Promise<void> {
    if (this.#state === "loading") await (this.#search ?? this.find());
  }

  /** Looks for projects. A call while a search is under way makes that one go round again. */
  find(): Promise<void> {
    this.#searchAgain = true;
    this.#search ??= this.#findUntilSettled().finally(() => {
      this.#search = null;
    });
    return this.#search;
  }

  dispose(): void {
    for (const { owned } of this.#opened.values()) owned.dispose();
    this.#opened.clear();
    this.#owned.dispose();
  }

  async #findUntilSettled(): Promise<void> {
    while (this.#searchAgain && !this.#owned.isDisposed) {
      this.#searchAgain = false;
      await this.#findOnce();
    }
  }

  async #findOnce(): Promise<void> {
    this.#realFolders = await findRealFolders();
    const folders = [...this.#realFolders.values()];
    const pipelines = await findPipelineFolders();
    const found = new Map<string, Engine>();
    let problem: Problem | null = null;
    // A folder whose pipelines lie deeper is no project itself.
    const bare = folders.filter((folder) => !pipelines.some((pipeline) => isInside(pipeline, folder)));
    for (const directory of [...pipelines, ...bare]) {
      const engine = (await this.#engineAt(directory, found)) ?? (await this.#openAt(directory, found));
      if (engine.ok) found.set(engine.value.project.root, engine.value);
      else problem ??= engine.problem;
    }
    for (const [root, { owned }] of this.#opened) {
      if (found.has(root)) continue;
      this.#opened.delete(root);
      owned.dispose();
    }
    this.#problem = found.size > 0 ? null : problem;
    this.#state = stateOf(folders.length, found, pipelines.length, problem);
    if (problem && found.size === 0) this.#log.info(`No project: ${problem.reason}: ${problem.message}`);
    if (!this.#owned.isDisposed) this.#changed.fire();
  }

  /** The engine that is open already: of that very root, or of one above it that the folder is a part of. */
  async #engineAt(directory: string, found: ReadonlyMap<string, Engine>): Promise<Result<Engine> | null> {
    const holding = [...found.values()].filter(({ project }) => isInside(directory, project.root));
    for (const engine of holding.sort((a, b) => b.project.root.length - a.project.root.length)) {
      if (!(await isProjectOfItsOwn(directory, engine.project.root))) return success(engine);
    }
    const engine = this.#opened.get(directory)?.engine;
    return engine === undefined ? null : success(engine);
  }

  async #openAt(directory: string, found: ReadonlyMap<string, Engine>): Promise<Result<Engine>> {
    const result = await this.#open(directory).catch((error: unknown) => {
      this.#log.error(`Opening ${directory}: ${error instanceof Error ? error.stack : error}`);
      return failure("unavailable", l10n.t("{0} could not be read. The log says why.", directory), directory);
    });
    if (!result.ok) return result;
    const engine = result.value;
    const known = this.#opened.get(engine.project.root)?.engine ?? found.get(engine.project.root);
    if (known) {
      engine.dispose();
      return { ok: true, value: known };
    }
    const owned = new DisposableStore();
    owned.addAll(
      engine,
      engine.experiments.onDidChange((change) => this.#experimentsChanged.fire({ engine, change })),
      engine.runs.onDidChange((run) => this.#runChanged.fire({ engine, run })),
      engine.runs.onDidRecord((checkpoint) => this.#recorded.fire({ engine, checkpoint })),
      engine.queue.onDidChange(() => this.#queueChanged.fire({ engine })),
      engine.onDidChangePipeline((state) => this.#pipelineChanged.fire({ engine, state })),
      engine.experiments.watch((error) =>
        this.#log.warn(`Watching ${engine.project.commonDirectory}: ${error}`),
      ),
    );
    if (this.#owned.isDisposed) {
      owned.dispose();
      return result;
    }
    this.#opened.set(engine.project.root, { engine, owned });
    this.#log.info(`Opened ${engine.project.root}`);
    await engine.experiments.refresh();
    inBackground(engine.refreshPipeline(), "Reading the pipeline", this.#log);
    if (vscode.workspace.isTrusted) this.#adopt(engine);
    return result;
  }

  /** Takes over the runs and the queue that a reload or a crash has left. Writes, so that it needs a trusted workspace. */
  #adopt(engine: Engine): void {
    const adopting = engine.runs.adopt().then(() => engine.queue.adopt());
    inBackground(adopting, "Taking over runs", this.#log);
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** Whether a `.dvc` folder below the root makes the folder, or one above it, a project of its own. */
async function isProjectOfItsOwn(directory: string, root: string): Promise<boolean> {
  for (let at = directory; at !== root && at !== dirname(at); at = dirname(at)) {
    const marker = await stat(join(at, ".dvc")).catch(() => null);
    if (marker?.isDirectory()) return true;
  }
  return false;
}

/** The folders of the workspace as VS Code names them, with their real paths. */
async function findRealFolders(): Promise<ReadonlyMap<string, string>> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const entries = folders.map(async ({ uri: { fsPath } }) => [fsPath, await realPath(fsPath)] as const);
  return new Map(await Promise.all(entries));
}

/** Folders with a `dvc.yaml`, the outer ones first. */
async function findPipelineFolders(): Promise<readonly string[]> {
  const files = await vscode.workspace.findFiles("**/dvc.yaml", ignoredFolders, pipelineFileLimit);
  const folders = files.filter(({ scheme }) => scheme === "file").map(({ fsPath }) => dirname(fsPath));
  return (await Promise.all(folders.map(realPath))).sort();
}

/** A folder that vanished meanwhile keeps the name that it had. */
function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function stateOf(
  folders: number,
  found: ReadonlyMap<string, Engine>,
  pipelines: number,
  problem: Problem | null,
): ProjectsState {
  if (folders === 0) return "no-folder";
  if (found.size > 0) {
    const hasSomething =
      pipelines > 0 || [...found.values()].some((e) => e.experiments.experiments.length > 0);
    return hasSomething ? "ready" : "no-pipeline";
  }
  switch (problem?.reason) {
    case "git-missing":
      return "no-git";
    case "not-a-repository":
      return "no-repository";
    case "no-commit":
      return "no-commit";
    default:
      return "unavailable";
  }
}
