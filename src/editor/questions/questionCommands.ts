import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { CheckpointTarget, ExperimentTarget } from "../../contract.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import type { AnswerValue } from "../../engine/model.ts";
import { isAsking } from "../../engine/run/openQuestion.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { isTrusted, orShow } from "../commands/choose.ts";
import { findCheckpoint } from "../commands/targets.ts";
import { pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { askAnswer } from "./askAnswer.ts";
import { type FoundQuestion, openQuestions } from "./openQuestions.ts";

/** `Savepoint: Answer Question…` */
export function registerQuestionCommands(services: Services): readonly vscode.Disposable[] {
  return [
    registerCommand("savepoint.answer", services.log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseQuestion(services, source);
      const value = found && (await askAnswer(found.checkpoint));
      if (found && value !== null) await giveAnswer(services, found, value);
    }),
  ];
}

/** Answers a question. What was wrong with it is shown. */
export async function giveAnswer(
  services: Services,
  { engine, checkpoint }: Pick<FoundQuestion, "engine" | "checkpoint">,
  value: AnswerValue,
): Promise<void> {
  await orShow(services, await engine.answer(checkpoint, value));
}

async function chooseQuestion(
  services: Services,
  source: ExperimentTarget | CheckpointTarget | undefined,
): Promise<Pick<FoundQuestion, "engine" | "checkpoint"> | null> {
  await services.projects.whenLoaded();
  if (source) {
    const found = await orShow(services, findCheckpoint(services.projects, source));
    if (found === null) return null;
    const { engine, checkpoint } = found;
    // One that is answered already says so when the answer is given.
    if (isAsking(checkpoint)) return { engine, checkpoint };
  }
  const open = source ? [] : openQuestions(services.projects);
  const [only] = open;
  if (only === undefined) {
    const message = l10n.t("No training waits for an answer.");
    await showProblem({ reason: "no-question", message }, services.log);
    return null;
  }
  if (open.length === 1) return only;
  return pickOne(
    open.map((found) => ({
      label: `$(comment-unresolved) ${found.experiment.name}`,
      description: relativeTime(found.checkpoint.createdAt, Date.now()),
      detail: found.checkpoint.question.question,
      value: found,
    })),
    { title: l10n.t("Answer Question"), placeholder: l10n.t("Which question?") },
  );
}
