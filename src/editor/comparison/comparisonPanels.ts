import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Disposable } from "../../engine/event.ts";
import { parseReferences, type Reference, referenceKey } from "../../webview/protocol.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { uniqueReferences } from "./comparisonModel.ts";
import { ComparisonPanel } from "./comparisonPanel.ts";
import type { ComparisonActions, ComparisonSource } from "./comparisonPorts.ts";

/** All comparison panels of the window: opens them, and brings them back after a reload. */
export class ComparisonPanels implements Disposable {
  static readonly viewType = "savepoint.comparison";

  readonly #extensionUri: vscode.Uri;
  readonly #source: ComparisonSource;
  readonly #actions: ComparisonActions;
  readonly #panels = new Set<ComparisonPanel>();
  readonly #owned = new DisposableStore();

  constructor(extensionUri: vscode.Uri, source: ComparisonSource, actions: ComparisonActions) {
    this.#extensionUri = extensionUri;
    this.#source = source;
    this.#actions = actions;
  }

  /** Begins to restore panels of an earlier window. The activation event is `onWebviewPanel:savepoint.comparison`. */
  register(): Disposable {
    this.#owned.add(
      vscode.window.registerWebviewPanelSerializer(ComparisonPanels.viewType, {
        deserializeWebviewPanel: async (panel: vscode.WebviewPanel, state: unknown) => {
          this.#adopt(panel, parseReferences((state as { selection?: unknown } | null)?.selection));
        },
      }),
    );
    return this;
  }

  /** Compares a selection: shows the panel that already does, or opens one beside the editors. */
  openComparison(selection: readonly Reference[]): void {
    const wanted = uniqueReferences(selection);
    const shown = [...this.#panels].find((panel) => isSameSelection(panel.selection, wanted));
    if (shown !== undefined) {
      shown.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      ComparisonPanels.viewType,
      l10n.t("Compare Experiments"),
      vscode.ViewColumn.Active,
    );
    this.#adopt(panel, wanted);
  }

  dispose(): void {
    for (const panel of [...this.#panels]) panel.dispose();
    this.#owned.dispose();
  }

  #adopt(webviewPanel: vscode.WebviewPanel, selection: readonly Reference[]): void {
    const icon = (theme: string) =>
      vscode.Uri.joinPath(this.#extensionUri, "media", `comparison-${theme}.svg`);
    webviewPanel.iconPath = { light: icon("light"), dark: icon("dark") };
    const panel = new ComparisonPanel(
      webviewPanel,
      this.#extensionUri,
      this.#source,
      this.#actions,
      uniqueReferences(selection),
    );
    this.#panels.add(panel);
    panel.onDidDispose(() => this.#panels.delete(panel));
  }
}

function isSameSelection(left: readonly Reference[], right: readonly Reference[]): boolean {
  const keys = new Set(left.map(referenceKey));
  return keys.size === right.length && right.every((reference) => keys.has(referenceKey(reference)));
}
