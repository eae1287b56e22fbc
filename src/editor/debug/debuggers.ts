import { existsSync } from "node:fs";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { failure, type Result, success } from "../../engine/result.ts";
import type { DebugLanguage } from "../../engine/run/debugCommand.ts";
import { isListening } from "./port.ts";

/** Where a process waits for its debugger, and how it tells that it does. */
export interface DebugPlace {
  readonly port: number;
  /** A file of its own that does not exist yet; absolute. */
  readonly file: string;
}

/** How a language's debugger gets into a process, which waits for it before its first line. */
export interface Debugger {
  /** What is put into the command. */
  words(place: DebugPlace): string;
  environment(place: DebugPlace): { readonly [name: string]: string };
  /** Whether the process waits. A look must not be taken for the debugger itself. */
  isWaiting(place: DebugPlace): Promise<boolean>;
  /** What the stage prints stands in its terminal, so that the debugger's console stays where it is. */
  configuration(name: string, place: DebugPlace): vscode.DebugConfiguration;
}

const host = "127.0.0.1";

const node: Debugger = {
  words: ({ port }) => ` --inspect-brk=${host}:${port}`,
  environment: () => ({}),
  isWaiting: ({ port }) => isListening(port),
  configuration: (name, { port }) => ({
    type: "node",
    request: "attach",
    name,
    address: host,
    port,
    // The code is held before its first line only until breakpoints are set.
    continueOnAttach: true,
    skipFiles: ["<node_internals>/**"],
    internalConsoleOptions: "neverOpen",
  }),
};

function debugpy(library: string): Debugger {
  return {
    words: ({ port }) => `"${library}" --listen ${host}:${port} --wait-for-client `,
    environment: ({ file }) => ({ DEBUGPY_ADAPTER_ENDPOINTS: file, PYDEVD_DISABLE_FILE_VALIDATION: "1" }),
    // The first connection is the debugger's: one that only looks would end the waiting.
    isWaiting: async ({ file }) => existsSync(file),
    configuration: (name, { port }) => ({
      type: "debugpy",
      request: "attach",
      name,
      connect: { host, port },
      internalConsoleOptions: "neverOpen",
    }),
  };
}

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
