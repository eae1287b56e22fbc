import { compareValues } from "../../engine/compare/table.ts";
import type { ComparedRow } from "../protocol.ts";
import type { SortKey } from "./choices.ts";
import { type Column, cellOf } from "./columns.ts";

/**
 * The rows in the order to show: the baseline first, then by the sort keys. Rows without a value come last whichever way
 * the column is sorted; rows that no key tells apart keep the order of the selection.
 */
export function orderRows(
  rows: readonly ComparedRow[],
  columns: readonly Column[],
  choice: { readonly sort: readonly SortKey[]; readonly baseline: string | null },
): readonly ComparedRow[] {
  const keys = choice.sort.flatMap(({ column, descending }) => {
    const sorted = columns.find((candidate) => candidate.id === column);
    if (column === nameColumn) return [{ read: nameOf, descending }];
    return sorted === undefined ? [] : [{ read: (row: ComparedRow) => cellOf(row, sorted), descending }];
  });
  const isBaseline = (row: ComparedRow) => row.key === choice.baseline;
  return [...rows].sort((left, right) => {
    if (isBaseline(left) !== isBaseline(right)) return isBaseline(left) ? -1 : 1;
    for (const { read, descending } of keys) {
      const order = compareValues(read(left), read(right), descending ? "descending" : "ascending");
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Id that the first column has in sort keys. */
export const nameColumn = "name";

function nameOf(row: ComparedRow): string {
  return `${row.reference.experiment}@${String(row.sequence).padStart(9, "0")}`;
}
