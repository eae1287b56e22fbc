import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { walkthroughId } from "../../contract.ts";
import { initProject } from "../../engine/initProject.ts";
import { registerCommand } from "../base/commands.ts";
import { checkpointReference } from "../labels/checkpointLabels.ts";
import type { Services } from "../services.ts";
import type { ExperimentsView } from "../views/experimentsView.ts";
import { chooseCheckpoint, chooseProject, isTrusted, orShow } from "./choose.ts";
import { draftPipeline } from "./draftPipeline.ts";
import { stagesOf } from "./targets.ts";

/** Set-up, navigation, copying and the log. */
export function registerOtherCommands(
  services: Services,
  experiments: ExperimentsView,
): readonly vscode.Disposable[] {
  const { log, projects } = services;
  return [
    registerCommand("savepoint.initialize", log, () => initialize(services)),
    registerCommand("savepoint.refresh", log, async () => {
      await projects.find();
      await Promise.all(
        projects.all.flatMap((engine) => [engine.experiments.refresh(), engine.refreshPipeline()]),
      );
    }),
    registerCommand("savepoint.openStage", log, async (target) => {
      const engine = await chooseProject(services, target && { kind: "project", root: target.root });
      if (!engine) return;
      const stage = target ? stagesOf(engine, target.stage)[0] : undefined;
      const file = stage?.file ?? engine.pipeline.pipeline.files[0];
      if (file === undefined) {
        await draftPipeline(vscode.Uri.file(engine.project.root));
        return;
      }
      const line = stage?.lines.start ?? 0;
      await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.Uri.file(engine.project.root), file), {
        selection: new vscode.Range(line, 0, line, 0),
        preview: true,
      });
    }),
    registerCommand("savepoint.copyReference", log, async (source) => {
      const found = await chooseCheckpoint(services, source, l10n.t("Copy reference"));
      if (found) await vscode.env.clipboard.writeText(checkpointReference(found.checkpoint));
    }),
    registerCommand("savepoint.copyCommit", log, async (source) => {
      const found = await chooseCheckpoint(services, source, l10n.t("Copy commit hash"));
      if (found) await vscode.env.clipboard.writeText(found.checkpoint.sha);
    }),
    registerCommand("savepoint.showAllCheckpoints", log, (target) => {
      if (target) experiments.unfold(target);
    }),
    registerCommand("savepoint.reveal", log, async (target) => {
      if (target) await experiments.reveal(target);
    }),
    registerCommand("savepoint.showLog", log, () => log.show()),
    registerCommand("savepoint.learnCheckpoints", log, async () => {
      const step = { category: walkthroughId, step: `${walkthroughId}#code` };
      await vscode.commands.executeCommand("workbench.action.openWalkthrough", step, false);
    }),
  ];
}

/** Makes the `.dvc` folder, and begins a `dvc.yaml` where there is none. */
async function initialize(services: Services): Promise<void> {
  if (!(await isTrusted())) return;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  if (!folder) return;
  const made = await orShow(services, await initProject(folder.uri.fsPath));
  if (!made) return;
  await services.projects.find();
  const isWithout = services.projects.state === "no-pipeline";
  if (isWithout) await draftPipeline(folder.uri);
  const message = isWithout
    ? l10n.t(
        "Put your command and its files into dvc.yaml and save it: its stages appear in the Savepoint view.",
      )
    : l10n.t("Savepoint is ready here.");
  const learn = l10n.t("Show Me How");
  if ((await vscode.window.showInformationMessage(message, learn)) === learn) {
    await vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthroughId, false);
  }
}
