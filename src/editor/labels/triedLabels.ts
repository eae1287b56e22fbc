import * as l10n from "@vscode/l10n";
import type { ParamHistory, TriedValue } from "../../engine/compare/paramHistory.ts";
import type { Value } from "../../engine/model.ts";
import { metricText, valueText } from "./metricLabels.ts";
import { escapeIcons, joined } from "./rowText.ts";

/** Characters of a value that a lens or a hint has room for. */
const valueLimit = 24;

/** `4 values tried`. */
export function triedCount(count: number): string {
  return count === 1 ? l10n.t("1 value tried") : l10n.t("{0} values tried", count);
}

/** What the lens above a parameter says: `4 values tried, best 0.01`. */
export function paramLens(history: ParamHistory): { readonly title: string; readonly tooltip: string } {
  const { values, metric } = history;
  const best = bestTried(history);
  if (best?.best == null || metric === null) {
    return {
      title: triedCount(values.length),
      tooltip: l10n.t("Show the values of {0} and their experiments", history.key),
    };
  }
  return {
    title: l10n.t("{0}, best {1}", triedCount(values.length), escapeIcons(shortValue(best.value))),
    tooltip: l10n.t(
      "Show the values of {0} and what came of each. Best: {1} in {2}",
      history.key,
      metricText(metric.key, best.best.value),
      best.best.checkpoint.experiment,
    ),
  };
}

/** What stands behind a parameter's value: the best one, when it was tried with several. */
export function bestHint(history: ParamHistory): { readonly label: string; readonly tooltip: string } | null {
  const best = history.values.length < 2 ? null : bestTried(history);
  if (best?.best == null || history.metric === null) return null;
  return {
    label: l10n.t("best {0}", shortValue(best.value)),
    tooltip: joined(
      triedCount(history.values.length),
      metricText(history.metric.key, best.best.value),
      best.best.checkpoint.experiment,
    ),
  };
}

/** One value in the list of those that were tried. */
export function triedRow(
  tried: TriedValue,
  history: ParamHistory,
): { readonly label: string; readonly description: string } {
  const isBest = tried === bestTried(history);
  const { best, experiments, newest } = tried;
  return {
    label: `${isBest ? "$(star-full)" : "$(circle-small-filled)"} ${escapeIcons(shortValue(tried.value))}`,
    description: joined(
      best === null || history.metric === null ? null : metricText(history.metric.key, best.value),
      (best?.checkpoint ?? newest).experiment,
      experiments.length > 1 ? l10n.t("{0} experiments", experiments.length) : null,
    ),
  };
}

function bestTried({ values }: ParamHistory): TriedValue | null {
  const [first] = values;
  return first?.best == null ? null : first;
}

function shortValue(value: Value): string {
  const text = valueText(value).replaceAll(/\s+/g, " ");
  return text.length > valueLimit ? `${text.slice(0, valueLimit - 1)}…` : text;
}
