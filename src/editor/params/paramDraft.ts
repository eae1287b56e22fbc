import { paramId } from "../../engine/compare/paramHistory.ts";
import {
  type EditableParam,
  editableParams,
  type ParamsTexts,
} from "../../engine/pipeline/editableParams.ts";
import { typedText } from "../../engine/pipeline/setParam.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { failure, type Result, success } from "../../engine/result.ts";
import { checkAxis } from "../../engine/sweep/checkSweep.ts";
import { parseValues } from "../../engine/sweep/parseSweep.ts";
import type { Sweep, SweepAxis } from "../../engine/sweep/sweep.ts";

/** What a person has changed so far, in the words that they typed. */
export interface ParamDraft {
  readonly params: readonly EditableParam[];
  readonly texts: ParamsTexts;
  /** By {@link paramId}. Each has been checked. */
  readonly changes: ReadonlyMap<string, SweepAxis>;
}

export function newDraft(stages: readonly Stage[], texts: ParamsTexts): Result<ParamDraft> {
  const params = editableParams(stages, texts);
  return params.ok ? success({ params: params.value, texts, changes: new Map() }) : params;
}

/** Reads what was typed for a parameter; `null` when it is the present value. */
export function readTyped(draft: ParamDraft, param: EditableParam, typed: string): Result<SweepAxis | null> {
  if (typed === typedText(param.value)) return success(null);
  const { file, key } = param;
  const values = parseValues(key, typed);
  if (!values.ok) return values;
  return checkAxis({ file, key, values: values.value }, (path) => {
    const text = draft.texts.get(path);
    return text === undefined ? failure("params-missing", path, path) : success(text);
  });
}

/** The draft with other values for a parameter; `null` takes the change back. */
export function withChange(draft: ParamDraft, param: EditableParam, axis: SweepAxis | null): ParamDraft {
  const changes = new Map(draft.changes);
  if (axis === null) changes.delete(paramId(param.file, param.key));
  else changes.set(paramId(param.file, param.key), axis);
  return { ...draft, changes };
}

export function changeOf(draft: ParamDraft, { file, key }: EditableParam): SweepAxis | null {
  return draft.changes.get(paramId(file, key)) ?? null;
}

/** What was changed, in the order of the list. */
export function draftSweep(draft: ParamDraft): Sweep {
  return { axes: draft.params.flatMap((param) => changeOf(draft, param) ?? []) };
}

/** What to show in the input for a parameter: the values typed before, else the present one. */
export function typedOf(draft: ParamDraft, param: EditableParam): string {
  const change = changeOf(draft, param);
  return change === null ? typedText(param.value) : valuesText(change);
}

/** Values as they can be typed again. */
export function valuesText({ values }: SweepAxis): string {
  if (values.kind === "drawn") return `${values.distribution}(${values.low}, ${values.high})`;
  return values.texts.join(", ");
}
