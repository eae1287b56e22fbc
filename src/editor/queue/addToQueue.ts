import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { viewIds } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { RunRequest } from "../../engine/run/request.ts";
import { orShow } from "../commands/choose.ts";
import type { Services } from "../services.ts";

/** Puts runs into the queue and shows it, which has the next steps; the editor keeps the focus. */
export async function addToQueue(
  services: Services,
  engine: Engine,
  requests: readonly RunRequest[],
  isStarted: boolean,
): Promise<void> {
  // The state of the code is kept with each of them, which takes a moment in a large repository.
  const added = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: l10n.t("Adding to the queue") },
    () => engine.queue.add(requests),
  );
  if ((await orShow(services, added)) === null) return;
  if (isStarted) await engine.queue.start(engine.queue.jobs);
  await vscode.commands.executeCommand(`${viewIds.queue}.focus`, { preserveFocus: true });
}
