import { formatNumber } from "../../engine/compare/present.ts";
import { flatten, numberOf } from "../../engine/compare/values.ts";
import type { Checkpoint, Value } from "../../engine/model.ts";

/** A value in a few characters. */
export function valueText(value: Value): string {
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * The metrics that say most about a checkpoint, `acc 0.914`, at most `limit`: the deciding one first (`key` or
 * `file:key`), then those with the shortest keys, since nested ones are details.
 */
export function metricTexts(
  checkpoint: Checkpoint,
  deciding: string | null,
  limit: number,
): readonly string[] {
  const seen = new Set<string>();
  return flatten(checkpoint.metrics)
    .filter(({ value }) => numberOf(value) !== null)
    .map(({ file, key, value }, index) => ({
      key,
      value,
      // Most telling first; among equals in the order of the files.
      order: deciding === key || deciding === `${file}:${key}` ? -1 : key.split(".").length * 1_000 + index,
    }))
    .sort((a, b) => a.order - b.order)
    .filter(({ key }) => !seen.has(key) && seen.add(key))
    .slice(0, limit)
    .map(({ key, value }) => metricText(key, value));
}

/** `acc 0.914`, from `accuracy` or `metrics.json:val.accuracy`. */
export function metricText(metric: string, value: Value): string {
  const key = metric.slice(metric.indexOf(":") + 1);
  return `${shortKey(key.slice(key.lastIndexOf(".") + 1))} ${valueText(value)}`;
}

/** Words of the field that have a common short form: a sidebar has room for some twenty characters. */
const shortForms: readonly (readonly [RegExp, string])[] = [
  [/accuracy/g, "acc"],
  [/validation/g, "val"],
  [/perplexity/g, "ppl"],
  [/precision/g, "prec"],
  [/evaluation/g, "eval"],
  [/correlation/g, "corr"],
];

function shortKey(key: string): string {
  return shortForms.reduce((short, [word, form]) => short.replace(word, form), key);
}
