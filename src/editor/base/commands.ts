import * as vscode from "vscode";
import type { CommandArguments, CommandId } from "../../contract.ts";
import { type Log, reportUnexpected } from "./messages.ts";

export type CommandHandler<Id extends CommandId> = (...args: CommandArguments[Id]) => Promise<void> | void;

/** Registers a command. This is the boundary at which unexpected errors are caught, once. */
export function registerCommand<Id extends CommandId>(
  id: Id,
  log: Log,
  handler: CommandHandler<Id>,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    try {
      // The types come from the contract; the handlers check what they are given against the store.
      await handler(...(args as CommandArguments[Id]));
    } catch (error) {
      reportUnexpected(error, id, log);
    }
  });
}

/** Runs one of our commands. */
export async function runCommand<Id extends CommandId>(id: Id, ...args: CommandArguments[Id]): Promise<void> {
  await vscode.commands.executeCommand(id, ...args);
}

/** A command with its arguments, for lenses, rows and the status bar. */
export function asCommand<Id extends CommandId>(
  title: string,
  id: Id,
  ...args: CommandArguments[Id]
): vscode.Command {
  return { title, command: id, arguments: args };
}
