import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import { runCommand } from "../base/commands.ts";
import { inBackground } from "../base/messages.ts";
import { experimentKey } from "../experimentKey.ts";
import { askingText } from "../labels/questionLabels.ts";
import type { Services } from "../services.ts";
import { approveTitles } from "./askAnswer.ts";
import { type FoundQuestion, openQuestionsOf } from "./openQuestions.ts";
import { giveAnswer } from "./questionCommands.ts";

/** Shows each question once in a window: when it is asked, and those that wait when the window opens. */
export class QuestionNotifier implements vscode.Disposable {
  readonly #services: Services;
  readonly #shown = new Set<string>();
  readonly #listener: vscode.Disposable;

  constructor(services: Services) {
    this.#services = services;
    this.#listener = services.projects.onDidChangeExperiments(({ engine }) => this.#look(engine));
  }

  dispose(): void {
    this.#listener.dispose();
  }

  #look(engine: Engine): void {
    const added = openQuestionsOf(engine).filter(({ checkpoint }) => !this.#shown.has(checkpoint.sha));
    for (const { checkpoint } of added) this.#shown.add(checkpoint.sha);
    const [first] = added;
    if (first === undefined) return;
    const showing = added.length === 1 ? this.#show(first) : this.#showCount(added.length);
    inBackground(showing, "Showing a question", this.#services.log);
  }

  async #show(found: FoundQuestion): Promise<void> {
    const { engine, experiment, checkpoint } = found;
    const message = askingText(checkpoint);
    const isApproval = checkpoint.question.kind === "approve" && vscode.workspace.isTrusted;
    const [yes, no] = approveTitles();
    const answer = l10n.t("Answer…");
    const picked = await vscode.window.showInformationMessage(
      message,
      ...(isApproval ? [yes, no] : [answer]),
    );
    if (picked === undefined) return;
    if (picked !== answer) return giveAnswer(this.#services, found, picked === yes);
    await runCommand("savepoint.answer", {
      kind: "checkpoint",
      root: engine.project.root,
      experiment: experimentKey(engine.experiments.experiments, experiment),
      sha: checkpoint.sha,
    });
  }

  async #showCount(count: number): Promise<void> {
    const answer = l10n.t("Answer…");
    const message = l10n.t("{0} trainings wait for your answer.", count);
    if ((await vscode.window.showInformationMessage(message, answer)) === answer) {
      await runCommand("savepoint.answer");
    }
  }
}
