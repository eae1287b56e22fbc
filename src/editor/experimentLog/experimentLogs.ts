import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { CheckpointTarget, ExperimentTarget } from "../../contract.ts";
import { ownCheckpoints } from "../../engine/compare/lineage.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import { asCommand } from "../base/commands.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { onDidChangeSetting, readSetting } from "../base/settings.ts";
import { bestOf } from "../bestMetric.ts";
import { experimentKey, findExperiment } from "../experimentKey.ts";
import { isLive } from "../labels/runLabels.ts";
import { lensTitle } from "../lenses/lensCommand.ts";
import type { Projects } from "../projects.ts";
import { missingStage } from "../views/rowFlags.ts";
import { type LogEntry, logText, shownEntries } from "./logText.ts";

const scheme = "savepoint-log";
const language = "savepoint-log";

/** Milliseconds for which changes are gathered before a log that is open is written anew. */
const gatherTime = 250;

/** What a log shows that is open: its text, and where the block of each checkpoint begins. */
interface OpenLog {
  readonly text: string;
  readonly blocks: readonly { readonly line: number; readonly target: CheckpointTarget }[];
}

/** The logs of experiments as documents that grow with them, with lenses above each block. */
export class ExperimentLogs
  implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable
{
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<vscode.Uri>());
  readonly #lensesChanged = this.#owned.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;
  readonly onDidChangeCodeLenses = this.#lensesChanged.event;
  readonly #open = new Map<string, OpenLog>();
  #timer: NodeJS.Timeout | null = null;

  constructor(projects: Projects) {
    this.#projects = projects;
    const change = () => this.#schedule();
    this.#owned.addAll(
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.languages.registerCodeLensProvider({ scheme }, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#open.delete(uri.toString())),
      projects.onDidChange(change),
      projects.onDidChangeExperiments(change),
      // Which experiment runs, and which stages there are, decides what a lens offers.
      projects.onDidChangeRun(() => this.#lensesChanged.fire()),
      projects.onDidChangePipeline(() => this.#lensesChanged.fire()),
      onDidChangeSetting(["savepoint.codeLens.log"], () => this.#lensesChanged.fire()),
    );
  }

  /** Opens the log of one experiment, or of a whole project. */
  async show(engine: Engine, experiment: Experiment | null): Promise<void> {
    const name = experiment?.name ?? basename(engine.project.root);
    const query = new URLSearchParams({ root: engine.project.root });
    if (experiment !== null)
      query.set("experiment", experimentKey(engine.experiments.experiments, experiment));
    const path = `/${name.replaceAll("/", "-")}.${language}`;
    const uri = vscode.Uri.from({ scheme, path, query: query.toString() });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    await this.#projects.whenLoaded();
    const query = new URLSearchParams(uri.query);
    const engine = this.#projects.byRoot(query.get("root") ?? "");
    const key = query.get("experiment");
    const only = engine === null || key === null ? null : findExperiment(engine, key);
    if (engine === null || only === undefined) {
      this.#open.delete(uri.toString());
      return `${l10n.t("This experiment is not there any more.")}\n`;
    }
    const log = makeLog(engine, only);
    this.#open.set(uri.toString(), log);
    return log.text;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!readSetting("savepoint.codeLens.log")) return [];
    const log = this.#open.get(document.uri.toString());
    // Between two versions the lines would not match; VS Code asks again after each.
    if (log === undefined || document.getText() !== log.text) return [];
    return log.blocks.flatMap(({ line, target }) =>
      this.#commands(target).map(
        (command) => new vscode.CodeLens(new vscode.Range(line, 0, line, 0), command),
      ),
    );
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#owned.dispose();
    this.#open.clear();
  }

  /** Always five, in the same order. What would write needs trust, and says so when it is asked for. */
  #commands(target: CheckpointTarget): readonly vscode.Command[] {
    const engine = this.#projects.byRoot(target.root);
    const isRunning = engine?.runs.runs.some((run) => isLive(run) && run.experiment === target.experiment);
    const { root, experiment } = target;
    const checkpoint =
      engine && findExperiment(engine, experiment)?.checkpoints.find((one) => one.sha === target.sha);
    // Where dvc.yaml has its stage no more, only its own code can go on.
    const isOrphaned = engine !== null && checkpoint != null && missingStage(engine, checkpoint) !== null;
    const resume = isRunning
      ? asCommand(l10n.t("Running"), "savepoint.showTerminal", { kind: "experiment", root, experiment })
      : isOrphaned
        ? asCommand(l10n.t("Resume with Own Code"), "savepoint.resumeOwnCode", target)
        : asCommand(l10n.t("Resume"), "savepoint.resume", target);
    return [
      { ...resume, title: lensTitle(`$(${isRunning ? "pulse" : "debug-continue"}) ${resume.title}`) },
      isOrphaned
        ? asCommand(l10n.t("Fork with Own Code"), "savepoint.forkOwnCode", target)
        : asCommand(l10n.t("Fork"), "savepoint.fork", target),
      asCommand(l10n.t("Apply"), "savepoint.apply", target),
      asCommand(l10n.t("Diff"), "savepoint.showChanges", target),
      asCommand(l10n.t("Compare"), "savepoint.compare", target),
    ];
  }

  #schedule(): void {
    if (this.#open.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const uri of this.#open.keys()) this.#changed.fire(vscode.Uri.parse(uri));
      this.#lensesChanged.fire();
    }, gatherTime);
  }
}

/** What a command's argument means for the log: a checkpoint stands for its experiment. */
export function experimentOf(
  engine: Engine,
  target: ExperimentTarget | CheckpointTarget | undefined,
): Experiment | null {
  return target === undefined ? null : (findExperiment(engine, target.experiment) ?? null);
}

function makeLog(engine: Engine, only: Experiment | null): OpenLog {
  const all = engine.experiments.experiments;
  const found = (only === null ? all : [only]).flatMap((experiment) => entriesOf(engine, experiment));
  const entries = found.sort((a, b) => b.entry.checkpoint.createdAt - a.entry.checkpoint.createdAt);
  const title =
    only === null
      ? l10n.t("All experiments of {0}, newest checkpoint first", basename(engine.project.root))
      : l10n.t("{0}, newest checkpoint first", only.name);
  const { text, headings } = logText(
    title,
    entries.map(({ entry }) => entry),
  );
  const blocks = entries.slice(0, shownEntries).flatMap(({ entry, experiment }, index) => {
    const line = headings[index];
    const { sha } = entry.checkpoint;
    const name = experimentKey(all, experiment);
    const { root } = engine.project;
    return line === undefined
      ? []
      : [{ line, target: { kind: "checkpoint", root, experiment: name, sha } as const }];
  });
  return { text, blocks };
}

/** The checkpoints that an experiment recorded itself, newest first. */
function entriesOf(
  engine: Engine,
  experiment: Experiment,
): { readonly entry: LogEntry; readonly experiment: Experiment }[] {
  const { checkpoints } = experiment;
  const best = bestOf(engine, experiment)?.checkpoint;
  const own = ownCheckpoints(experiment);
  const shared = checkpoints.length - own.length;
  return own
    .map((checkpoint, index) => ({
      experiment,
      entry: {
        checkpoint,
        previous: checkpoints[shared + index - 1] ?? null,
        isBest: checkpoint === best,
        isLatest: checkpoint === checkpoints.at(-1),
      },
    }))
    .reverse();
}
