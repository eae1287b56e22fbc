import type { Checkpoint, Experiment, ExperimentStatus, Value } from "../model.ts";
import { flatten, isMapping, isSameValue, numberOf } from "./values.ts";

/** One experiment or checkpoint in a comparison. */
export interface TableRow {
  readonly experiment: Experiment;
  readonly checkpoint: Checkpoint;
  readonly status: ExperimentStatus;
}

export interface TableColumn {
  readonly kind: "metric" | "param";
  readonly file: string;
  readonly key: string;
  /** The key, with its file before it when another column of its kind has the same key: `metrics.json:loss`. */
  readonly label: string;
  /** Whether the rows differ in it; a row without a value differs from one with. */
  readonly differs: boolean;
}

export interface ComparisonTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (TableRow & {
    /** In the order of the columns; `undefined` where the row has none. */
    readonly cells: readonly (Value | undefined)[];
  })[];
}

export type SortOrder = "ascending" | "descending";

/** The table of params and metrics, metrics first, files and keys in the order in which the rows have them. */
export function comparisonTable(
  rows: readonly TableRow[],
  options: { readonly onlyDiffering?: boolean } = {},
): ComparisonTable {
  const flat = rows.map(({ checkpoint }) => ({
    metric: byPlace(checkpoint, "metrics"),
    param: byPlace(checkpoint, "params"),
  }));
  const columns = (["metric", "param"] as const).flatMap((kind) => {
    const places = new Map(
      flat.flatMap((row) => [...row[kind]].map(([place, { file, key }]) => [place, { file, key }])),
    );
    const keys = [...places.values()].map(({ key }) => key);
    return [...places].map(([place, { file, key }]) => {
      const values = flat.map((row) => row[kind].get(place)?.value);
      const isAlone = keys.indexOf(key) === keys.lastIndexOf(key);
      const differs = values.some((value) => !isSameValue(value, values[0]));
      return { column: { kind, file, key, label: isAlone ? key : `${file}:${key}`, differs }, values };
    });
  });
  const shown =
    options.onlyDiffering && rows.length > 1 ? columns.filter(({ column }) => column.differs) : columns;
  return {
    columns: shown.map(({ column }) => column),
    rows: rows.map((row, index) => ({ ...row, cells: shown.map(({ values }) => values[index]) })),
  };
}

/**
 * Orders two cells: numbers by size, texts in natural order (`run-2` before `run-10`), numbers before other kinds. Cells
 * without a value, and NaN, are last in either order.
 */
export function compareValues(a: Value | undefined, b: Value | undefined, order: SortOrder): number {
  const [last, other] = [isLast(a), isLast(b)];
  if (last || other) return Number(last) - Number(other);
  const sign = order === "ascending" ? 1 : -1;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== null && y !== null) return x === y ? 0 : sign * (x < y ? -1 : 1);
  if (x !== null || y !== null) return x !== null ? -1 : 1;
  return sign * naturalOrder.compare(cellText(a), cellText(b));
}

/** A cell as text: numbers in full, lists and mappings as JSON, nothing for nothing. */
export function cellText(value: Value | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  return Array.isArray(value) || isMapping(value) ? JSON.stringify(value) : String(value);
}

const naturalOrder = new Intl.Collator("en", { numeric: true });

function isLast(value: Value | undefined): boolean {
  return value === undefined || value === null || Number.isNaN(numberOf(value) ?? 0);
}

function byPlace(checkpoint: Checkpoint, side: "metrics" | "params") {
  return new Map(flatten(checkpoint[side]).map((flat) => [JSON.stringify([flat.file, flat.key]), flat]));
}
