import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../engine/engine.ts";
import type { Attention, Run } from "../engine/run/run.ts";
import { inBackground, type Log } from "./base/messages.ts";
import type { Projects } from "./projects.ts";

type AttentionChoice = Attention["choices"][number];

/** Asks what happens to a checkpoint that can't be taken while training waits: one notification for each such wait. */
export class AttentionNotifier implements vscode.Disposable {
  readonly #asked = new Map<string, string>();
  readonly #listener: vscode.Disposable;

  constructor(projects: Projects, log: Log) {
    this.#listener = projects.onDidChangeRun(({ engine, run }) => {
      if (run.attention === null) {
        this.#asked.delete(run.id);
        return;
      }
      if (this.#asked.get(run.id) === run.attention.message) return;
      this.#asked.set(run.id, run.attention.message);
      inBackground(askAboutAttention(engine, run), "Asking about a failed checkpoint", log);
    });
  }

  dispose(): void {
    this.#listener.dispose();
  }
}

/** Asks about one run that needs a decision. Dismissing the question leaves training waiting. */
export async function askAboutAttention(engine: Engine, run: Run): Promise<void> {
  const { attention } = run;
  if (attention === null) return;
  const titles: { readonly [Choice in AttentionChoice]: string } = {
    retry: l10n.t("Retry"),
    skip: l10n.t("Skip This One"),
    stop: l10n.t("Stop"),
  };
  const items = attention.choices.map((choice) => ({ title: titles[choice], choice }));
  const message =
    attention.choices.length === 0
      ? attention.message
      : l10n.t("{0} waits: {1}", run.experiment, attention.message);
  const answer = await vscode.window.showWarningMessage(message, ...items);
  if (answer) engine.runs.decide(run.id, answer.choice);
}
