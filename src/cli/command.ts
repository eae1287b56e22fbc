import type { Problem } from "../engine/result.ts";
import type { Invocation } from "./arguments.ts";

/** Exit codes as DESIGN §6 promises them to scripts. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What a command needs of the world around it. */
export interface Terminal {
  /** Writes a line of the answer to standard output. */
  print(text: string): void;
  /** Writes a line about what is going on to standard error. Control characters in it do nothing to the terminal. */
  tell(text: string): void;
  readonly runnerPath: string;
  readonly hashWorkerPath: string;
  /** Milliseconds since the epoch at the start of the command. */
  readonly now: number;
}

/** A command does its work and returns an exit code, or the problem that kept it from doing so. */
export type Command = (invocation: Invocation, terminal: Terminal) => Promise<number | Problem>;

/** Prints a value as the one JSON document that `--json` promises. */
export function printJson(terminal: Terminal, value: { readonly [key: string]: unknown }): void {
  terminal.print(JSON.stringify({ version: 1, ...value }, null, 2));
}
