/** A column of a printed table. Numbers read best aligned to the right. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * Lays rows out in columns that are two spaces apart. Control characters in cells are shown as `?`, so that a name
 * from a file can't move the cursor or change the terminal's colours.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => displayWidth(row[index] ?? ""))));
  return cells
    .map((row) =>
      columns
        .map((column, index) => {
          const cell = row[index] ?? "";
          const padding = " ".repeat((widths[index] ?? 0) - displayWidth(cell));
          return column.align === "right" ? padding + cell : cell + padding;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Replaces characters that would act on a terminal instead of being shown by it. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** Columns that a text takes in a terminal: two for wide East Asian characters and emoji, none for combining marks. */
function displayWidth(text: string): number {
  // Nearly all texts, and a table can have thousands of them.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\p{Cf}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
