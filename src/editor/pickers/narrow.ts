/** What of an entry is searched. */
export interface Searched {
  readonly label: string;
  readonly description?: string;
  /** A line between groups is shown with what follows it, and matches nothing itself. */
  readonly isHeading: boolean;
}

/** Entries of a long list that are offered for what a person has typed. */
export interface Narrowed<Entry> {
  readonly shown: readonly { readonly entry: Entry; readonly isWhole: boolean }[];
  /** Further ones that match. */
  readonly more: number;
}

/**
 * The first entries, at most `limit`, in which all words of a text occur, in any order. `isWhole` says that the text
 * occurs as it is, which a quick pick finds and marks by itself.
 */
export function narrow<Entry extends Searched>(
  entries: readonly Entry[],
  text: string,
  limit: number,
): Narrowed<Entry> {
  const whole = text.trim().toLowerCase();
  const words = whole.split(/\s+/);
  const shown: { entry: Entry; isWhole: boolean }[] = [];
  let heading: Entry | null = null;
  let count = 0;
  for (const entry of entries) {
    if (entry.isHeading) {
      heading = entry;
      continue;
    }
    const [label, description] = [entry.label.toLowerCase(), (entry.description ?? "").toLowerCase()];
    if (!words.every((word) => label.includes(word) || description.includes(word))) continue;
    count += 1;
    if (count > limit) continue;
    if (heading !== null) shown.push({ entry: heading, isWhole: true });
    heading = null;
    shown.push({ entry, isWhole: label.includes(whole) || description.includes(whole) });
  }
  return { shown, more: Math.max(0, count - limit) };
}
