/** What a person set in the page, as opposed to what the store says. Kept over reloads. */
export interface Choices {
  readonly onlyDifferences: boolean;
  /** Shows the params and metrics whose name has this text. */
  readonly filter: string;
  /** First key counts first. Empty: in the order of the selection. */
  readonly sort: readonly SortKey[];
  /** Key of the row that the others are compared with. */
  readonly baseline: string | null;
  readonly axis: Axis;
  /** Weight of the past in the smoothed curves: 0 (none) to {@link maximumSmoothing}. */
  readonly smoothing: number;
  readonly logarithmic: boolean;
  /** Whether a forked line shows the points that it shares with the line it came from. */
  readonly inherited: boolean;
  /** Keys of the lines that the charts leave out. */
  readonly hiddenLines: readonly string[];
}

export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
}

/** What the charts' x axis shows. */
export const axes = ["step", "elapsed", "time"] as const;
export type Axis = (typeof axes)[number];

export const maximumSmoothing = 0.99;

export const defaultChoices: Choices = {
  onlyDifferences: false,
  filter: "",
  sort: [],
  baseline: null,
  axis: "step",
  smoothing: 0,
  logarithmic: false,
  inherited: true,
  hiddenLines: [],
};

/** Reads choices that were kept; each one that is not as it should be falls back to its default. */
export function parseChoices(data: unknown): Choices {
  if (typeof data !== "object" || data === null) return defaultChoices;
  const kept = data as { readonly [name: string]: unknown };
  const flag = (name: "onlyDifferences" | "logarithmic" | "inherited") =>
    typeof kept[name] === "boolean" ? kept[name] : defaultChoices[name];
  const smoothing = typeof kept.smoothing === "number" ? kept.smoothing : 0;
  return {
    onlyDifferences: flag("onlyDifferences"),
    logarithmic: flag("logarithmic"),
    inherited: flag("inherited"),
    filter: typeof kept.filter === "string" ? kept.filter : "",
    sort: Array.isArray(kept.sort) ? kept.sort.filter(isSortKey) : [],
    baseline: typeof kept.baseline === "string" ? kept.baseline : null,
    axis: axes.find((axis) => axis === kept.axis) ?? defaultChoices.axis,
    smoothing: smoothing > 0 && smoothing <= maximumSmoothing ? smoothing : 0,
    hiddenLines: Array.isArray(kept.hiddenLines)
      ? kept.hiddenLines.filter((line) => typeof line === "string")
      : [],
  };
}

/**
 * The sort after a press on a column's header: ascending, then descending, then none. With `extend` the column is added
 * to those that count before it; otherwise it is the only one.
 */
export function toggleSort(sort: readonly SortKey[], column: string, extend: boolean): readonly SortKey[] {
  const before = sort.find((key) => key.column === column);
  const after: readonly SortKey[] =
    before === undefined
      ? [{ column, descending: false }]
      : before.descending
        ? []
        : [{ column, descending: true }];
  if (!extend) return after;
  const [changed] = after;
  if (before === undefined || changed === undefined)
    return [...sort.filter((key) => key !== before), ...after];
  return sort.map((key) => (key === before ? changed : key));
}

/** The hidden lines after a press on a line in the legend: it alone is shown; all are again when it was alone. */
export function toggleIsolated(
  hidden: readonly string[],
  line: string,
  all: readonly string[],
): readonly string[] {
  const others = all.filter((key) => key !== line);
  const isAlone = !hidden.includes(line) && others.every((key) => hidden.includes(key));
  return isAlone ? [] : others;
}

/** The hidden lines after one line was switched on or off by itself. */
export function toggleHidden(hidden: readonly string[], line: string): readonly string[] {
  return hidden.includes(line) ? hidden.filter((key) => key !== line) : [...hidden, line];
}

function isSortKey(data: unknown): data is SortKey {
  if (typeof data !== "object" || data === null) return false;
  const key = data as { readonly [name: string]: unknown };
  return typeof key.column === "string" && typeof key.descending === "boolean";
}
