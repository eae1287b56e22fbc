import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Problem } from "../../engine/result.ts";

/** The one channel that everything is logged to. Log lines are not translated. */
export type Log = vscode.LogOutputChannel;

/** Tells about an expected failure: one message that says what to do, with the file and the log one click away. */
export async function showProblem(problem: Problem, log: Log): Promise<void> {
  log.warn(`${problem.reason}: ${problem.message}${problem.path === undefined ? "" : ` [${problem.path}]`}`);
  await showError(problem.message, log);
}

/** Shows a message with "Show Log". */
async function showError(message: string, log: Log): Promise<void> {
  const showLog = l10n.t("Show Log");
  if ((await vscode.window.showErrorMessage(message, showLog)) === showLog) log.show();
}

/** Tells about a fault of ours: the stack goes to the log, one line to the user. Cancelling is not a fault. */
export function reportUnexpected(error: unknown, what: string, log: Log): void {
  if (error instanceof vscode.CancellationError) return;
  log.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const line = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
  void showError(l10n.t("Savepoint failed unexpectedly: {0}", line), log);
}

/** Lets work go on by itself: a rejection is logged, never lost. For what the user did not ask for. */
export function inBackground(work: Promise<unknown>, what: string, log: Log): void {
  work.catch((error: unknown) => {
    log.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  });
}
