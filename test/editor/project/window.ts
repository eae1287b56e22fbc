import assert from "node:assert/strict";
import {
  type CodeLens,
  ConfigurationTarget,
  commands,
  extensions,
  type TextDocument,
  Uri,
  window,
  workspace,
} from "vscode";
import type { CheckpointTarget, ExperimentTarget, StageTarget } from "../../../src/contract.ts";
import type { SavepointApi } from "../../../src/editor/publicApi.ts";
import type { Experiment } from "../../../src/engine/model.ts";
import { until } from "../../support/poll.ts";

const limit = 60_000;

/** The folder that the window shows, which is the project's root. */
export function root(): string {
  const folder = workspace.workspaceFolders?.[0];
  assert.ok(folder, "the window shows no folder");
  return folder.uri.fsPath;
}

/** The API of the activated extension. */
export async function savepoint(): Promise<SavepointApi> {
  const extension = extensions.getExtension<SavepointApi>("savepoint.savepoint");
  assert.ok(extension, "the extension is not loaded");
  return extension.activate();
}

export async function experiments(): Promise<readonly Experiment[]> {
  return (await savepoint()).listExperiments();
}

export function stageTarget(stage: string): StageTarget {
  return { kind: "stage", root: root(), stage };
}

export function checkpointTarget(experiment: Experiment, sequence: number): CheckpointTarget {
  const checkpoint = experiment.checkpoints.find((one) => one.sequence === sequence);
  assert.ok(checkpoint, `${experiment.name} has no checkpoint ${sequence}`);
  return { kind: "checkpoint", root: root(), experiment: experiment.name, sha: checkpoint.sha };
}

export function experimentTarget(experiment: Experiment): ExperimentTarget {
  return { kind: "experiment", root: root(), experiment: experiment.name };
}

/** Starts what a command starts, and waits until the experiment that it made or grew has ended. */
export async function runToEnd(start: () => Thenable<unknown>): Promise<Experiment> {
  const before = new Map((await experiments()).map(({ name, checkpoints }) => [name, checkpoints.length]));
  await start();
  return until(
    async () =>
      (await experiments()).find(
        ({ name, checkpoints }) =>
          checkpoints.length > (before.get(name) ?? 0) && checkpoints.at(-1)?.annotations.end !== null,
      ),
    limit,
    "an experiment to end",
  );
}

/** Writes a file of the project. */
export async function write(path: string, content: string): Promise<void> {
  await workspace.fs.writeFile(Uri.file(`${root()}/${path}`), new TextEncoder().encode(content));
}

export async function open(path: string): Promise<TextDocument> {
  const document = await workspace.openTextDocument(Uri.file(`${root()}/${path}`));
  await window.showTextDocument(document);
  return document;
}

/** The titles of the resolved lenses, by line, without icons. */
export async function lensTitles(path: string): Promise<ReadonlyMap<number, readonly string[]>> {
  const document = await open(path);
  const lenses = await commands.executeCommand<readonly CodeLens[]>(
    "vscode.executeCodeLensProvider",
    document.uri,
    100,
  );
  const titles = new Map<number, string[]>();
  for (const { range, command } of lenses) {
    const line = titles.get(range.start.line) ?? [];
    line.push((command?.title ?? "").replaceAll(/\$\([^)]*\)\s?/g, ""));
    titles.set(range.start.line, line);
  }
  return titles;
}

/** Says when the preview of what would be resumed comes: most tests are not about it, and none can answer it. */
export async function setPreview(value: "always" | "whenChanged" | "never"): Promise<void> {
  const configuration = workspace.getConfiguration("savepoint.resume");
  await configuration.update("preview", value, ConfigurationTarget.Global);
}
