import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type ParamHistories, paramId } from "../../engine/compare/paramHistory.ts";
import type { EditableParam } from "../../engine/pipeline/editableParams.ts";
import type { SweepAxis } from "../../engine/sweep/sweep.ts";
import { triedText, valueHint, valuesMessage } from "../labels/changeLabels.ts";
import { joined } from "../labels/rowText.ts";
import { type ParamDraft, readTyped, typedOf } from "./paramDraft.ts";

/** What came of asking: `axis` is `null` for the present value. */
export type ValueAnswer =
  | { readonly kind: "set"; readonly axis: SweepAxis | null }
  | { readonly kind: "back" }
  | { readonly kind: "closed" };

/** Asks for the value or values of a parameter; what is wrong with them stands under the input while it is typed. */
export function askValue(
  draft: ParamDraft,
  param: EditableParam,
  options: { readonly title: string; readonly histories: ParamHistories },
): Promise<ValueAnswer> {
  const input = vscode.window.createInputBox();
  input.title = joined(options.title, param.key);
  input.value = typedOf(draft, param);
  const tried = triedText(options.histories.get(paramId(param.file, param.key)), param.value);
  input.prompt = joined(valueHint(param.value), tried);
  input.buttons = [vscode.QuickInputButtons.Back];
  const read = () => readTyped(draft, param, input.value);
  const check = () => {
    input.validationMessage = messageFor(read());
  };
  check();
  return new Promise((resolve) => {
    const finish = (answer: ValueAnswer) => {
      resolve(answer);
      input.dispose();
    };
    input.onDidChangeValue(check);
    input.onDidAccept(() => {
      const axis = read();
      if (axis.ok) finish({ kind: "set", axis: axis.value });
    });
    input.onDidTriggerButton(() => finish({ kind: "back" }));
    input.onDidHide(() => finish({ kind: "closed" }));
    input.show();
  });
}

function messageFor(read: ReturnType<typeof readTyped>): vscode.InputBoxValidationMessage | undefined {
  if (!read.ok) return { message: read.problem.message, severity: vscode.InputBoxValidationSeverity.Error };
  const message = read.value === null ? null : valuesMessage(read.value);
  return message === null ? undefined : { message, severity: vscode.InputBoxValidationSeverity.Info };
}

/** Asks for a number of runs to draw; `null` when the person changed their mind. */
export async function askSamples(title: string, most: number): Promise<number | null> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt: l10n.t("How many runs shall be drawn at random?"),
    value: "10",
    validateInput: (text) =>
      /^\d{1,6}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most
        ? null
        : l10n.t("A whole number from 1 to {0}", most),
  });
  return typed === undefined ? null : Number(typed);
}
