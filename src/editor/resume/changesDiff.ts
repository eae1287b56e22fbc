import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type CheckpointTarget, viewIds } from "../../contract.ts";
import type { ChangedFile } from "../../engine/compare/changes.ts";
import type { Drift } from "../../engine/environment/drift.ts";
import { ContextKeyWriter } from "../base/contextKeys.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { type Log, showProblem } from "../base/messages.ts";
import { type FoundCheckpoint, findCheckpoint } from "../commands/targets.ts";
import { experimentKey } from "../experimentKey.ts";
import { changesTitle, shownFiles } from "../files/changedFiles.ts";
import { checkpointUri } from "../files/checkpointFileSystem.ts";
import { checkpointReference } from "../labels/checkpointLabels.ts";
import type { Projects } from "../projects.ts";
import { EnvironmentDocuments } from "./environmentDocuments.ts";
import { knownFacts } from "./gatherFacts.ts";
import { shownVerbs } from "./resumeFacts.ts";

/** A row of the native multi-file diff: the file that it is about, how it was, how it is. */
type DiffRow = readonly [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined];

/**
 * The native multi-file diff between a checkpoint and now: code, parameters, dependencies, and the environment. While
 * one is in front, a context key says by which verbs training can go on from it, for the buttons in its title.
 */
export class ChangesDiff implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #log: Log;
  readonly #owned = new DisposableStore();
  readonly #keys = this.#owned.add(new ContextKeyWriter());
  readonly #environments = this.#owned.add(new EnvironmentDocuments());
  /** By the title of the diff: VS Code tells no more about such an editor. */
  readonly #targets = new Map<string, CheckpointTarget>();

  constructor(projects: Projects, log: Log) {
    this.#projects = projects;
    this.#log = log;
    const update = () => this.#update();
    this.#owned.addAll(
      vscode.window.tabGroups.onDidChangeTabs(update),
      vscode.window.tabGroups.onDidChangeTabGroups(update),
      projects.onDidChangeExperiments(update),
      projects.onDidChangeRun(update),
    );
  }

  /** Opens the diff. Says so when nothing changed. The files as saved decide which are listed. */
  async show(found: FoundCheckpoint): Promise<void> {
    const { engine, experiment, checkpoint } = found;
    const [changes, drift] = await vscode.window.withProgress(
      { location: { viewId: viewIds.experiments } },
      () => Promise.all([engine.changesSince(checkpoint), engine.driftSince(experiment, checkpoint)]),
    );
    if (!changes.ok) {
      await showProblem(changes.problem, this.#log);
      return;
    }
    const reference = checkpointReference(checkpoint);
    const rows = [...fileRows(found, changes.value), ...this.#environmentRows(found, drift)];
    if (rows.length === 0) {
      void vscode.window.showInformationMessage(
        l10n.t("Nothing changed since {0}: code, parameters and dependencies are as recorded.", reference),
      );
      return;
    }
    const title = changesTitle(reference, changes.value.length);
    this.#targets.set(title, {
      kind: "checkpoint",
      root: engine.project.root,
      experiment: experimentKey(engine.experiments.experiments, experiment),
      sha: checkpoint.sha,
    });
    await vscode.commands.executeCommand("vscode.changes", title, rows);
    this.#update();
  }

  /** The checkpoint whose diff is in front; `null` when none is, or the checkpoint is gone. */
  get active(): FoundCheckpoint | null {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? "";
    // VS Code adds the number of files in its own language.
    const target = [...this.#targets].find(
      ([title]) => label === title || label.startsWith(`${title} (`),
    )?.[1];
    const found = target === undefined ? null : findCheckpoint(this.#projects, target);
    return found?.ok ? found.value : null;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(): void {
    const found = this.active;
    const verbs = found === null ? [] : shownVerbs(knownFacts(found, "resume", "as-is"));
    this.#keys.set("savepoint.changesDiff", verbs.map((verb) => `;${verb};`).join(""));
  }

  /** Only where it differs: what is the same is no news. */
  #environmentRows({ engine, checkpoint }: FoundCheckpoint, { recorded, now, items }: Drift): DiffRow[] {
    if (recorded === null || now === null || items.length === 0) return [];
    const root = vscode.Uri.file(engine.project.root);
    const then = this.#environments.add(recorded, root, checkpointReference(checkpoint));
    return [
      [vscode.Uri.joinPath(root, "environment"), then, this.#environments.add(now, root, `${Date.now()}`)],
    ];
  }
}

function fileRows({ engine, checkpoint }: FoundCheckpoint, changes: readonly ChangedFile[]): DiffRow[] {
  const { root } = engine.project;
  const below = vscode.Uri.file(root).path;
  return changes.slice(0, shownFiles).map(({ path, change }) => {
    const now = vscode.Uri.joinPath(vscode.Uri.file(root), path);
    const then = checkpointUri(root, checkpoint, path, below);
    return [now, change === "added" ? undefined : then, change === "removed" ? undefined : now];
  });
}
