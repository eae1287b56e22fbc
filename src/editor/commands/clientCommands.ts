import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { failure, type Result, success } from "../../engine/result.ts";
import { registerCommand } from "../base/commands.ts";
import { pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { isTrusted, orShow } from "./choose.ts";

/** A file with which code asks for training checkpoints, as the extension carries it. */
interface Client {
  /** VS Code's ids of the languages that use it. */
  readonly languages: readonly string[];
  readonly name: string;
  /** Below the folder of the clients. */
  readonly path: string;
}

const clients: readonly Client[] = [
  { languages: ["python"], name: "Python", path: "python/savepoint.py" },
  { languages: ["javascript", "typescript"], name: "JavaScript", path: "javascript/savepoint.mjs" },
  { languages: ["r"], name: "R", path: "r/savepoint.R" },
  { languages: ["julia"], name: "Julia", path: "julia/Savepoint.jl" },
  { languages: ["shellscript"], name: "Shell", path: "shell/savepoint.sh" },
];

/** Puts the file that makes code checkpoint-aware into the project: whoever installed the extension has no other copy. */
export function registerClientCommands(
  services: Services,
  extensionUri: vscode.Uri,
): readonly vscode.Disposable[] {
  return [
    registerCommand("savepoint.addClient", services.log, async () => {
      if (!(await isTrusted())) return;
      const folder = await chooseFolder();
      const client = folder && (await chooseClient());
      if (!folder || !client) return;
      const source = vscode.Uri.joinPath(extensionUri, "clients", client.path);
      const target = vscode.Uri.joinPath(folder, basename(client.path));
      const added = await orShow(services, await copyNew(source, target));
      if (added) await vscode.window.showTextDocument(target, { preview: false });
    }),
  ];
}

/** Where the code in front lies, as it imports the file from beside itself; else a folder of the workspace. */
async function chooseFolder(): Promise<vscode.Uri | null> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const inFront = vscode.window.activeTextEditor?.document;
  const isCode = inFront !== undefined && clients.some((client) => isFor(client, inFront));
  if (isCode && vscode.workspace.getWorkspaceFolder(inFront.uri))
    return vscode.Uri.joinPath(inFront.uri, "..");
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  return folder?.uri ?? null;
}

/** The language of the code in front comes first. */
function chooseClient(): Promise<Client | null> {
  const inFront = vscode.window.activeTextEditor?.document;
  const isFirst = (client: Client) => inFront !== undefined && isFor(client, inFront);
  const ordered = [...clients.filter(isFirst), ...clients.filter((client) => !isFirst(client))];
  return pickOne(
    ordered.map((client) => ({
      label: `$(file-code) ${client.name}`,
      description: basename(client.path),
      value: client,
    })),
    {
      title: l10n.t("Make code checkpoint-aware"),
      placeholder: l10n.t("In which language is the training written? One file is added beside it"),
    },
  );
}

function isFor({ languages }: Client, { languageId, uri }: vscode.TextDocument): boolean {
  return uri.scheme === "file" && languages.includes(languageId);
}

/** Copies a file to a place where there is none. Fails with `file-exists`. */
async function copyNew(source: vscode.Uri, target: vscode.Uri): Promise<Result<true>> {
  try {
    await vscode.workspace.fs.copy(source, target, { overwrite: false });
    return success(true);
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError) || error.code !== "FileExists") throw error;
    const message = l10n.t("{0} is there already. Remove it first to add it anew.", target.fsPath);
    return failure("file-exists", message, target.fsPath);
  }
}
