import * as vscode from "vscode";
import { stagesInText } from "../engine/pipeline/stageText.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "./base/settings.ts";
import { checkpointsOfStage } from "./commands/targets.ts";
import type { Projects } from "./projects.ts";

/** Milliseconds for which changes are gathered. */
const gatherTime = 200;

/** Marks stages that have training checkpoints beside their line in `dvc.yaml`. */
export class StageGutter implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #mark: vscode.TextEditorDecorationType;
  #timer: NodeJS.Timeout | null = null;

  constructor(projects: Projects, extension: vscode.Uri) {
    this.#projects = projects;
    const icon = (theme: string) => vscode.Uri.joinPath(extension, "media", `gutter-${theme}.svg`);
    this.#mark = this.#owned.add(
      vscode.window.createTextEditorDecorationType({
        gutterIconSize: "contain",
        light: { gutterIconPath: icon("light") },
        dark: { gutterIconPath: icon("dark") },
      }),
    );
    const change = () => this.#schedule();
    this.#owned.addAll(
      vscode.window.onDidChangeVisibleTextEditors(change),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (isPipeline(document)) this.#schedule();
      }),
      projects.onDidChange(change),
      projects.onDidChangeExperiments(change),
      projects.onDidChangePipeline(change),
      onDidChangeSetting(["savepoint.gutter.checkpoints"], change),
    );
    this.#schedule();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const editor of vscode.window.visibleTextEditors) {
        if (isPipeline(editor.document)) editor.setDecorations(this.#mark, this.#marks(editor.document));
      }
    }, gatherTime);
  }

  #marks(document: vscode.TextDocument): readonly vscode.Range[] {
    if (!readSetting("savepoint.gutter.checkpoints", document.uri)) return [];
    const located = this.#projects.locate(document.uri.fsPath);
    if (!located) return [];
    const { engine, path } = located;
    const prefix = path === "dvc.yaml" ? "" : `${path}:`;
    return stagesInText(document.getText())
      .filter(({ name }) => checkpointsOfStage(engine, prefix + name).length > 0)
      .map(({ lines }) => new vscode.Range(lines.start, 0, lines.start, 0));
  }
}

function isPipeline({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === "file" && /[\\/]dvc\.yaml$/.test(uri.fsPath);
}
