import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { formatSize } from "../../engine/compare/present.ts";
import type { OutputRecord } from "../../engine/model.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { checkpointPlace, checkpointReference } from "../labels/checkpointLabels.ts";
import { escapeIcons } from "../labels/rowText.ts";
import { loadingCode } from "../notebook/loadingCode.ts";
import { insertCell } from "../notebook/notebookCell.ts";
import { pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { chooseCheckpoint, isTrusted, orShow } from "./choose.ts";
import type { FoundCheckpoint } from "./targets.ts";

/** Brings what a checkpoint recorded to other programs: a window of its own, a notebook, lines of Python. */
export function registerLoadingCommands(
  services: Services,
  storage: vscode.Uri,
): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.openInNewWindow", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Open checkpoint in new window"));
      if (found) await openInNewWindow(services, found, storage);
    }),
    registerCommand("savepoint.copyLoadingCode", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Copy code that loads checkpoint"));
      const code = found && (await codeFor(services, found));
      if (!code) return;
      await vscode.env.clipboard.writeText(code);
      void vscode.window.setStatusBarMessage(l10n.t("Copied two lines of Python"), copiedTime);
    }),
    registerCommand("savepoint.loadInNotebook", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Load checkpoint in notebook"));
      const code = found && (await codeFor(services, found));
      if (code) await insertCell(code);
    }),
  ];
}

/** Milliseconds for which the status bar says that something was copied. */
const copiedTime = 4_000;

/** Code for the output that the person picks, of which a copy is made; `null` when they changed their mind. */
async function codeFor(services: Services, found: FoundCheckpoint): Promise<string | null> {
  const { engine, checkpoint } = found;
  const output = await pickOutput(services, found);
  if (output === null) return null;
  const title = l10n.t("Copying {0} of {1}", output.path, checkpointReference(checkpoint));
  const copied = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title },
    () => engine.copyForReading(checkpoint, output.path),
  );
  const path = await orShow(services, copied);
  if (path === null) return null;
  const remark = `${checkpointReference(checkpoint)}, ${checkpointPlace(checkpoint)}`;
  return loadingCode(path, output.hash.endsWith(".dir"), remark);
}

/** Those in the cache come first, and the largest of them: they hold the state of training. */
async function pickOutput(services: Services, { checkpoint }: FoundCheckpoint): Promise<OutputRecord | null> {
  const outs = checkpoint.outs.toSorted(
    (a, b) => Number(b.cached) - Number(a.cached) || (b.size ?? 0) - (a.size ?? 0),
  );
  const [only] = outs;
  if (only === undefined) {
    const message = l10n.t("{0} has no outputs to load.", checkpointReference(checkpoint));
    await showProblem({ reason: "no-outputs", message }, services.log);
    return null;
  }
  if (outs.length === 1) return only;
  return pickOne(
    outs.map((output) => ({
      label: `${output.hash.endsWith(".dir") ? "$(folder)" : "$(file)"} ${escapeIcons(output.path)}`,
      description: output.size === null ? "" : formatSize(output.size),
      value: output,
    })),
    { title: checkpointReference(checkpoint), placeholder: l10n.t("Which output to load?") },
  );
}

/** A worktree with the checkpoint's own code and outputs; one that was made before is opened again. */
async function openInNewWindow(
  services: Services,
  { engine, checkpoint }: FoundCheckpoint,
  storage: vscode.Uri,
): Promise<void> {
  const reference = checkpointReference(checkpoint);
  const name = `${basename(engine.project.root)}-${reference}-${checkpoint.sha.slice(0, 7)}`;
  const folderName = name.replaceAll(/[^\p{L}\p{N}@._-]/gu, "-");
  const own = vscode.Uri.joinPath(storage, "worktrees", folderName);
  const isThere = await exists(own);
  const choice = await pickOne<"own" | "other">(
    [
      {
        label: `$(empty-window) ${isThere ? l10n.t("Open Its Folder Again") : l10n.t("Put It into Savepoint's Own Folder")}`,
        description: l10n.t("a Git worktree with the same experiments"),
        detail: own.fsPath,
        value: "own",
      },
      { label: `$(folder) ${l10n.t("Choose Where to Put It…")}`, value: "other" },
    ],
    {
      title: l10n.t("Open {0} in a new window", reference),
      placeholder: l10n.t("Its code and outputs are written there; this workspace stays as it is"),
    },
  );
  if (choice === null) return;
  const directory = choice === "own" ? own : await pickFolder(folderName);
  if (directory === null) return;
  if (choice === "other" || !isThere) {
    const title = l10n.t("Writing the files of {0}", reference);
    const made = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title },
      async () => {
        await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(directory, ".."));
        return engine.createWorktree({ kind: "checkpoint", checkpoint }, directory.fsPath);
      },
    );
    if ((await orShow(services, made)) === null) return;
  }
  // The project may lie in a folder of the repository.
  const root = vscode.Uri.joinPath(directory, engine.project.prefix);
  await vscode.commands.executeCommand("vscode.openFolder", root, { forceNewWindow: true });
}

async function pickFolder(name: string): Promise<vscode.Uri | null> {
  const [parent] =
    (await vscode.window.showOpenDialog({
      title: l10n.t("Make the folder {0} in …", name),
      openLabel: l10n.t("Make It Here"),
      canSelectFiles: false,
      canSelectFolders: true,
    })) ?? [];
  return parent === undefined ? null : vscode.Uri.joinPath(parent, name);
}

async function exists(folder: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(folder).then(
    () => true,
    () => false,
  );
}
