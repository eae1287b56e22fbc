import { type TextCell, type TextTable, writeCsv, writeMarkdown } from "../../engine/compare/textTable.ts";
import type { ComparedRow } from "../protocol.ts";
import { type Column, cellOf } from "./columns.ts";

/** The table as a Markdown table, for a pull request or a note. */
export function toMarkdown(rows: readonly ComparedRow[], columns: readonly Column[]): string {
  return writeMarkdown(tableOf(rows, columns));
}

/** The table as comma-separated values, with full numbers. */
export function toCsv(rows: readonly ComparedRow[], columns: readonly Column[]): string {
  return writeCsv(tableOf(rows, columns));
}

/** `amber-heron@12`: what a row is called in texts. */
export function rowName(row: Pick<ComparedRow, "reference" | "sequence">): string {
  return `${row.reference.experiment}@${row.sequence}`;
}

/** Last part of a project's root, which tells projects apart where there are several. */
export function projectName(root: string): string {
  return root.split(/[\\/]/).findLast((part) => part !== "") ?? root;
}

function tableOf(rows: readonly ComparedRow[], columns: readonly Column[]): TextTable {
  // The file stands in the heading only where a key alone could mean two columns.
  const uses = new Map<string, number>();
  for (const { key } of columns) uses.set(key, (uses.get(key) ?? 0) + 1);
  const header = columns.map(({ file, key }) =>
    (uses.get(key) ?? 0) > 1 && file !== "" ? `${file}:${key}` : key,
  );
  const body = rows.map((row) => [rowName(row), ...columns.map((column) => exportCell(row, column))]);
  return {
    rows: [["checkpoint", ...header], ...body],
    isNumeric: [false, ...columns.map((column) => column.isNumeric)],
  };
}

function exportCell(row: ComparedRow, column: Column): TextCell {
  const cell = cellOf(row, column);
  if (cell === undefined || cell === null) return "";
  if (column.kind === "checkpoint" && column.key === "recorded") return new Date(Number(cell)).toISOString();
  return typeof cell === "number" ? { number: String(cell) } : String(cell);
}
