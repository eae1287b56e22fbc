import * as vscode from "vscode";
import { openEngine } from "../engine/openEngine.ts";
import { readSetting } from "./base/settings.ts";
import type { OpenEngine } from "./projects.ts";
import { TaskLauncher } from "./tasks/taskLauncher.ts";

/** Opens engines that run their stages in this window's terminals, with the programs that the extension brings. */
export function engineOpener(context: vscode.ExtensionContext): OpenEngine {
  const program = (name: string) => vscode.Uri.joinPath(context.extensionUri, "dist", name).fsPath;
  const launcher = new TaskLauncher();
  return (directory) =>
    openEngine(directory, {
      runnerPath: program("runner.js"),
      hashWorkerPath: program("hashWorker.js"),
      nodePath: process.execPath,
      launcher,
      grace: () => ({
        interrupt: 1000 * readSetting("savepoint.stop.interruptSeconds"),
        terminate: 1000 * readSetting("savepoint.stop.terminateSeconds"),
      }),
      onSnapshotFailure: { kind: "ask" },
    });
}
