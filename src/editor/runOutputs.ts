import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../engine/engine.ts";
import type { Run } from "../engine/run/run.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { isLive } from "./labels/runLabels.ts";
import type { Projects } from "./projects.ts";

const scheme = "savepoint-output";

/** Milliseconds between two looks at the output of a run that goes on while its document is open. */
const followTime = 2_000;

/** What the stages of runs wrote to their terminals, as read-only documents; those of runs that go on grow. */
export class RunOutputs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changed.event;

  constructor(projects: Projects) {
    this.#projects = projects;
    const timer = setInterval(() => this.#follow(), followTime);
    this.#owned.addAll(
      { dispose: () => clearInterval(timer) },
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      projects.onDidChangeRun(({ engine, run }) => {
        if (!isLive(run))
          this.#refresh((shown) => shown.run === run.id && shown.root === engine.project.root);
      }),
    );
  }

  async show(engine: Engine, run: Run): Promise<void> {
    const query = new URLSearchParams({ root: engine.project.root, run: run.id });
    // The day and time tell two runs of one experiment apart in the tabs.
    const time = new Date(run.startedAt).toLocaleString(undefined, {
      dateStyle: "short",
      timeStyle: "short",
    });
    const name = `${run.experiment} ${time}`.replace(/[/\\:]/g, "-");
    const uri = vscode.Uri.from({ scheme, path: `/${name}.log`, query: query.toString() });
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    // What came last is what people look for.
    const end = document.lineAt(document.lineCount - 1).range;
    editor.revealRange(end, vscode.TextEditorRevealType.Default);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    await this.#projects.whenLoaded();
    const shown = shownBy(uri);
    const engine = this.#projects.byRoot(shown.root);
    const run = engine?.runs.runs.find(({ id }) => id === shown.run);
    if (!engine || !run) return `${l10n.t("This run is not known here any more.")}\n`;
    const output = await engine.readOutput(run);
    return output.ok ? output.value : `${output.problem.message}\n`;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #follow(): void {
    this.#refresh(({ root, run: id }) => {
      const run = this.#projects.byRoot(root)?.runs.runs.find((one) => one.id === id);
      return run !== undefined && isLive(run);
    });
  }

  #refresh(isStale: (shown: ShownRun) => boolean): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === scheme && isStale(shownBy(uri))) this.#changed.fire(uri);
    }
  }
}

interface ShownRun {
  readonly root: string;
  readonly run: string;
}

function shownBy(uri: vscode.Uri): ShownRun {
  const query = new URLSearchParams(uri.query);
  return { root: query.get("root") ?? "", run: query.get("run") ?? "" };
}
