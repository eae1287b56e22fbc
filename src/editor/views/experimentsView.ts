import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type CheckpointTarget, type ExperimentTarget, viewIds } from "../../contract.ts";
import { inheritedCount, ownCheckpoints } from "../../engine/compare/lineage.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Checkpoint, Experiment } from "../../engine/model.ts";
import { openQuestion } from "../../engine/run/openQuestion.ts";
import type { ExperimentsChange } from "../../engine/store/experimentIndex.ts";
import { asCommand } from "../base/commands.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "../base/settings.ts";
import { bestOf } from "../bestMetric.ts";
import type { CommitReader } from "../commitInfo.ts";
import type { CompareSelection } from "../compareSelection.ts";
import { experimentKey, findExperiment } from "../experimentKey.ts";
import { checkpointRow, checkpointTooltip } from "../labels/checkpointLabels.ts";
import {
  baselineRow,
  type ExperimentState,
  experimentRow,
  experimentTooltip,
  type MovedBaseline,
} from "../labels/experimentLabels.ts";
import { type BaselineGroup, checkpointRows, groupByBaseline } from "../labels/experimentRows.ts";
import { isLive } from "../labels/runLabels.ts";
import type { Projects } from "../projects.ts";
import { environmentOf, marksOf, stateOf } from "./experimentRowState.ts";
import { continuable, hasOutput, missingStage, viewItem } from "./rowFlags.ts";
import { markdown, rowItem } from "./rowItem.ts";
import { type BaselineRow, type ExperimentsRow, type FoldedRow, RowPool, rowId } from "./rows.ts";
import { ViewRefresh } from "./viewRefresh.ts";

/** Milliseconds after which ages are written anew. */
const ageInterval = 60_000;

/** The Experiments view: baselines, the experiments that grew from them, and their checkpoints. */
export class ExperimentsView implements vscode.TreeDataProvider<ExperimentsRow>, vscode.Disposable {
  readonly #projects: Projects;
  readonly #selection: CompareSelection;
  readonly #commits: CommitReader;
  readonly #owned = new DisposableStore();
  readonly #refresh = this.#owned.add(new ViewRefresh<ExperimentsRow>());
  readonly #rows = new RowPool<ExperimentsRow>();
  /** Experiments whose checkpoints are all shown, by row id. */
  readonly #unfolded = new Set<string>();
  /** Which commit each baseline's experiments are shown under, by project. */
  readonly #groupings = new Map<string, string>();
  readonly #view: vscode.TreeView<ExperimentsRow>;
  /** The stages that the rows were made for. */
  #stages = "";
  readonly onDidChangeTreeData = this.#refresh.event;

  constructor(projects: Projects, selection: CompareSelection, commits: CommitReader) {
    this.#projects = projects;
    this.#selection = selection;
    this.#commits = commits;
    this.#view = this.#owned.add(
      vscode.window.createTreeView(viewIds.experiments, {
        treeDataProvider: this,
        canSelectMany: true,
        showCollapseAll: true,
        manageCheckboxStateManually: true,
      }),
    );
    const ages = setInterval(() => {
      if (this.#view.visible) this.#refreshAges();
    }, ageInterval);
    this.#owned.addAll(
      { dispose: () => clearInterval(ages) },
      projects.onDidChange(() => this.#refreshAll()),
      projects.onDidChangeExperiments(({ engine, change }) => this.#refreshExperiments(engine, change)),
      projects.onDidChangePipeline(() => this.#refreshForStages()),
      projects.onDidChangeRun(({ engine, run }) => this.#refreshRun(engine, run.experiment)),
      // A tick shows by itself; drawing rows anew while a person goes on ticking would lose the next tick.
      selection.onDidClear(() => this.#refresh.all()),
      this.#view.onDidChangeCheckboxState(({ items }) => this.#tick(items)),
      onDidChangeSetting(["savepoint.experiments.metric", "savepoint.experiments.recentCheckpoints"], () =>
        this.#refresh.all(),
      ),
    );
    this.#describe();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** Shows every checkpoint of an experiment. */
  unfold(target: ExperimentTarget): void {
    const row = this.#rows.intern({ kind: "experiment", root: target.root, experiment: target.experiment });
    this.#unfolded.add(rowId(row));
    this.#refresh.row(row);
  }

  /** Selects a row in the view, opening what hides it. */
  async reveal(target: ExperimentTarget | CheckpointTarget): Promise<void> {
    const engine = this.#projects.byRoot(target.root);
    const experiment = engine && findExperiment(engine, target.experiment);
    if (!engine || !experiment) return;
    const { root } = target;
    const key = experimentKey(engine.experiments.experiments, experiment);
    const parent: ExperimentTarget = { kind: "experiment", root, experiment: key };
    const isOwn =
      target.kind === "checkpoint" && ownCheckpoints(experiment).some(({ sha }) => sha === target.sha);
    if (isOwn && !this.#unfolded.has(rowId(parent))) this.unfold(parent);
    const row: ExperimentsRow = isOwn
      ? { kind: "checkpoint", root, experiment: key, sha: target.sha }
      : parent;
    await this.#view.reveal(this.#rows.intern(row), { select: true, focus: true });
  }

  async getChildren(row?: ExperimentsRow): Promise<ExperimentsRow[]> {
    if (row === undefined) {
      await this.#projects.whenLoaded();
      return this.#projects.all
        .flatMap((engine) => this.#baselines(engine))
        .map((child) => this.#rows.intern(child));
    }
    const engine = this.#projects.byRoot(row.root);
    if (!engine) return [];
    return this.#childrenOf(engine, row).map((child) => this.#rows.intern(child));
  }

  getParent(row: ExperimentsRow): ExperimentsRow | null {
    const engine = this.#projects.byRoot(row.root);
    if (!engine || row.kind === "baseline") return null;
    if (row.kind !== "experiment") {
      return this.#rows.intern({ kind: "experiment", root: row.root, experiment: row.experiment });
    }
    const experiment = findExperiment(engine, row.experiment);
    if (!experiment) return null;
    const baseline = engine.experiments.homeOf(experiment.baseline).sha;
    return this.#rows.intern({ kind: "baseline", root: row.root, baseline });
  }

  async getTreeItem(row: ExperimentsRow): Promise<vscode.TreeItem> {
    const engine = this.#projects.byRoot(row.root);
    if (row.kind === "baseline") return this.#baselineItem(engine, row);
    if (row.kind === "folded") return foldedItem(row);
    const experiment = engine ? findExperiment(engine, row.experiment) : undefined;
    if (!engine || !experiment) return new vscode.TreeItem(row.experiment);
    if (row.kind === "experiment") return this.#experimentItem(engine, experiment, row);
    const checkpoint = experiment.checkpoints.find(({ sha }) => sha === row.sha);
    return checkpoint
      ? this.#checkpointItem(engine, experiment, checkpoint, row)
      : new vscode.TreeItem(row.sha.slice(0, 7));
  }

  /** Tooltips are made when they are looked at: what a stage would run in now is read from the disk. */
  async resolveTreeItem(item: vscode.TreeItem, row: ExperimentsRow): Promise<vscode.TreeItem> {
    const engine = this.#projects.byRoot(row.root);
    const isWithValues = row.kind === "experiment" || row.kind === "checkpoint";
    const experiment = engine && isWithValues ? findExperiment(engine, row.experiment) : undefined;
    const checkpoint =
      row.kind === "checkpoint"
        ? experiment?.checkpoints.find(({ sha }) => sha === row.sha)
        : experiment?.checkpoints.at(-1);
    if (!engine || !experiment || !checkpoint) return item;
    const environment = await environmentOf(engine, experiment, checkpoint);
    const now = Date.now();
    const text =
      row.kind === "checkpoint"
        ? checkpointTooltip(checkpoint, { ...marksOf(engine, experiment, checkpoint), environment }, now)
        : experimentTooltip(await this.#stateOf(engine, experiment), now, environment);
    item.tooltip = markdown(text);
    return item;
  }

  #baselines(engine: Engine): readonly BaselineRow[] {
    this.#groupings.set(engine.project.root, groupingOf(engine));
    return groupsOf(engine).map(({ baseline }) => ({
      kind: "baseline",
      root: engine.project.root,
      baseline,
    }));
  }

  #childrenOf(engine: Engine, row: ExperimentsRow): readonly ExperimentsRow[] {
    const { root } = row;
    if (row.kind === "baseline") {
      const all = engine.experiments.experiments;
      const group = groupsOf(engine).find(({ baseline }) => baseline === row.baseline);
      return (group?.experiments ?? []).map((experiment) => ({
        kind: "experiment",
        root,
        experiment: experimentKey(all, experiment),
      }));
    }
    const experiment = row.kind === "experiment" ? findExperiment(engine, row.experiment) : undefined;
    if (row.kind !== "experiment" || !experiment) return [];
    const best = bestOf(engine, experiment)?.checkpoint.sha;
    const recent = this.#unfolded.has(rowId(row))
      ? Number.POSITIVE_INFINITY
      : readSetting("savepoint.experiments.recentCheckpoints");
    const isNotable = ({ sha, annotations }: Checkpoint) =>
      sha === best || annotations.starred || annotations.pinned || annotations.note !== null;
    return checkpointRows(ownCheckpoints(experiment), recent, isNotable).map((child) =>
      child.kind === "checkpoint"
        ? { kind: "checkpoint", root, experiment: row.experiment, sha: child.checkpoint.sha }
        : { kind: "folded", root, experiment: row.experiment, before: child.before, count: child.count },
    );
  }

  async #baselineItem(engine: Engine | null, row: BaselineRow): Promise<vscode.TreeItem> {
    const commit = await this.#commits.read(engine?.project ?? null, row.baseline);
    const group = engine && groupsOf(engine).find(({ baseline }) => baseline === row.baseline);
    const count = group?.experiments.length ?? 0;
    const text = baselineRow(commit, count, Date.now());
    const item = rowItem(rowId(row), text, vscode.TreeItemCollapsibleState.Expanded, ";baseline;");
    const project = this.#projects.all.length > 1 ? `${row.root}\n` : "";
    item.tooltip = `${project}${commit.sha}\n${commit.subject}`;
    return item;
  }

  async #experimentItem(
    engine: Engine,
    experiment: Experiment,
    row: ExperimentTarget,
  ): Promise<vscode.TreeItem> {
    const state = await this.#stateOf(engine, experiment);
    const ended = continuable(engine, experiment.checkpoints.at(-1));
    const flags = state.run === null ? `ended;${ended}` : state.run.readOnly ? "ended;elsewhere" : "running";
    const item = rowItem(
      rowId(row),
      experimentRow(state, Date.now()),
      state.run === null
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.Expanded,
      viewItem(
        "experiment",
        openQuestion(experiment) !== null && "asking",
        hasOutput(state.newestRun) && "known",
        flags,
      ),
    );
    item.checkboxState = this.#checkbox(row);
    return item;
  }

  async #stateOf(engine: Engine, experiment: Experiment): Promise<ExperimentState> {
    return { ...stateOf(engine, experiment), moved: await this.#movedBaseline(engine, experiment) };
  }

  async #movedBaseline(engine: Engine, { baseline }: Experiment): Promise<MovedBaseline | null> {
    const home = engine.experiments.homeOf(baseline);
    if (home.relation === "itself") return null;
    return { home, baseline: await this.#commits.read(engine.project, baseline) };
  }

  #checkpointItem(
    engine: Engine,
    experiment: Experiment,
    checkpoint: Checkpoint,
    row: CheckpointTarget,
  ): vscode.TreeItem {
    const marks = marksOf(engine, experiment, checkpoint);
    const isOwn = experiment.checkpoints.indexOf(checkpoint) >= inheritedCount(experiment);
    const isThere = missingStage(engine, checkpoint) === null;
    const canRewind = isThere && !marks.isLatest && isOwn && stateOf(engine, experiment).run === null;
    const item = rowItem(
      rowId(row),
      checkpointRow(checkpoint, marks, Date.now()),
      vscode.TreeItemCollapsibleState.None,
      viewItem(
        "checkpoint",
        openQuestion(experiment) === checkpoint && "asking",
        "ended",
        continuable(engine, checkpoint),
        canRewind && "rewindable",
      ),
    );
    item.checkboxState = this.#checkbox(row);
    return item;
  }

  #checkbox(row: ExperimentTarget | CheckpointTarget): vscode.TreeItem["checkboxState"] & object {
    return {
      state: this.#selection.has(row)
        ? vscode.TreeItemCheckboxState.Checked
        : vscode.TreeItemCheckboxState.Unchecked,
      tooltip: l10n.t("Compare"),
      accessibilityInformation: { label: l10n.t("Select for comparison") },
    };
  }

  #tick(items: ReadonlyArray<[ExperimentsRow, vscode.TreeItemCheckboxState]>): void {
    this.#selection.set(
      items.flatMap(([row, state]) =>
        row.kind === "experiment" || row.kind === "checkpoint"
          ? [{ target: row, isSelected: state === vscode.TreeItemCheckboxState.Checked }]
          : [],
      ),
    );
  }

  #refreshAll(): void {
    this.#describe();
    this.#refresh.all();
  }

  /** Row by row: while all is drawn anew, a button pressed in a row would not say in which. */
  #refreshAges(): void {
    for (const engine of this.#projects.all) {
      for (const { baseline } of groupsOf(engine)) {
        const row = this.#rows.known({ kind: "baseline", root: engine.project.root, baseline });
        if (row) this.#refresh.row(row);
      }
    }
  }

  /** Which stages there are decides what can be done with a checkpoint. */
  #refreshForStages(): void {
    const stages = this.#projects.all.flatMap(({ project, pipeline }) =>
      pipeline.pipeline.stages.map(({ address }) => `${project.root} ${address}`),
    );
    const known = stages.join("\n");
    if (known === this.#stages) return;
    this.#stages = known;
    this.#refresh.all();
  }

  #refreshExperiments(engine: Engine, change: ExperimentsChange): void {
    this.#describe();
    const all = engine.experiments.experiments;
    const names = new Set([...change.changed, ...change.added.map(({ experiment }) => experiment)]);
    const rows = all
      .filter(({ name }) => names.has(name))
      .map((experiment) =>
        this.#rows.known({
          kind: "experiment",
          root: engine.project.root,
          experiment: experimentKey(all, experiment),
        }),
      );
    const isRegrouped = groupingOf(engine) !== this.#groupings.get(engine.project.root);
    // New or removed experiments change the structure above them.
    if (isRegrouped || change.removed.length > 0 || rows.some((row) => row === undefined))
      this.#refresh.all();
    else for (const row of rows) if (row) this.#refresh.row(row);
  }

  #refreshRun(engine: Engine, experiment: string): void {
    this.#describe();
    const row = this.#rows.known({ kind: "experiment", root: engine.project.root, experiment });
    if (row) this.#refresh.row(row);
  }

  #describe(): void {
    const running = this.#projects.all.flatMap((engine) => engine.runs.runs.filter(isLive)).length;
    this.#view.badge =
      running === 0
        ? undefined
        : { value: running, tooltip: running === 1 ? l10n.t("1 run") : l10n.t("{0} runs", running) };
    const problem = this.#projects.state === "unavailable" ? this.#projects.problem : null;
    // An empty string takes the message away.
    const message = problem?.message ?? "";
    if ((this.#view.message ?? "") !== message) this.#view.message = message;
  }
}

function foldedItem(row: FoldedRow): vscode.TreeItem {
  const item = new vscode.TreeItem(l10n.t("{0} more", row.count));
  item.id = rowId(row);
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.contextValue = ";folded;";
  item.tooltip = l10n.t("Show all checkpoints of {0}", row.experiment);
  item.command = asCommand(l10n.t("Show All Checkpoints"), "savepoint.showAllCheckpoints", {
    kind: "experiment",
    root: row.root,
    experiment: row.experiment,
  });
  return item;
}

function groupsOf({ experiments }: Engine): readonly BaselineGroup[] {
  return groupByBaseline(experiments.experiments, (baseline) => experiments.homeOf(baseline).sha);
}

function groupingOf({ experiments }: Engine): string {
  const baselines = new Set(experiments.experiments.map(({ baseline }) => baseline));
  return [...baselines].map((baseline) => `${baseline} ${experiments.homeOf(baseline).sha}`).join("\n");
}
