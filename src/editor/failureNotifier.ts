import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../engine/engine.ts";
import type { Run } from "../engine/run/run.ts";
import { runCommand } from "./base/commands.ts";
import { inBackground, type Log } from "./base/messages.ts";
import { experimentKey } from "./experimentKey.ts";
import { checkpointPlace } from "./labels/checkpointLabels.ts";
import { failureText } from "./labels/failureLabels.ts";
import { isLive } from "./labels/runLabels.ts";
import type { Projects } from "./projects.ts";

/**
 * Tells once when a run that this window listens to fails. Success, and a run that the person stopped, are no news: the
 * view and the status bar show them.
 */
export class FailureNotifier implements vscode.Disposable {
  /** Runs that were seen going on: those that failed before the window opened are none of them. */
  readonly #live = new Set<string>();
  readonly #listener: vscode.Disposable;

  constructor(projects: Projects, log: Log) {
    this.#listener = projects.onDidChangeRun(({ engine, run }) => {
      if (isLive(run)) {
        if (!run.readOnly) this.#live.add(run.id);
        return;
      }
      if (this.#live.delete(run.id) && run.state === "failed")
        inBackground(tell(engine, run), "Telling about a failed run", log);
    });
  }

  dispose(): void {
    this.#listener.dispose();
  }
}

async function tell(engine: Engine, run: Run): Promise<void> {
  const all = engine.experiments.experiments;
  const experiment = all.find(({ name, baseline }) => name === run.experiment && baseline === run.baseline);
  const { message, resumable } = failureText(run, experiment?.checkpoints.at(-1) ?? null);
  const { root } = engine.project;
  const terminal = {
    title: l10n.t("Show Terminal"),
    act: () => runCommand("savepoint.showTerminal", { kind: "run", root, run: run.id }),
  };
  const resume =
    experiment === undefined || resumable === null
      ? []
      : [
          {
            title: l10n.t("Resume from {0}", checkpointPlace(resumable)),
            act: () =>
              runCommand("savepoint.resume", {
                kind: "checkpoint",
                root,
                experiment: experimentKey(all, experiment),
                sha: resumable.sha,
              }),
          },
        ];
  const answer = await vscode.window.showErrorMessage(message, ...resume, terminal);
  await answer?.act();
}
