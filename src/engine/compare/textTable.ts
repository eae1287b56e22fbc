/** A table of texts to be written out; the first row is the heading. `alignment` is by column. */
export interface TextTable {
  readonly rows: readonly (readonly TextCell[])[];
  readonly isNumeric: readonly boolean[];
}

/** A text from somebody's files, or a number that we have written: only texts can be taken for a formula. */
export type TextCell = string | { readonly number: string };

/**
 * Comma-separated values (RFC 4180, CRLF). A text that a spreadsheet would run as a formula gets an apostrophe before
 * it.
 */
export function writeCsv({ rows }: TextTable): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** A Markdown table, numeric columns right-aligned, in which no text acts as markup. */
export function writeMarkdown({ rows, isNumeric }: TextTable): string {
  const [header = [], ...body] = rows.map((row) => row.map(markdownCell));
  const rule = isNumeric.map((numeric) => (numeric ? "--:" : "---"));
  return [header, rule, ...body].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

function csvCell(cell: TextCell): string {
  if (typeof cell !== "string") return cell.number;
  const text = harmless(cell);
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumeral(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Without what would act on a terminal, where the table may be shown. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\t\r\n]/gu, "?");
}

/** Whether a text is a number, also in words such as `-Infinity`, and so no formula. */
function isNumeral(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|inf(inity)?|nan)$/i.test(text);
}

function markdownCell(cell: TextCell): string {
  if (typeof cell !== "string") return cell.number;
  return harmless(cell)
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(/[\\|`*_<>[\]&]/g, (sign) => (sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`));
}
