import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { viewIds } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { isAsking } from "../../engine/run/openQuestion.ts";
import type { Run } from "../../engine/run/run.ts";
import { asCommand } from "../base/commands.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { isLive } from "../labels/runLabels.ts";
import { isRunningAt, stageRow, stageTooltip } from "../labels/stageLabels.ts";
import type { Projects } from "../projects.ts";
import { openQuestionsOf } from "../questions/openQuestions.ts";
import { markdown, projectItem, rowItem } from "./rowItem.ts";
import { type PipelineRow, RowPool, rowId } from "./rows.ts";
import { ViewRefresh } from "./viewRefresh.ts";

/** The Pipeline view: the stages in the order of the files, each with its status and why it would run. */
export class PipelineView implements vscode.TreeDataProvider<PipelineRow>, vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #refresh = this.#owned.add(new ViewRefresh<PipelineRow>());
  readonly #rows = new RowPool<PipelineRow>();
  readonly #view: vscode.TreeView<PipelineRow>;
  readonly onDidChangeTreeData = this.#refresh.event;

  constructor(projects: Projects) {
    this.#projects = projects;
    this.#view = this.#owned.add(
      vscode.window.createTreeView(viewIds.pipeline, { treeDataProvider: this, showCollapseAll: false }),
    );
    this.#owned.addAll(
      projects.onDidChange(() => this.#refreshAll()),
      projects.onDidChangePipeline(() => this.#refreshAll()),
      projects.onDidChangeRun(({ engine, run }) => this.#refreshStages(engine, run)),
      // A question was asked or answered.
      projects.onDidChangeExperiments(({ change }) => {
        if (change.changed.length > 0 || change.added.some(isAsking)) this.#refresh.all();
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async getChildren(row?: PipelineRow): Promise<PipelineRow[]> {
    await this.#projects.whenLoaded();
    const rows = row === undefined ? this.#roots() : row.kind === "stage" ? [] : this.#stages(row.root);
    return rows.map((child) => this.#rows.intern(child));
  }

  getParent(row: PipelineRow): PipelineRow | null {
    if (row.kind !== "stage" || this.#withStages().length < 2) return null;
    return this.#rows.intern({ kind: "pipelineProject", root: row.root });
  }

  getTreeItem(row: PipelineRow): vscode.TreeItem {
    if (row.kind === "pipelineProject") return projectItem(row.root, rowId(row));
    const engine = this.#projects.byRoot(row.root);
    const stage = engine?.pipeline.pipeline.stages.find(({ address }) => address === row.stage);
    if (!engine || !stage) return new vscode.TreeItem(row.stage);
    const status = engine.pipeline.statuses.get(stage.address);
    const run = newestRunWith(engine, stage);
    const isRunning = run !== null && isLive(run) && isRunningAt(run, stage);
    // What runs in another window or terminal can be watched here, not steered.
    const flag = isRunning ? (run.readOnly ? "elsewhere" : "running") : "idle";
    const item = rowItem(
      rowId(row),
      stageRow(stage, status, run, asksNow(engine, stage, run)),
      vscode.TreeItemCollapsibleState.None,
      `;stage;${isStarted(run, stage) ? "known;" : ""}${flag};`,
    );
    item.tooltip = markdown(stageTooltip(stage, status, run));
    item.command = asCommand(l10n.t("Open Stage Definition"), "savepoint.openStage", row);
    return item;
  }

  #roots(): readonly PipelineRow[] {
    const engines = this.#withStages();
    const [only] = engines;
    if (only && engines.length === 1) return this.#stages(only.project.root);
    return engines.map((engine) => ({ kind: "pipelineProject", root: engine.project.root }));
  }

  #stages(root: string): readonly PipelineRow[] {
    const stages = this.#projects.byRoot(root)?.pipeline.pipeline.stages ?? [];
    return stages.map(({ address }) => ({ kind: "stage", root, stage: address }));
  }

  #withStages(): readonly Engine[] {
    return this.#projects.all.filter((engine) => engine.pipeline.pipeline.stages.length > 0);
  }

  /** Stages with an error are not in the list: the message says that there are some, the welcome text that all are. */
  #refreshAll(): void {
    const problems = this.#withStages().flatMap((engine) => engine.pipeline.pipeline.problems);
    const errors = problems.filter(({ severity }) => severity === "error").length;
    const message = errors === 0 ? "" : l10n.t("Some stages can't run. The Problems panel says why.");
    if ((this.#view.message ?? "") !== message) this.#view.message = message;
    this.#refresh.all();
  }

  #refreshStages(engine: Engine, run: Run): void {
    for (const { stage } of run.stages) {
      const row = this.#rows.known({ kind: "stage", root: engine.project.root, stage });
      if (row) this.#refresh.row(row);
    }
  }
}

/** Whether the stage's code waits for an answer in the run, or has stopped to wait. */
function asksNow(engine: Engine, stage: Stage, run: Run | null): boolean {
  return openQuestionsOf(engine).some(
    ({ checkpoint }) => checkpoint.stage === stage.address && checkpoint.run === run?.id,
  );
}

/** Whether the stage was started in a run, so that there is output of it. */
function isStarted(run: Run | null, { address }: Stage): boolean {
  return run?.stages.some(({ stage, launches }) => stage === address && launches.length > 0) === true;
}

/** What happened to a stage last. Isolated runs that are over have left nothing in the workspace. */
function newestRunWith(engine: Engine, stage: Stage): Run | null {
  const runs = engine.runs.runs.filter((run) => run.place === "workspace" || isLive(run));
  return runs.findLast((run) => run.stages.some((part) => part.stage === stage.address)) ?? null;
}
