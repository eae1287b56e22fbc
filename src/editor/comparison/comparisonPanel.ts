import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { Emitter } from "../../engine/event.ts";
import type { Checkpoint } from "../../engine/model.ts";
import type { ExperimentsChange } from "../../engine/store/experimentIndex.ts";
import {
  type HostMessage,
  lineKey,
  maximumRows,
  type PageMessage,
  parsePageMessage,
  protocolVersion,
  type Reference,
  referenceKey,
  referenceLabel,
} from "../../webview/protocol.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { uniqueReferences } from "./comparisonModel.ts";
import { pageHtml, pageRoots } from "./comparisonPage.ts";
import type { ComparedEngine, ComparisonActions, ComparisonSource } from "./comparisonPorts.ts";
import {
  findExperiment,
  isOf,
  readAppend,
  readComparison,
  resolveReference,
  rowsOf,
  type ToldLine,
} from "./comparisonReader.ts";

/** Milliseconds for which the status bar says that something was copied. */
const copiedTime = 3_000;

/** A message without its revision, which is given when it is sent. */
type Unnumbered<Message> = Message extends HostMessage ? Omit<Message, "revision"> : never;

/**
 * One open comparison. Owns the selection; everything else it shows is read from the engines when the page asks. A page
 * that is hidden is torn down by VS Code and says `ready` again when it is shown, so it always starts from a snapshot.
 */
export class ComparisonPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #source: ComparisonSource;
  readonly #actions: ComparisonActions;
  readonly #owned = new DisposableStore();
  readonly #disposed = new Emitter<void>();
  #engineListeners = new DisposableStore();
  #selection: readonly Reference[];
  #slots: ReadonlyMap<string, number> = new Map();
  #told = new Map<string, ToldLine>();
  #isPageReady = false;
  #isSnapshotDue = false;
  #revision = 0;

  readonly onDidDispose = this.#disposed.event;

  constructor(
    panel: vscode.WebviewPanel,
    extensionUri: vscode.Uri,
    source: ComparisonSource,
    actions: ComparisonActions,
    selection: readonly Reference[],
  ) {
    this.#panel = panel;
    this.#source = source;
    this.#actions = actions;
    this.#selection = selection;
    panel.webview.options = {
      enableScripts: true,
      enableCommandUris: false,
      localResourceRoots: pageRoots(extensionUri),
    };
    this.#owned.addAll(
      panel.onDidDispose(() => this.#release()),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isPageReady = false;
        else if (this.#revision > 0) this.#onShown();
      }),
      panel.webview.onDidReceiveMessage((data: unknown) => this.#receive(data)),
      source.onDidChange(() => this.#listenToEngines()),
    );
    this.#listenToEngines();
    this.#updateTitle();
    panel.webview.html = pageHtml(panel.webview, extensionUri);
  }

  get selection(): readonly Reference[] {
    return this.#selection;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  #release(): void {
    this.#isPageReady = false;
    this.#engineListeners.dispose();
    this.#owned.dispose();
    this.#disposed.fire();
    this.#disposed.dispose();
  }

  /** Mostly the page is made anew and asks by itself; one that outlived a short absence has missed what happened. */
  #onShown(): void {
    if (this.#isPageReady) return;
    this.#isPageReady = true;
    this.#sendSnapshot();
  }

  #listenToEngines(): void {
    this.#engineListeners.dispose();
    this.#engineListeners = new DisposableStore();
    for (const engine of this.#source.engines) {
      this.#engineListeners.addAll(
        engine.experiments.onDidChange((change) => this.#onExperiments(engine, change)),
        engine.runs.onDidChange((run) => this.#sendRows(engine, run.experiment)),
      );
    }
    this.#snapshotSoon();
  }

  #onExperiments(engine: ComparedEngine, change: ExperimentsChange): void {
    if ([...change.changed, ...change.removed].some((name) => this.#shows(engine, name))) {
      this.#snapshotSoon();
      return;
    }
    for (const checkpoint of change.added) {
      if (this.#shows(engine, checkpoint.experiment)) this.#append(engine, checkpoint);
    }
  }

  /** Tells the page of one new checkpoint; of all anew when it does not go on from what the page has. */
  #append(engine: ComparedEngine, checkpoint: Checkpoint): void {
    if (!this.#isPageReady || this.#isSnapshotDue) return;
    const key = lineKey(engine.project.root, checkpoint.experiment);
    const read = readAppend(engine, checkpoint, this.#selection, this.#told.get(key));
    if (read === null) {
      this.#snapshotSoon();
      return;
    }
    this.#told.set(key, read.told);
    this.#post(read.append);
  }

  #sendRows(engine: ComparedEngine, name: string): void {
    if (!this.#isPageReady || this.#isSnapshotDue) return;
    const experiment = findExperiment(engine, name);
    const rows = experiment === undefined ? [] : rowsOf(engine, experiment, this.#selection);
    if (rows.length > 0) this.#post({ kind: "rows", rows });
  }

  /** Several changes in one turn make one snapshot. */
  #snapshotSoon(): void {
    if (this.#isSnapshotDue || !this.#isPageReady) return;
    this.#isSnapshotDue = true;
    queueMicrotask(() => {
      this.#isSnapshotDue = false;
      if (this.#isPageReady) this.#sendSnapshot();
    });
  }

  #sendSnapshot(): void {
    const { snapshot, told, slots } = readComparison(this.#source, this.#selection, this.#slots);
    this.#slots = slots;
    this.#told = new Map(told);
    this.#post(snapshot);
  }

  #post(message: Unnumbered<HostMessage>): void {
    this.#revision += 1;
    void this.#panel.webview.postMessage({ ...message, revision: this.#revision });
  }

  /** What the page sends is untrusted: what it names is looked up, and nothing happens when it is not there. */
  #receive(data: unknown): void {
    const message = parsePageMessage(data);
    if (message !== null) void this.#handle(message);
  }

  async #handle(message: PageMessage): Promise<void> {
    switch (message.kind) {
      case "ready":
        // A page of another version is from before an update; loading it anew brings the right one.
        if (message.protocol !== protocolVersion) return;
        this.#isPageReady = true;
        this.#sendSnapshot();
        return;
      case "resync":
        this.#sendSnapshot();
        return;
      case "act":
        await this.#act(message);
        return;
      case "add": {
        const picked = await this.#actions.pick(this.#selection);
        if (picked.length > 0) this.#select(picked);
        return;
      }
      case "dismiss": {
        const keys = new Set(message.keys);
        this.#select(this.#selection.filter((reference) => !keys.has(referenceKey(reference))));
        return;
      }
      case "copy":
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage(`$(check) ${l10n.t("Copied to the clipboard")}`, copiedTime);
        return;
      default:
        message satisfies never;
    }
  }

  async #act({ action, line, sequence }: PageMessage & { kind: "act" }): Promise<void> {
    const shown = this.#selection.find(({ root, experiment }) => lineKey(root, experiment) === line);
    if (shown === undefined) return;
    const { checkpoint } = resolveReference(this.#source.engines, { ...shown, sequence });
    if (checkpoint === undefined) return;
    const { root, experiment } = shown;
    await this.#actions.act(action, { kind: "checkpoint", root, experiment, sha: checkpoint.sha });
  }

  /** What stays keeps its place; what is new comes at the end. */
  #select(wanted: readonly Reference[]): void {
    // The person may have closed the panel while they were asked.
    if (this.#owned.isDisposed) return;
    const keys = new Set(wanted.map(referenceKey));
    const kept = this.#selection.filter((reference) => keys.has(referenceKey(reference)));

    this.#selection = uniqueReferences([...kept, ...wanted]);
    if (keys.size > this.#selection.length) {
      void vscode.window.showWarningMessage(
        l10n.t("A comparison holds {0} rows; the rest was left out.", maximumRows),
      );
    }
    this.#updateTitle();
    this.#snapshotSoon();
  }

  #updateTitle(): void {
    const [first, second] = this.#selection;
    this.#panel.title =
      first !== undefined && second !== undefined && this.#selection.length === 2
        ? `${referenceLabel(first)} ↔ ${referenceLabel(second)}`
        : l10n.t("Compare Experiments ({0})", this.#selection.length);
  }

  #shows(engine: ComparedEngine, experiment: string): boolean {
    return this.#selection.some((reference) => isOf(reference, engine, experiment));
  }
}
