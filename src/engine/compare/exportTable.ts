import type { Value } from "../model.ts";
import { formatNumber } from "./present.ts";
import { type ComparisonTable, cellText } from "./table.ts";
import { type TextCell, writeCsv, writeMarkdown } from "./textTable.ts";

/** The table as CSV, numbers in full. */
export function tableToCsv(table: ComparisonTable): string {
  const header = ["experiment", "sequence", "step", "status", "created"];
  const rows = table.rows.map(({ experiment, checkpoint, status, cells }) => [
    experiment.name,
    String(checkpoint.sequence),
    checkpoint.step === null ? "" : String(checkpoint.step),
    status,
    new Date(checkpoint.createdAt).toISOString(),
    ...table.columns.map((_, index) => valueCell(cells[index], String)),
  ]);
  const heading = [...header, ...table.columns.map(({ label }) => label)];
  return writeCsv({ rows: [heading, ...rows], isNumeric: [] });
}

/** The table in Markdown, for people: numbers with the digits that help, right-aligned. */
export function tableToMarkdown(table: ComparisonTable): string {
  const isNumeric = table.columns.map((_, index) =>
    table.rows.every(({ cells }) => isNumberOrNothing(cells[index])),
  );
  const header = ["Experiment", "Step", "Status", ...table.columns.map(({ label }) => label)];
  const rows = table.rows.map(({ experiment, checkpoint, status, cells }) => [
    `${experiment.name}@${checkpoint.sequence}`,
    checkpoint.step === null ? "" : formatNumber(checkpoint.step),
    status,
    ...table.columns.map((_, index) => valueCell(cells[index], formatNumber)),
  ]);
  return writeMarkdown({ rows: [header, ...rows], isNumeric: [false, true, false, ...isNumeric] });
}

function valueCell(value: Value | undefined, format: (number: number) => string): TextCell {
  return typeof value === "number" ? { number: format(value) } : cellText(value);
}

function isNumberOrNothing(value: Value | undefined): boolean {
  return value === undefined || typeof value === "number";
}
