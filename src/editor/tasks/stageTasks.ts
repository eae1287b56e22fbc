import { relative, resolve, sep } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type StageTaskDefinition, taskType } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Projects } from "../projects.ts";
import { StageTaskTerminal } from "./stageTaskTerminal.ts";

export function registerStageTasks(projects: Projects): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, new StageTaskProvider(projects));
}

/** Lists every stage under "Tasks: Run Task", and runs those that stand in `tasks.json`. */
class StageTaskProvider implements vscode.TaskProvider {
  readonly #projects: Projects;

  constructor(projects: Projects) {
    this.#projects = projects;
  }

  provideTasks(): vscode.Task[] {
    if (!vscode.workspace.isTrusted) return [];
    return this.#projects.all.flatMap((engine) =>
      engine.pipeline.pipeline.stages.map((stage) => this.#stageTask(engine, stage.address)),
    );
  }

  /** VS Code takes the answer only when it carries the very definition that was asked about. */
  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const definition = task.definition;
    if (definition.type !== taskType || typeof definition.stage !== "string") return undefined;
    const project = typeof definition.project === "string" ? definition.project : "";
    const folder = workspaceFolderOf(task.scope);
    return this.#taskFor(definition, definition.stage, task.scope ?? vscode.TaskScope.Workspace, () =>
      folder === null
        ? (this.#projects.all[0] ?? null)
        : this.#projects.byRoot(resolve(folder.uri.fsPath, project)),
    );
  }

  #stageTask(engine: Engine, stage: string): vscode.Task {
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(engine.project.root));
    const project = folder ? relative(folder.uri.fsPath, engine.project.root).split(sep).join("/") : "";
    const definition: StageTaskDefinition = { type: taskType, stage, ...(project === "" ? {} : { project }) };
    return this.#taskFor(definition, stage, folder ?? vscode.TaskScope.Workspace, () =>
      this.#projects.byRoot(engine.project.root),
    );
  }

  #taskFor(
    definition: vscode.TaskDefinition,
    stage: string,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
    findEngine: () => Engine | null,
  ): vscode.Task {
    const execution = new vscode.CustomExecution(async () => {
      await this.#projects.whenLoaded();
      return new StageTaskTerminal(findEngine(), stage);
    });
    const task = new vscode.Task(definition, scope, stage, "Savepoint", execution, []);
    task.detail = l10n.t("Run the stage and record its training checkpoints");
    // The stage gets a terminal of its own, with a TTY; this one only waits for its end.
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent, close: true, echo: false };
    return task;
  }
}

function workspaceFolderOf(scope: vscode.Task["scope"]): vscode.WorkspaceFolder | null {
  if (typeof scope === "object") return scope;
  return vscode.workspace.workspaceFolders?.[0] ?? null;
}
