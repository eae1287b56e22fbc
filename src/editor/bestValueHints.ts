import * as vscode from "vscode";
import { paramId } from "../engine/compare/paramHistory.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "./base/settings.ts";
import { bestHint } from "./labels/triedLabels.ts";
import { dataFileSelector, keysIn, paramsFiles, paramsOf } from "./paramIndex.ts";
import type { Projects } from "./projects.ts";

/** Shows the best value so far behind each parameter that was tried with several. Off unless the user turns it on. */
export class BestValueHints implements vscode.InlayHintsProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<void>());
  readonly onDidChangeInlayHints = this.#changed.event;

  constructor(projects: Projects) {
    this.#projects = projects;
    const change = () => this.#changed.fire();
    this.#owned.addAll(
      vscode.languages.registerInlayHintsProvider(dataFileSelector, this),
      projects.onDidChangeExperiments(change),
      projects.onDidChangePipeline(change),
      onDidChangeSetting(["savepoint.inlayHints.bestValue", "savepoint.experiments.metric"], change),
    );
  }

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    if (!readSetting("savepoint.inlayHints.bestValue", document.uri)) return [];
    const located = this.#projects.locate(document.uri.fsPath);
    if (!located || !paramsFiles(located.engine).has(located.path)) return [];
    const { engine, path } = located;
    const histories = paramsOf(engine);
    return keysIn(document, path).flatMap(({ key, valueEnd }) => {
      const history = histories.get(paramId(path, key));
      const hint = history === undefined ? null : bestHint(history);
      const position = document.positionAt(valueEnd);
      if (hint === null || !range.contains(position)) return [];
      const shown = new vscode.InlayHint(position, hint.label);
      shown.tooltip = hint.tooltip;
      shown.paddingLeft = true;
      return [shown];
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
