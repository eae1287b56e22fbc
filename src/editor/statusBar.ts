import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { CheckpointTarget, RunTarget } from "../contract.ts";
import { jumpOf, type LineSeam, seamOfRun, seamSummary } from "../engine/compare/lineSeams.ts";
import type { AskingCheckpoint } from "../engine/run/openQuestion.ts";
import { registerCommand } from "./base/commands.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "./base/settings.ts";
import { bestOf } from "./bestMetric.ts";
import { type FoundRun, liveRuns, waitingRuns } from "./commands/targets.ts";
import { experimentKey, findExperiment } from "./experimentKey.ts";
import { checkpointCount } from "./labels/lensLabels.ts";
import { askingText, questionIcon } from "./labels/questionLabels.ts";
import { escapeIcons, escapeMarkdown } from "./labels/rowText.ts";
import { needsDecision, runStatusText, runTooltip } from "./labels/runLabels.ts";
import { jumpMark, seamFact } from "./labels/seamLabels.ts";
import { type Choice, pickOne, separator } from "./pickers/pick.ts";
import { type FoundQuestion, openQuestions } from "./questions/openQuestions.ts";
import { seamsIn } from "./seams.ts";
import type { Services } from "./services.ts";

/** Milliseconds between updates: progress comes in steps, many a second in fast loops. */
const updateInterval = 250;

interface MenuEntry {
  readonly command: string;
  readonly target?: RunTarget | CheckpointTarget;
}

/** The one status bar item: progress while something runs, else the number of checkpoints. A click opens a menu. */
export class StatusBar implements vscode.Disposable {
  readonly #services: Services;
  readonly #owned = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #timer: NodeJS.Timeout | null = null;

  constructor(services: Services) {
    this.#services = services;
    const { projects, log } = services;
    this.#item = this.#owned.add(
      vscode.window.createStatusBarItem("savepoint.status", vscode.StatusBarAlignment.Left, 10),
    );
    this.#item.name = "Savepoint";
    this.#item.command = "savepoint.showMenu";
    const change = () => this.#schedule();
    this.#owned.addAll(
      projects.onDidChange(change),
      projects.onDidChangeExperiments(change),
      projects.onDidChangeRun(change),
      projects.onDidChangeQueue(change),
      onDidChangeSetting(["savepoint.statusBar.visible"], change),
      registerCommand("savepoint.showMenu", log, () => this.#showMenu()),
    );
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#update();
    }, updateInterval);
  }

  #update(): void {
    const live = liveRuns(this.#services.projects);
    const count = this.#checkpointCount();
    if (!readSetting("savepoint.statusBar.visible") || (live.length === 0 && count === 0)) {
      this.#item.hide();
      return;
    }
    const [first] = live;
    const [asking] = openQuestions(this.#services.projects);
    const isBlocked = live.some(({ run }) => needsDecision(run));
    if (asking !== undefined && !isBlocked) this.#showQuestion(asking.checkpoint);
    else if (first === undefined) this.#showIdle(count);
    else this.#showRunning(live.find(({ run }) => run.attention !== null) ?? first, live);
    this.#item.show();
  }

  #showIdle(count: number): void {
    this.#item.text = `$(history) ${checkpointCount(count)}`;
    this.#item.tooltip = l10n.t("Savepoint: {0} recorded. Click for actions", checkpointCount(count));
    this.#item.backgroundColor = undefined;
    this.#item.accessibilityInformation = { label: l10n.t("Savepoint, {0}", checkpointCount(count)) };
  }

  /** Nothing goes on before somebody answers. */
  #showQuestion(asking: AskingCheckpoint): void {
    const text = askingText(asking);
    this.#item.text = `$(${questionIcon}) ${escapeIcons(shortened(text))}`;
    this.#item.tooltip = new vscode.MarkdownString(escapeMarkdown(text));
    this.#item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    this.#item.accessibilityInformation = { label: l10n.t("Savepoint, {0}", text) };
  }

  #showRunning({ engine, run }: FoundRun, live: readonly FoundRun[]): void {
    const experiment = findExperiment(engine, run.experiment);
    const newest = experiment?.checkpoints.at(-1) ?? null;
    const metric = experiment === undefined ? null : (bestOf(engine, experiment)?.metric.key ?? null);
    // A resumed run's older checkpoints tell nothing about how it goes now.
    const others = { running: live.length - 1, waiting: waitingRuns(this.#services.projects) };
    const text = runStatusText(run, newest?.run === run.id ? newest : null, metric, others);
    const seam = seamOfLive({ engine, run });
    const mark = seam !== null && jumpOf(seam) !== null ? ` ${jumpMark}` : "";
    const told = seam === null ? "" : `, ${seamSummary(seam)}`;
    const isBlocked = needsDecision(run);
    this.#item.text = `${isBlocked ? "$(warning)" : "$(loading~spin)"}${mark} ${text}`;
    this.#item.backgroundColor = isBlocked
      ? new vscode.ThemeColor("statusBarItem.warningBackground")
      : undefined;
    const tooltip = new vscode.MarkdownString(live.map(tooltipOf).join("\n\n---\n\n"), true);
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = {
      label: l10n.t("Savepoint, {0} runs: {1}", run.experiment, text + told),
    };
  }

  #checkpointCount(): number {
    const shas = this.#services.projects.all.flatMap((engine) =>
      engine.experiments.experiments.flatMap(({ checkpoints }) => checkpoints.map(({ sha }) => sha)),
    );
    return new Set(shas).size;
  }

  async #showMenu(): Promise<void> {
    const live = liveRuns(this.#services.projects);
    const picked = await pickOne<MenuEntry>(
      [
        ...openQuestions(this.#services.projects).map(questionEntry),
        ...live.flatMap(({ engine, run }) => runEntries(engine.project.root, run, live.length > 1)),
        ...this.#generalEntries(live.length > 0),
      ],
      { title: "Savepoint", placeholder: l10n.t("What next?") },
    );
    if (picked === null) return;
    await vscode.commands.executeCommand(picked.command, ...(picked.target ? [picked.target] : []));
  }

  #generalEntries(isRunning: boolean): readonly (Choice<MenuEntry> | vscode.QuickPickItem)[] {
    const hasExperiments = this.#checkpointCount() > 0;
    const entry = (icon: string, label: string, command: string, description = "") => ({
      label: `$(${icon}) ${label}`,
      description,
      value: { command },
    });
    return [
      ...(isRunning ? [separator(l10n.t("Experiments"))] : []),
      entry("play", l10n.t("Run Experiment"), "savepoint.run"),
      entry("play", l10n.t("Run Stage…"), "savepoint.runStage"),
      entry("settings", l10n.t("Modify Params and Run…"), "savepoint.modifyParams"),
      ...(hasExperiments
        ? [
            entry("debug-continue", l10n.t("Resume from Checkpoint…"), "savepoint.resume"),
            entry("repo-forked", l10n.t("Fork from Checkpoint…"), "savepoint.fork"),
            entry("debug-step-back", l10n.t("Rewind to Checkpoint…"), "savepoint.rewind"),
            entry("git-compare", l10n.t("Compare…"), "savepoint.compare"),
          ]
        : []),
      separator(l10n.t("Savepoint")),
      entry("list-tree", l10n.t("Show Experiments"), "savepoint.experiments.focus"),
      entry("output", l10n.t("Show Log"), "savepoint.showLog"),
    ];
  }
}

function questionEntry({ engine, experiment, checkpoint }: FoundQuestion): Choice<MenuEntry> {
  const { root } = engine.project;
  return {
    label: `$(${questionIcon}) ${l10n.t("Answer Question…")}`,
    description: experiment.name,
    detail: checkpoint.question.question,
    value: {
      command: "savepoint.answer",
      target: {
        kind: "checkpoint",
        root,
        experiment: experimentKey(engine.experiments.experiments, experiment),
        sha: checkpoint.sha,
      },
    },
  };
}

/** So much as leaves room for others in the status bar. */
function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= 60 ? text : `${characters.slice(0, 59).join("")}…`;
}

/** What can be done with a run. The heading says which one, until several are sifted by typing. */
function runEntries(
  root: string,
  run: FoundRun["run"],
  isOneOfSeveral: boolean,
): readonly (Choice<MenuEntry> | vscode.QuickPickItem)[] {
  const target: RunTarget = { kind: "run", root, run: run.id };
  const entry = (icon: string, label: string, command: string) => ({
    label: `$(${icon}) ${label}`,
    description: isOneOfSeveral ? run.experiment : "",
    value: { command, target },
  });
  return [
    separator(run.experiment),
    ...(needsDecision(run)
      ? [entry("warning", l10n.t("Decide About Failed Checkpoint…"), "savepoint.decide")]
      : []),
    entry("terminal", l10n.t("Show Terminal"), "savepoint.showTerminal"),
    ...(run.readOnly
      ? []
      : [
          entry("save", l10n.t("Record Checkpoint Now"), "savepoint.recordNow"),
          entry("debug-pause", l10n.t("Stop After Next Checkpoint"), "savepoint.stopAfterCheckpoint"),
          entry("debug-stop", l10n.t("Stop"), "savepoint.stop"),
        ]),
  ];
}

/** How a run went on from where it began; `null`: it began fresh, or nobody can tell. */
function seamOfLive({ engine, run }: FoundRun): LineSeam | null {
  const experiment = findExperiment(engine, run.experiment);
  return experiment === undefined ? null : seamOfRun(seamsIn(engine, experiment), { run: run.id });
}

function tooltipOf(found: FoundRun): string {
  const seam = seamOfLive(found);
  const tooltip = runTooltip(found.run, Date.now());
  return seam === null ? tooltip : `${tooltip}\n\n${seamFact(seam)}`;
}
