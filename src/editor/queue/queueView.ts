import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type QueuedTarget, viewIds } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { QueuedRun } from "../../engine/queue/queuedRun.ts";
import type { Run } from "../../engine/run/run.ts";
import { asCommand } from "../base/commands.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { type QueueRowState, queueRow, queueTooltip } from "../labels/queueLabels.ts";
import type { Projects } from "../projects.ts";
import { markdown, projectItem, rowItem } from "../views/rowItem.ts";
import { type QueueRow, RowPool, rowId } from "../views/rows.ts";
import { ViewRefresh } from "../views/viewRefresh.ts";
import { QueueDrag } from "./queueDrag.ts";

type QueuedEntry = Omit<QueueRowState, "run">;

/** The Queue view: the runs of the queue in the order of their starts, with how each stands. */
export class QueueView implements vscode.TreeDataProvider<QueueRow>, vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #refresh = this.#owned.add(new ViewRefresh<QueueRow>());
  readonly #rows = new RowPool<QueueRow>();
  readonly #view: vscode.TreeView<QueueRow>;
  /** What the rows were last made of, by their ids: VS Code asks for the rows of a list one by one, and later. */
  readonly #entries = new Map<string, QueuedEntry>();
  readonly onDidChangeTreeData = this.#refresh.event;

  constructor(projects: Projects) {
    this.#projects = projects;
    this.#view = this.#owned.add(
      vscode.window.createTreeView(viewIds.queue, {
        treeDataProvider: this,
        canSelectMany: true,
        dragAndDropController: new QueueDrag(projects),
      }),
    );
    this.#owned.addAll(
      projects.onDidChange(() => this.#refreshAll()),
      projects.onDidChangeQueue(() => this.#refreshAll()),
      projects.onDidChangeRun(({ engine, run }) => this.#refreshRun(engine, run)),
    );
    this.#describe();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async getChildren(row?: QueueRow): Promise<QueueRow[]> {
    await this.#projects.whenLoaded();
    const rows = row === undefined ? this.#roots() : row.kind === "queued" ? [] : this.#children(row.root);
    return rows.map((child) => this.#rows.intern(child));
  }

  getParent(row: QueueRow): QueueRow | null {
    if (row.kind !== "queued" || this.#withEntries().length < 2) return null;
    return this.#rows.intern({ kind: "queueProject", root: row.root });
  }

  getTreeItem(row: QueueRow): vscode.TreeItem {
    if (row.kind === "queueProject") return projectItem(row.root, rowId(row));
    const engine = this.#projects.byRoot(row.root);
    const entry = this.#entries.get(rowId(row));
    if (!engine || !entry) return new vscode.TreeItem(row.id);
    const { queued } = entry;
    const state = { ...entry, run: engine.runs.runs.find(({ id }) => id === queued.runId) ?? null };
    const { None } = vscode.TreeItemCollapsibleState;
    const item = rowItem(rowId(row), queueRow(state), None, `;queued;${flagsOf(queued)};`);
    item.tooltip = markdown(queueTooltip(state, Date.now()));
    const command = commandOf(engine, queued, row);
    if (command !== null) item.command = command;
    return item;
  }

  #roots(): readonly QueueRow[] {
    const engines = this.#withEntries();
    const [only] = engines;
    if (only && engines.length === 1) return this.#children(only.project.root);
    return engines.map((engine) => ({ kind: "queueProject", root: engine.project.root }));
  }

  #children(root: string): readonly QueueRow[] {
    let waiting = 0;
    return (this.#projects.byRoot(root)?.queue.entries ?? []).map((queued) => {
      const row: QueueRow = { kind: "queued", root, id: queued.id };
      if (queued.state === "waiting") waiting += 1;
      this.#entries.set(rowId(row), { queued, place: queued.state === "waiting" ? waiting : null });
      return row;
    });
  }

  #withEntries(): readonly Engine[] {
    return this.#projects.all.filter(({ queue }) => queue.entries.length > 0);
  }

  #refreshAll(): void {
    this.#describe();
    this.#refresh.all();
  }

  #refreshRun(engine: Engine, run: Run): void {
    const queued = engine.queue.entries.find(({ runId }) => runId === run.id);
    const row = queued && this.#rows.known({ kind: "queued", root: engine.project.root, id: queued.id });
    if (row) this.#refresh.row(row);
  }

  /** `Queue (2)`: how many are left to do; and whether they are being done. */
  #describe(): void {
    const queues = this.#withEntries().map(({ queue }) => queue);
    const left = queues.flatMap(({ entries }) =>
      entries.filter(({ state }) => state === "waiting" || state === "running"),
    ).length;
    this.#view.title = left === 0 ? l10n.t("Queue") : l10n.t("Queue ({0})", left);
    const [only] = queues;
    this.#view.description =
      only === undefined || queues.length > 1 || left === 0
        ? ""
        : only.isPaused
          ? l10n.t("paused")
          : only.jobs === 1
            ? l10n.t("one at a time")
            : l10n.t("{0} at a time", only.jobs);
  }
}

function flagsOf({ state, runId }: QueuedRun): string {
  if (state === "waiting" || state === "running") return state;
  return runId === null ? "finished" : "finished;ran";
}

/** A click leads to what there is to see: the terminal while it runs, its experiment afterwards. */
function commandOf(engine: Engine, queued: QueuedRun, row: QueuedTarget): vscode.Command | null {
  if (queued.state === "running") return asCommand(l10n.t("Show Terminal"), "savepoint.showTerminal", row);
  const isListed = engine.experiments.experiments.some(({ name }) => name === queued.name);
  if (queued.state === "waiting" || !isListed) return null;
  return asCommand(l10n.t("Show in Experiments View"), "savepoint.reveal", {
    kind: "experiment",
    root: row.root,
    experiment: queued.name,
  });
}
