import { formatNumber, relativeTime } from "../../engine/compare/present.ts";
import type { ComparedRow, Snapshot } from "../protocol.ts";
import type { Choices } from "./choices.ts";
import {
  bestValues,
  type Column,
  type ColumnGroup,
  cellOf,
  chooseColumns,
  columnsOf,
  groupColumns,
} from "./columns.ts";
import { formatCell, formatDelta, formatStatus } from "./format.ts";
import { orderRows } from "./order.ts";

/** All that the table shows, worked out. */
export interface TableModel {
  readonly rows: readonly ComparedRow[];
  readonly columns: readonly Column[];
  readonly groups: readonly ColumnGroup[];
  readonly baseline: ComparedRow | null;
  readonly best: ReadonlyMap<string, number>;
  /** Columns that are left out because all rows are equal in them, and because of the filter. */
  readonly equal: number;
  readonly filtered: number;
}

/** How a value stands to the others: the words are for people who do not see the emphasis. */
export interface CellView {
  readonly text: string;
  readonly delta: string | null;
  readonly isBest: boolean;
  readonly standing: "better" | "worse" | "different" | "same" | "plain";
  readonly description: string;
}

export function tableModel(snapshot: Snapshot, choices: Choices): TableModel {
  const all = columnsOf(snapshot.rows, snapshot.goals);
  const { shown, equal, filtered } = chooseColumns(all, {
    // One row has nothing to differ from.
    onlyDifferences: choices.onlyDifferences && snapshot.rows.length > 1,
    filter: choices.filter,
  });
  return {
    rows: orderRows(snapshot.rows, all, choices),
    columns: shown,
    groups: groupColumns(shown),
    baseline: snapshot.rows.find((row) => row.key === choices.baseline) ?? null,
    best: bestValues(snapshot.rows, shown),
    equal,
    filtered,
  };
}

/** How one value is shown. `now` is in milliseconds since the epoch. */
export function viewCell(model: TableModel, row: ComparedRow, column: Column, now: number): CellView {
  const cell = cellOf(row, column);
  if (column.kind === "checkpoint") {
    const text =
      column.key === "recorded"
        ? relativeTime(row.createdAt, now)
        : column.key === "step"
          ? formatCell(row.step ?? undefined)
          : formatStatus(row.status);
    return { text, delta: null, isBest: false, standing: "plain", description: text };
  }
  const text = formatCell(cell);
  const isBest = typeof cell === "number" && model.best.get(column.id) === cell;
  const { baseline } = model;
  if (baseline === null || baseline.key === row.key) {
    const standing = column.differs || model.rows.length < 2 ? "plain" : "same";
    return { text, delta: null, isBest, standing, description: isBest ? `${text}, best` : text };
  }
  const reference = cellOf(baseline, column);
  if (cell === reference)
    return { text, delta: null, isBest, standing: "same", description: `${text}, as baseline` };
  if (column.kind === "metric" && typeof cell === "number" && typeof reference === "number") {
    return compareNumbers(text, cell, reference, column, isBest);
  }
  return {
    text,
    delta: null,
    isBest,
    standing: "different",
    description: `${text}, baseline ${formatCell(reference)}`,
  };
}

function compareNumbers(
  text: string,
  value: number,
  baseline: number,
  { goal }: Column,
  isBest: boolean,
): CellView {
  const delta = formatDelta(value, baseline);
  const standing =
    goal === null ? "different" : value > baseline === (goal === "maximize") ? "better" : "worse";
  const words = standing === "different" ? "than baseline" : `${standing} than baseline`;
  return {
    text,
    delta,
    isBest,
    standing,
    description: `${text}, ${delta}, ${words} ${formatNumber(baseline)}${isBest ? ", best" : ""}`,
  };
}

/** Widest and narrowest column in pixels. */
const narrowest = 76;
const widest = 260;

/**
 * Widths of the columns in pixels, estimated from the texts, since the columns that are out of sight are not in the page
 * to be measured.
 * @param characterWidth width of a digit in pixels
 */
export function columnWidths(model: TableModel, now: number, characterWidth: number): readonly number[] {
  return model.columns.map((column) => {
    // Room for the direction of the metric and for the sort mark.
    const heading = column.key.length + 2.5;
    const longest = model.rows.reduce((length, row) => {
      const { text, delta } = viewCell(model, row, column, now);
      const mark = column.kind === "metric" || column.key === "status" ? 2.7 : 0;
      return Math.max(length, text.length + (delta === null ? 0 : delta.length + 1) + mark);
    }, heading);
    return Math.min(widest, Math.max(narrowest, Math.ceil(longest * characterWidth) + 20));
  });
}
