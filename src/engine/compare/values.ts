import type { Value, ValuesByFile } from "../model.ts";

/** A single value with its place: `metrics.json`, `val.loss`. */
export interface FlatValue {
  readonly file: string;
  readonly key: string;
  readonly value: Value;
}

/** Levels of nesting that are taken apart; deeper values are shown whole. */
const deepest = 50;

/** Every leaf of the values, in the order of the files; lists and empty mappings count as leaves. */
export function flatten(values: ValuesByFile): readonly FlatValue[] {
  const found: FlatValue[] = [];
  const visit = (file: string, key: string, value: Value, depth: number): void => {
    const entries = isMapping(value) && depth < deepest ? Object.entries(value) : [];
    if (entries.length === 0) found.push({ file, key, value });
    for (const [name, item] of entries) visit(file, key === "" ? name : `${key}.${name}`, item, depth + 1);
  };
  for (const [file, content] of Object.entries(values)) {
    for (const [name, item] of Object.entries(content)) visit(file, name, item, 1);
  }
  return found;
}

/** The number that a value is, also for `NaN` and infinities, which files and messages hold as words. `null`: none. */
export function numberOf(value: Value | undefined): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return null;
  const word = /^([+-]?)(nan|inf|infinity)$/i.exec(value.trim());
  if (!word) return null;
  if (word[2]?.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Whether two values are the same: by number, text or content, not by identity. */
export function isSameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

export function isMapping(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
