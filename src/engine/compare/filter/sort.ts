import type { Fact, Facts } from "./facts.ts";

/**
 * Items in the order of one of their facts: numbers by size, texts by alphabet, what has none last. `-KEY` turns the
 * order round.
 */
export function sortedBy<Item>(
  items: readonly Item[],
  factsOf: (item: Item) => Facts,
  key: string,
): readonly Item[] {
  const { name, sign } = sortKey(key);
  const keyed = items.map((item) => ({ item, fact: factsOf(item).get(name) ?? null }));
  return keyed.toSorted((a, b) => order(a.fact, b.fact, sign)).map(({ item }) => item);
}

/** The name in a sort key, and whether it turns the order round. */
export function sortKey(key: string): { readonly name: string; readonly sign: 1 | -1 } {
  return key.startsWith("-") ? { name: key.slice(1), sign: -1 } : { name: key, sign: 1 };
}

function order(a: Fact, b: Fact, sign: 1 | -1): number {
  const [hasA, hasB] = [isThere(a), isThere(b)];
  if (!hasA || !hasB) return Number(hasB) - Number(hasA);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

function isThere(fact: Fact): boolean {
  return fact !== null && !Number.isNaN(fact);
}
