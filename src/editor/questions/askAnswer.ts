import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { AnswerValue, Question } from "../../engine/model.ts";
import type { AskingCheckpoint } from "../../engine/run/openQuestion.ts";
import { checkAnswer } from "../../engine/signal/question.ts";
import { checkpointPlace, checkpointReference } from "../labels/checkpointLabels.ts";
import { metricTexts } from "../labels/metricLabels.ts";
import { joined } from "../labels/rowText.ts";

/** Has a person answer a question; `null` when they changed their mind. */
export async function askAnswer(checkpoint: AskingCheckpoint): Promise<AnswerValue | null> {
  const { question } = checkpoint;
  switch (question.kind) {
    case "approve":
      return approve(checkpoint);
    case "choose":
      return choose(checkpoint, question);
    case "text":
      return (
        (await vscode.window.showInputBox({
          title: whereText(checkpoint),
          prompt: question.question,
          ignoreFocusOut: true,
          validateInput: (text) => {
            const checked = checkAnswer(question, text);
            return checked.ok ? null : checked.problem.message;
          },
        })) ?? null
      );
  }
}

/** A dialog, which shows a long question in full. */
async function approve(checkpoint: AskingCheckpoint): Promise<boolean | null> {
  const [yes, no] = approveTitles();
  const options = { modal: true, detail: whereText(checkpoint) };
  const picked = await vscode.window.showInformationMessage(checkpoint.question.question, options, yes, no);
  return picked === undefined ? null : picked === yes;
}

/** What an approval can be answered with: yes, then no. */
export function approveTitles(): readonly [string, string] {
  return [l10n.t("Approve"), l10n.t("Reject")];
}

async function choose(
  checkpoint: AskingCheckpoint,
  { question, choices, multiple }: Extract<Question, { kind: "choose" }>,
): Promise<AnswerValue | null> {
  const options = { title: whereText(checkpoint), placeHolder: question, ignoreFocusOut: true };
  if (!multiple) return (await vscode.window.showQuickPick([...choices], options)) ?? null;
  return (await vscode.window.showQuickPick([...choices], { ...options, canPickMany: true })) ?? null;
}

/** `amber-heron@3 · step 3 · acc 0.91`. */
function whereText(checkpoint: AskingCheckpoint): string {
  return joined(
    checkpointReference(checkpoint),
    checkpointPlace(checkpoint),
    ...metricTexts(checkpoint, null, 2),
  );
}
