import * as vscode from "vscode";
import { Emitter } from "../../engine/event.ts";
import type { Launched, Launcher, LaunchSpec } from "../../engine/run/launcher.ts";
import { readSetting } from "../base/settings.ts";

/**
 * Runs stages as VS Code tasks: one terminal per stage and experiment, kept after the end, with a real TTY. A task's own
 * exit code is 0 after Ctrl-C and SIGKILL, so that only its end is passed on, never its code.
 */
export class TaskLauncher implements Launcher {
  async launch(spec: LaunchSpec): Promise<Launched> {
    const closed = new Emitter<void>();
    let execution: vscode.TaskExecution | null = null;
    let isClosed = false;
    const close = () => {
      isClosed = true;
      closed.fire();
      closed.dispose();
      endListener.dispose();
    };
    // Listened to before the start: a process may end before `executeTask` returns.
    const endListener = vscode.tasks.onDidEndTask((event) => {
      if (event.execution.task.definition.run === spec.runId && event.execution.task.name === spec.title)
        if (execution === null || event.execution === execution) close();
    });
    try {
      execution = await vscode.tasks.executeTask(stageProcessTask(spec));
    } catch (error) {
      endListener.dispose();
      throw error;
    }
    return {
      reveal: () => revealTerminal(spec.title),
      // Somebody who asks after the end hears of it as well.
      onDidClose: (listener) => {
        if (isClosed) queueMicrotask(() => listener());
        return closed.event(listener);
      },
      dispose: () => {
        endListener.dispose();
        closed.dispose();
      },
    };
  }
}

/**
 * Type of the tasks that are a stage's process. Not the contributed one: VS Code takes two tasks with the same contributed
 * properties for one, and a listed task waits for this one.
 */
const processTaskType = "savepoint.process";

/** Shows the terminal of a stage of a run, if it is still there, without taking the focus. */
export function revealTerminal(title: string): boolean {
  const terminal = vscode.window.terminals.find((candidate) => candidate.name === title);
  terminal?.show(true);
  return terminal !== undefined;
}

/** The name of the terminal in which a stage of an experiment runs. */
export function terminalTitle(stage: string, experiment: string): string {
  return `${stage} · ${experiment}`;
}

function stageProcessTask(spec: LaunchSpec): vscode.Task {
  const definition = { type: processTaskType, stage: spec.stage.address, run: spec.runId };
  const execution = new vscode.ProcessExecution(spec.command, [...spec.args], {
    cwd: spec.cwd,
    // The extension host's own binary is Electron on a desktop; this makes it behave as Node.
    env: { ...spec.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(spec.cwd));
  const task = new vscode.Task(
    definition,
    folder ?? vscode.TaskScope.Workspace,
    spec.title,
    "Savepoint",
    execution,
    [],
  );
  task.isBackground = false;
  task.presentationOptions = {
    reveal:
      readSetting("savepoint.terminal.reveal") === "always" && !spec.isIsolated
        ? vscode.TaskRevealKind.Always
        : vscode.TaskRevealKind.Silent,
    panel: vscode.TaskPanelKind.Dedicated,
    focus: false,
    echo: false,
    clear: false,
    showReuseMessage: false,
  };
  return task;
}
