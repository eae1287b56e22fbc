import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { ParamHistories } from "../../engine/compare/paramHistory.ts";
import { paramId } from "../../engine/compare/paramHistory.ts";
import type { ValuesByFile } from "../../engine/model.ts";
import type { EditableParam } from "../../engine/pipeline/editableParams.ts";
import { pick } from "../../engine/pipeline/params.ts";
import { typedText } from "../../engine/pipeline/setParam.ts";
import { recordedText, triedText } from "../labels/changeLabels.ts";
import { escapeIcons, joined } from "../labels/rowText.ts";
import { separator } from "../pickers/pick.ts";
import { askValue } from "./askValue.ts";
import { changeOf, draftSweep, type ParamDraft, valuesText, withChange } from "./paramDraft.ts";

interface ParamItem extends vscode.QuickPickItem {
  /** `null` goes on with what was changed. */
  readonly param: EditableParam | null;
}

/** What the editor of parameters shows besides them. */
export interface EditParamsOptions {
  readonly title: string;
  readonly histories: ParamHistories;
  /** What they were at the checkpoint that the run goes on from; empty when it starts afresh. */
  readonly recorded: ValuesByFile;
  /** The stages, for people: `train`. */
  readonly subject: string;
}

/**
 * Lets a person change parameters, one after another, until they go on. Returns the draft with at least one change;
 * `null` when they changed their mind.
 */
export async function editParams(draft: ParamDraft, options: EditParamsOptions): Promise<ParamDraft | null> {
  let current = draft;
  let last: EditableParam | null = null;
  for (;;) {
    const picked = await pickParam(current, last, options);
    if (picked === null) return null;
    if (picked.kind === "go-on") return current;
    last = picked.param;
    if (picked.kind === "take-back") {
      current = withChange(current, picked.param, null);
      continue;
    }
    const answer = await askValue(current, picked.param, options);
    if (answer.kind === "closed") return null;
    if (answer.kind === "set") current = withChange(current, picked.param, answer.axis);
  }
}

type Picked =
  | { readonly kind: "edit" | "take-back"; readonly param: EditableParam }
  | { readonly kind: "go-on" };

/** The list of parameters. `last` is the one that was worked on before. */
function pickParam(
  draft: ParamDraft,
  last: EditableParam | null,
  options: EditParamsOptions,
): Promise<Picked | null> {
  const picker = vscode.window.createQuickPick<ParamItem>();
  picker.title = options.title;
  picker.placeholder =
    draft.changes.size === 0
      ? l10n.t("Which parameter to change? Several values make several runs")
      : l10n.t("Go on, or change another parameter");
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.items = itemsOf(draft, options);
  const active = picker.items.find(({ param }) => (draft.changes.size > 0 ? param === null : param === last));
  if (active !== undefined) picker.activeItems = [active];
  return new Promise((resolve) => {
    const finish = (picked: Picked | null) => {
      resolve(picked);
      picker.dispose();
    };
    picker.onDidAccept(() => {
      const [item] = picker.activeItems;
      if (item === undefined) return;
      finish(item.param === null ? { kind: "go-on" } : { kind: "edit", param: item.param });
    });
    picker.onDidTriggerItemButton(({ item: { param } }) => {
      if (param !== null) finish({ kind: "take-back", param });
    });
    picker.onDidHide(() => finish(null));
    picker.show();
  });
}

function itemsOf(draft: ParamDraft, options: EditParamsOptions): readonly ParamItem[] {
  const items: ParamItem[] = [];
  const count = draft.changes.size;
  if (count > 0) {
    const names = draftSweep(draft).axes.map(({ key }) => key);
    items.push({
      label: `$(arrow-right) ${count === 1 ? l10n.t("Go On with 1 Change") : l10n.t("Go On with {0} Changes", count)}`,
      description: escapeIcons(names.join(", ")),
      alwaysShow: true,
      param: null,
    });
  }
  let heading = "";
  for (const param of draft.params) {
    const title = param.isTracked
      ? param.file
      : l10n.t("{0} · not among the params of {1}", param.file, options.subject);
    if (title !== heading) items.push({ ...separator(title), param: null });
    heading = title;
    items.push(paramItem(draft, param, options));
  }
  return items;
}

function paramItem(
  draft: ParamDraft,
  param: EditableParam,
  { histories, recorded }: EditParamsOptions,
): ParamItem {
  const change = changeOf(draft, param);
  const present = typedText(param.value);
  const tried = triedText(histories.get(paramId(param.file, param.key)), param.value);
  return {
    label: `${change === null ? "" : "$(edit) "}${escapeIcons(param.key)}`,
    description: escapeIcons(
      joined(
        change === null ? present : `${present} → ${valuesText(change)}`,
        recordedText(param.value, pick(recorded[param.file] ?? {}, param.key)),
      ),
    ),
    ...(tried === null ? {} : { detail: escapeIcons(tried) }),
    ...(change === null
      ? {}
      : {
          buttons: [{ iconPath: new vscode.ThemeIcon("discard"), tooltip: l10n.t("Take this change back") }],
        }),
    param,
  };
}
