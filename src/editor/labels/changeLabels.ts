import * as l10n from "@vscode/l10n";
import type { ParamHistory, TriedValue } from "../../engine/compare/paramHistory.ts";
import { isSameValue } from "../../engine/compare/values.ts";
import type { Value } from "../../engine/model.ts";
import { type Data, isList, toValue } from "../../engine/pipeline/data.ts";
import type { ParamChange } from "../../engine/run/request.ts";
import type { SweepAxis } from "../../engine/sweep/sweep.ts";
import { metricText, valueText } from "./metricLabels.ts";
import { joined } from "./rowText.ts";

/** Values that are listed of those that were tried. */
const shownValues = 4;

/** `tried 0.01 (best, acc 0.942), 0.1, 0.5 and 2 more`; `null` when it had no other value than the present one. */
export function triedText(history: ParamHistory | undefined, present: Data): string | null {
  const [first, ...others] = history?.values ?? [];
  if (history === undefined || first === undefined) return null;
  if (others.length === 0 && isSameValue(first.value, toValue(present))) return null;
  const shown = [first, ...others.slice(0, shownValues - 1)].map((tried, index) =>
    triedValue(history, tried, index === 0 && others.length > 0),
  );
  const rest = others.length + 1 - shown.length;
  const list = rest === 0 ? shown.join(", ") : l10n.t("{0} and {1} more", shown.join(", "), rest);
  return l10n.t("tried {0}", list);
}

function triedValue({ metric }: ParamHistory, { value, best }: TriedValue, isFirst: boolean): string {
  if (!isFirst || best === null || metric === null) return valueText(value);
  return l10n.t("{0} (best, {1})", valueText(value), metricText(metric.key, best.value));
}

/** What a parameter was at a checkpoint, when that is other than now. */
export function recordedText(present: Data, recorded: Value | undefined): string | null {
  if (recorded === undefined || isSameValue(recorded, toValue(present))) return null;
  return l10n.t("{0} at the checkpoint", valueText(recorded));
}

/** What can be typed for a parameter, with examples of its type. */
export function valueHint(value: Data): string {
  if (typeof value === "boolean") return l10n.t("true, false, or both: true, false");
  if (typeof value === "bigint") {
    return l10n.t("A whole number, or several: 8, 16 · range(1, 10, 3) · uniform(1, 10)");
  }
  if (typeof value === "number") {
    return l10n.t("A number, or several: 0.1, 0.01 · range(0.1, 0.5, 0.1) · loguniform(1e-4, 1e-1)");
  }
  if (isList(value)) return l10n.t("A list, or several: [64, 64], [128]");
  return l10n.t("A text, or several: sgd, adam. One with a comma stands in quotes");
}

/** What an accepted change stands for when that is not plain: `3 values: 1, 4, 7`; `null` for a single value. */
export function valuesMessage({ values }: SweepAxis): string | null {
  if (values.kind === "drawn") {
    return l10n.t("Drawn at random for each run, from {0} to {1}", values.low, values.high);
  }
  if (values.texts.length === 1) return null;
  const shown = values.texts.slice(0, shownInMessage).join(", ");
  const list = values.texts.length > shownInMessage ? `${shown}, …` : shown;
  return l10n.t("{0} values: {1}", values.texts.length, list);
}

const shownInMessage = 8;

/** `1 run`, `6 runs`. */
export function runCount(count: number): string {
  return count === 1 ? l10n.t("1 run") : l10n.t("{0} runs", count);
}

/** `lr 0.01 · epochs 5`: what a run sets, by the last part of each key. */
export function changesText(changes: readonly ParamChange[]): string {
  return joined(...changes.map(({ key, value }) => `${key.slice(key.lastIndexOf(".") + 1)} ${value}`));
}
