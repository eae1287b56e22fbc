import { existsSync } from "node:fs";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { failure, type Result, success } from "../../engine/result.ts";
import type { DebugLanguage } from "../../engine/run/debugCommand.ts";
import { type Debugger, debugpy, node } from "./processDebuggers.ts";

/** The extension that brings Microsoft's debugger for Python, and the package in it that goes into the process. */
const pythonExtension = "ms-python.debugpy";
const pythonLibrary = join("bundled", "libs", "debugpy");

/** The debugger that an extension of this window provides for a language. Reason: `no-debugger`. */
export function debuggerFor(language: DebugLanguage): Result<Debugger> {
  switch (language) {
    case "node":
      return hasDebugger("node")
        ? success(node)
        : failure(
            "no-debugger",
            l10n.t("There is no debugger for Node here. Enable the built-in extension JavaScript Debugger."),
          );
    case "python": {
      const extension = vscode.extensions.getExtension(pythonExtension);
      const library = extension && join(extension.extensionPath, pythonLibrary);
      return library !== undefined && existsSync(library)
        ? success(debugpy(library))
        : failure(
            "no-debugger",
            l10n.t("Debugging Python needs the extension Python Debugger ({0}).", pythonExtension),
          );
    }
  }
}

/** Helps a person to the extension that is missing. */
export async function offerDebugger(language: DebugLanguage, message: string): Promise<void> {
  const show = l10n.t("Show Extension");
  if ((await vscode.window.showErrorMessage(message, show)) !== show) return;
  const query = language === "python" ? `@id:${pythonExtension}` : "@builtin javascript debugger";
  await vscode.commands.executeCommand("workbench.extensions.search", query);
}

function hasDebugger(type: string): boolean {
  return vscode.extensions.all.some((extension) => {
    const debuggers: unknown = extension.packageJSON?.contributes?.debuggers;
    return Array.isArray(debuggers) && debuggers.some((one) => one?.type === type);
  });
}
