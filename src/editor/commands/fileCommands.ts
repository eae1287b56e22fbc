import { homedir } from "node:os";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { registerCommand } from "../base/commands.ts";
import { type ExperimentLogs, experimentOf } from "../experimentLog/experimentLogs.ts";
import { checkpointUri } from "../files/checkpointFileSystem.ts";
import { checkpointReference } from "../labels/checkpointLabels.ts";
import { pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { chooseCheckpoint, chooseProject, isTrusted, orShow } from "./choose.ts";
import type { FoundCheckpoint } from "./targets.ts";

/** What can be done with the files of a checkpoint without touching the workspace. */
export function registerFileCommands(services: Services, logs: ExperimentLogs): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.openFile", log, async (source) => {
      const found = await chooseCheckpoint(services, source, l10n.t("Open file of checkpoint"));
      const uri = found && (await pickFile(found));
      if (uri) await vscode.commands.executeCommand("vscode.open", uri);
    }),
    registerCommand("savepoint.showChanges", log, async (source) => {
      // Comparing lets Git read the workspace with the filters that the repository sets up.
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Show changes since checkpoint"));
      if (found) await services.changes.show(found);
    }),
    registerCommand("savepoint.showExperimentLog", log, async (target) => {
      const engine = await chooseProject(services, target && { kind: "project", root: target.root });
      if (engine) await logs.show(engine, target?.kind === "project" ? null : experimentOf(engine, target));
    }),
    registerCommand("savepoint.export", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Export checkpoint"));
      if (found) await exportTo(services, found);
    }),
  ];
}

/** A file of the checkpoint, found folder by folder; `null` when the person changed their mind. */
async function pickFile({ engine, checkpoint }: FoundCheckpoint): Promise<vscode.Uri | null> {
  for (let folder = ""; ; ) {
    const names = await vscode.workspace.fs.readDirectory(
      checkpointUri(engine.project.root, checkpoint, folder),
    );
    const inside = names.map(([name, type]) => ({
      path: folder === "" ? name : `${folder}/${name}`,
      name,
      isFolder: type === vscode.FileType.Directory,
    }));
    const up = folder === "" ? [] : [{ path: parentOf(folder), name: "..", isFolder: true }];
    const entries = [
      ...up,
      ...inside.filter((one) => one.isFolder),
      ...inside.filter((one) => !one.isFolder),
    ];
    const picked = await pickOne(
      entries.map((entry) => ({
        label: `${entry.isFolder ? "$(folder)" : "$(file)"} ${entry.name}`,
        value: entry,
      })),
      {
        title: `${checkpointReference(checkpoint)}${folder === "" ? "" : ` · ${folder}`}`,
        placeholder: l10n.t("Which file, as it was recorded?"),
      },
    );
    if (picked === null) return null;
    if (!picked.isFolder) return checkpointUri(engine.project.root, checkpoint, picked.path);
    folder = picked.path;
  }
}

function parentOf(folder: string): string {
  return folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
}

/** Writes a checkpoint into a new folder inside the one that the person chooses. */
async function exportTo(services: Services, { engine, checkpoint }: FoundCheckpoint): Promise<void> {
  const reference = checkpointReference(checkpoint);
  const [parent] =
    (await vscode.window.showOpenDialog({
      title: l10n.t("Export {0} into a new folder of …", reference),
      openLabel: l10n.t("Export Here"),
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
      defaultUri: vscode.Uri.file(homedir()),
    })) ?? [];
  if (parent === undefined) return;
  const folder = vscode.Uri.joinPath(parent, reference.replaceAll(/[^\p{L}\p{N}@._-]/gu, "-"));
  const title = l10n.t("Exporting {0}", reference);
  const exported = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title },
    () => engine.exportCheckpoint(checkpoint, folder.fsPath),
  );
  const written = await orShow(services, exported);
  if (written === null) return;
  const open = l10n.t("Open in New Window");
  const answer = await vscode.window.showInformationMessage(
    l10n.t("{0} is in {1}: {2} files.", reference, folder.fsPath, written.files),
    open,
  );
  if (answer === open) await vscode.commands.executeCommand("vscode.openFolder", folder, true);
}
