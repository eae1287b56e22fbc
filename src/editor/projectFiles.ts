import * as vscode from "vscode";
import type { Engine } from "../engine/engine.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { inBackground, type Log } from "./base/messages.ts";
import { isLive } from "./labels/runLabels.ts";
import type { Projects } from "./projects.ts";

/** Milliseconds for which changes are gathered: a branch switch touches many files at once. */
const settleTime = 250;

/**
 * Keeps the projects in step with the files of the workspace: looks for projects when pipelines or repositories come
 * and go, and reads a pipeline again when something that it is made of changes.
 */
export class ProjectFiles implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #log: Log;
  readonly #owned = new DisposableStore();
  readonly #stale = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #mustFind = false;

  constructor(projects: Projects, log: Log) {
    this.#projects = projects;
    this.#log = log;
    this.#watch("**/dvc.yaml", true);
    this.#watch("**/dvc.lock", false);
    // A first commit or a new repository turns a folder into a project; HEAD moves the baseline of the next run.
    this.#watch("**/.git/{HEAD,logs/HEAD}", true);
    this.#watchInputs();
    this.#owned.addAll(
      vscode.workspace.onDidSaveTextDocument((document) => this.#touch(document.uri, false)),
      // Whoever comes back may have changed any file elsewhere.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) for (const { project } of projects.all) this.#refreshPipeline(project.root);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#find()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#find()),
      projects.onDidChangeRun(({ engine, run }) => {
        if (run.end !== null) this.#refreshPipeline(engine.project.root);
      }),
    );
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  #watch(glob: string, makesProjects: boolean): void {
    const watcher = vscode.workspace.createFileSystemWatcher(glob);
    this.#owned.addAll(
      watcher,
      watcher.onDidCreate((uri) => this.#touch(uri, makesProjects)),
      watcher.onDidDelete((uri) => this.#touch(uri, makesProjects)),
      watcher.onDidChange((uri) => this.#touch(uri, makesProjects && this.#projects.state !== "ready")),
    );
  }

  /** What stages depend on may also be written by other programs: a branch switch, a formatter, an agent. */
  #watchInputs(): void {
    const watcher = vscode.workspace.createFileSystemWatcher("**/*");
    const touch = ({ fsPath }: vscode.Uri) => {
      const located = this.#projects.locate(fsPath);
      // What a run writes is looked at when it has ended.
      if (located === null || located.engine.runs.runs.some(isLive)) return;
      if (isInput(located.engine, located.path)) this.#refreshPipeline(located.engine.project.root);
    };
    this.#owned.addAll(
      watcher,
      watcher.onDidCreate(touch),
      watcher.onDidDelete(touch),
      watcher.onDidChange(touch),
    );
  }

  #touch(uri: vscode.Uri, makesProjects: boolean): void {
    if (uri.scheme !== "file") return;
    const located = this.#projects.locate(uri.fsPath);
    if (located) this.#refreshPipeline(located.engine.project.root);
    if (makesProjects) this.#find();
  }

  #refreshPipeline(root: string): void {
    this.#stale.add(root);
    this.#schedule();
  }

  #find(): void {
    this.#mustFind = true;
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, settleTime);
  }

  #work(): void {
    if (this.#mustFind) inBackground(this.#projects.find(), "Looking for projects", this.#log);
    this.#mustFind = false;
    for (const root of this.#stale) {
      const engine = this.#projects.byRoot(root);
      if (engine) inBackground(engine.refreshPipeline(), "Reading the pipeline", this.#log);
    }
    this.#stale.clear();
  }
}

/** Whether a stage reads a file, or a folder that holds it. */
function isInput({ pipeline }: Engine, path: string): boolean {
  return pipeline.pipeline.stages.some(({ dependencies, params }) =>
    [...dependencies, ...params.map(({ file }) => file)].some(
      (input) => path === input || path.startsWith(`${input}/`),
    ),
  );
}
