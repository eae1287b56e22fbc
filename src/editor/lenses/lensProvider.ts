import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Settings } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "../base/settings.ts";
import type { Projects } from "../projects.ts";
import { lensTitle } from "./lensCommand.ts";

/** Milliseconds for which changes are gathered before lenses are asked for again. */
const gatherTime = 150;

/** One lens: its place at once, its words when VS Code shows it. */
export interface LazyLens {
  readonly line: number;
  /** `null` when there is nothing to say there any more. Reads memory only. */
  readonly command: () => vscode.Command | null;
}

/** What makes one kind of lens. */
export interface LensKind {
  readonly selector: vscode.DocumentSelector;
  readonly setting: keyof Settings & `savepoint.codeLens.${string}`;
  /** Whether what the lenses do needs a trusted workspace. */
  readonly needsTrust: boolean;
  /** Fires when something changed that the projects do not tell of. */
  readonly onDidChange?: vscode.Event<void>;
  /** From text and memory alone. `path` is the document's path in the project. */
  lenses(document: vscode.TextDocument, engine: Engine, path: string): readonly LazyLens[];
}

class ShownLens extends vscode.CodeLens {
  readonly makeCommand: LazyLens["command"];

  constructor({ line, command }: LazyLens) {
    super(new vscode.Range(line, 0, line, 0));
    this.makeCommand = command;
  }
}

/** Gives the lenses of one kind: their places at once, their words when they are shown. */
export class LensProvider implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #kind: LensKind;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  #timer: NodeJS.Timeout | null = null;

  constructor(projects: Projects, kind: LensKind) {
    this.#projects = projects;
    this.#kind = kind;
    const change = () => this.#schedule();
    this.#owned.addAll(
      vscode.languages.registerCodeLensProvider(kind.selector, this),
      projects.onDidChange(change),
      projects.onDidChangeExperiments(change),
      projects.onDidChangeRun(change),
      projects.onDidChangePipeline(change),
      vscode.workspace.onDidGrantWorkspaceTrust(change),
      ...(kind.onDidChange === undefined ? [] : [kind.onDidChange(change)]),
      onDidChangeSetting(
        [kind.setting, "savepoint.codeLens.patterns", "savepoint.experiments.metric"],
        change,
      ),
    );
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!readSetting(this.#kind.setting, document.uri)) return [];
    const located = this.#projects.locate(document.uri.fsPath);
    if (!located) return [];
    const lenses = this.#kind.lenses(document, located.engine, located.path);
    const [first] = lenses;
    if (first && this.#kind.needsTrust && !vscode.workspace.isTrusted) return [untrustedLens(first.line)];
    return lenses.map((lens) => new ShownLens(lens));
  }

  resolveCodeLens(lens: vscode.CodeLens): vscode.CodeLens {
    // What went away meanwhile is asked for again at once; until then it shows nothing.
    if (lens instanceof ShownLens) lens.command = lens.makeCommand() ?? { title: "", command: "" };
    return lens;
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#changed.fire();
    }, gatherTime);
  }
}

function untrustedLens(line: number): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
    title: lensTitle(`$(workspace-untrusted) ${l10n.t("Trust this workspace to run")}`),
    tooltip: l10n.t("Stages are commands from the workspace"),
    command: "workbench.trust.manage",
  });
}
