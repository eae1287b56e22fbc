import * as l10n from "@vscode/l10n";
import type { AnswerValue } from "../../engine/model.ts";
import type { AskingCheckpoint } from "../../engine/run/openQuestion.ts";

/** The sign of a question that waits. */
export const questionIcon = "comment-unresolved";

/** `amber-heron asks: Go on?` */
export function askingText({ experiment, question }: AskingCheckpoint): string {
  return l10n.t("{0} asks: {1}", experiment, onOneLine(question.question));
}

/** What a row says of a question that nobody has answered. */
export function waitingText({ question }: AskingCheckpoint): string {
  return l10n.t("Waiting for your answer: {0}", onOneLine(question.question));
}

/** An answer in words. */
export function givenText(value: AnswerValue): string {
  if (typeof value === "boolean") return value ? l10n.t("approved") : l10n.t("rejected");
  if (typeof value === "string") return onOneLine(value);
  return value.length === 0 ? l10n.t("none of the choices") : value.join(", ");
}

/** A question may have several lines, a row has one. */
export function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
