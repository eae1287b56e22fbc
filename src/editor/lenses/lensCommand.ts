import type * as vscode from "vscode";
import type { StageTarget } from "../../contract.ts";
import { asCommand } from "../base/commands.ts";
import type { LensText } from "../labels/lensLabels.ts";

/** The command of a lens. */
export function lensCommand(text: LensText, target: StageTarget): vscode.Command {
  const command = commandOf(text, target);
  return { ...command, title: lensTitle(command.title), tooltip: text.tooltip };
}

/** A title whose icon stands apart: VS Code draws no gap for a plain space after an icon. */
export function lensTitle(title: string): string {
  return title.replace(/^(\$\([^)]*\)) /, "$1\u00a0");
}

function commandOf({ action, title }: LensText, target: StageTarget): vscode.Command {
  switch (action) {
    case "run":
      return asCommand(title, "savepoint.runStage", target);
    case "stop":
      return asCommand(title, "savepoint.stop", target);
    case "resume":
      return asCommand(title, "savepoint.resume", target);
    case "debug":
      return asCommand(title, "savepoint.debug", target);
    case "debugStage":
      return asCommand(title, "savepoint.debugStage", target);
    case "record":
      return asCommand(title, "savepoint.recordNow", target);
    case "pick":
      return asCommand(title, "savepoint.pickCheckpoint", target);
    case "compare":
      return asCommand(title, "savepoint.compare", target);
    case "terminal":
      return asCommand(title, "savepoint.showTerminal", target);
    case "learn":
      return asCommand(title, "savepoint.learnCheckpoints");
    case "problems":
      return { title, command: "workbench.actions.view.problems" };
    case "none":
      // Without a command it is words alone.
      return { title, command: "" };
  }
}
