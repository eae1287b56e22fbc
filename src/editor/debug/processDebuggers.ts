import { existsSync } from "node:fs";
import type * as vscode from "vscode";
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

/** Node's own inspector. */
export const node: Debugger = {
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

/** Microsoft's debugger for Python; `library` is the folder of its package. */
export function debugpy(library: string): Debugger {
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
