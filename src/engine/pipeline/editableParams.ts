import { failure, type Result, success } from "../result.ts";
import type { Data, DataMap } from "./data.ts";
import { parseData, pickData } from "./params.ts";
import { leavesOf } from "./setParam.ts";
import type { Stage } from "./stage.ts";

/** A parameter that can be set before a run. */
export interface EditableParam {
  readonly file: string;
  readonly key: string;
  /** As it stands in the file now. */
  readonly value: Data;
  /** Whether a stage names it, so that changing it makes the stage run. */
  readonly isTracked: boolean;
}

/** The texts of params files, by project-relative path. */
export type ParamsTexts = ReadonlyMap<string, string>;

/** The params files that stages name; `params.yaml` when they name none. */
export function paramsFiles(stages: readonly Stage[]): readonly string[] {
  const files = new Set(stages.flatMap(({ params }) => params.map(({ file }) => file)));
  return files.size === 0 ? ["params.yaml"] : [...files];
}

/**
 * What can be set for a run of the stages: first what they name, then the other values of the same files. Keys that no
 * assignment can address, as they have a dot in them, are left out. Reasons: `invalid-params`, `no-params`.
 */
export function editableParams(
  stages: readonly Stage[],
  texts: ParamsTexts,
): Result<readonly EditableParam[]> {
  const found: EditableParam[] = [];
  for (const [file, text] of texts) {
    const parsed = parseData(text, file);
    if (!parsed.ok) return parsed;
    found.push(...paramsOf(file, parsed.value, stages));
  }
  if (found.length > 0) return success(found.toSorted((a, b) => Number(b.isTracked) - Number(a.isTracked)));
  const files = paramsFiles(stages).join(", ");
  return failure(
    "no-params",
    `There is nothing to set in ${files}. Name parameters in the stage's params first.`,
  );
}

function paramsOf(file: string, values: DataMap, stages: readonly Stage[]): readonly EditableParam[] {
  const named = stages.flatMap(({ params }) => params.filter((dependency) => dependency.file === file));
  const isTracked = (key: string) =>
    named.some(({ keys }) => keys === null || keys.some((one) => key === one || key.startsWith(`${one}.`)));
  return leavesOf(values)
    .filter(({ key, value }) => Object.is(pickData(values, key), value))
    .map(({ key, value }) => ({ file, key, value, isTracked: isTracked(key) }));
}
