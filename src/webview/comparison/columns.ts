import type { Cell, ComparedRow, Goal, Snapshot } from "../protocol.ts";

/** A column of the table. The first column, which names the row, is not among them. */
export interface Column {
  readonly id: string;
  readonly kind: "checkpoint" | "metric" | "param";
  /** File that the value stands in; empty for what is known about the checkpoint itself. */
  readonly file: string;
  /** Dotted key in the file, or the name of the property. */
  readonly key: string;
  readonly goal: Goal | null;
  /** Whether all values that occur are numbers, which decides how they are aligned. */
  readonly isNumeric: boolean;
  /** Whether not all rows have the same value. */
  readonly differs: boolean;
}

/** Neighbouring columns under one heading. */
export interface ColumnGroup {
  readonly title: string;
  readonly kind: Column["kind"];
  readonly first: number;
  readonly count: number;
}

/**
 * Columns for all values that occur in the rows: how far the checkpoint is, then metrics, then params, by file; when it
 * was recorded comes last, where it takes no room from the values.
 */
export function columnsOf(rows: readonly ComparedRow[], goals: Snapshot["goals"]): readonly Column[] {
  return [
    describe("checkpoint", "", "status", null, rows),
    describe("checkpoint", "", "step", null, rows),
    ...keysByFile(rows, "metrics").map(([file, key]) =>
      describe("metric", file, key, goals[file]?.[key] ?? null, rows),
    ),
    ...differingFirst(
      keysByFile(rows, "params").map(([file, key]) => describe("param", file, key, null, rows)),
    ),
    describe("checkpoint", "", "recorded", null, rows),
  ];
}

/** Of each file the params that tell the rows apart before those that are equal: the latter are often many. */
function differingFirst(params: readonly Column[]): readonly Column[] {
  const files = [...new Set(params.map(({ file }) => file))];
  return files.flatMap((file) => {
    const own = params.filter((param) => param.file === file);
    return [...own.filter(({ differs }) => differs), ...own.filter(({ differs }) => !differs)];
  });
}

/** The value of a row in a column; `undefined` when the file has no such key. */
export function cellOf(row: ComparedRow, column: Pick<Column, "kind" | "file" | "key">): Cell | undefined {
  switch (column.kind) {
    case "metric":
      return row.metrics[column.file]?.[column.key];
    case "param":
      return row.params[column.file]?.[column.key];
    case "checkpoint":
      if (column.key === "status") return row.status;
      return column.key === "step" ? row.step : row.createdAt;
  }
}

/** The columns to show, and how many are left out by each choice. The checkpoint's own columns always stay. */
export function chooseColumns(
  columns: readonly Column[],
  choice: { readonly onlyDifferences: boolean; readonly filter: string },
): { readonly shown: readonly Column[]; readonly equal: number; readonly filtered: number } {
  const matching = columns.filter((column) => column.kind === "checkpoint" || matches(column, choice.filter));
  const shown = choice.onlyDifferences
    ? matching.filter((column) => column.kind === "checkpoint" || column.differs)
    : matching;
  return { shown, equal: matching.length - shown.length, filtered: columns.length - matching.length };
}

/** Whether a name has the text in it, without regard to case. */
export function matches(column: { readonly file: string; readonly key: string }, filter: string): boolean {
  return `${column.file}:${column.key}`.toLowerCase().includes(filter.trim().toLowerCase());
}

/** Headings over the columns, one for each file. */
export function groupColumns(columns: readonly Column[]): readonly ColumnGroup[] {
  const groups: ColumnGroup[] = [];
  columns.forEach((column, index) => {
    const title = column.file;
    const last = groups.at(-1);
    if (last !== undefined && last.title === title && last.kind === column.kind) {
      groups[groups.length - 1] = { ...last, count: last.count + 1 };
    } else {
      groups.push({ title, kind: column.kind, first: index, count: 1 });
    }
  });
  return groups;
}

/** The best value of each metric whose direction is known, when the rows differ in it. */
export function bestValues(
  rows: readonly ComparedRow[],
  columns: readonly Column[],
): ReadonlyMap<string, number> {
  const best = new Map<string, number>();
  for (const column of columns) {
    if (column.goal === null || !column.differs) continue;
    const numbers = rows.map((row) => cellOf(row, column)).filter((cell) => typeof cell === "number");
    if (numbers.length < 2) continue;
    best.set(column.id, column.goal === "maximize" ? Math.max(...numbers) : Math.min(...numbers));
  }
  return best;
}

function describe(
  kind: Column["kind"],
  file: string,
  key: string,
  goal: Goal | null,
  rows: readonly ComparedRow[],
): Column {
  const cells = rows.map((row) => cellOf(row, { kind, file, key }));
  const present = cells.filter((cell) => cell !== undefined && cell !== null);
  return {
    id: JSON.stringify([kind, file, key]),
    kind,
    file,
    key,
    goal,
    isNumeric: present.length > 0 && present.every((cell) => typeof cell === "number"),
    differs: new Set(cells).size > 1,
  };
}

/** In the order in which they occur, so that a file's own order stays. */
function keysByFile(
  rows: readonly ComparedRow[],
  part: "metrics" | "params",
): readonly (readonly [file: string, key: string])[] {
  const files = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const [file, cells] of Object.entries(row[part])) {
      const keys = files.get(file) ?? new Set();
      for (const key of Object.keys(cells)) keys.add(key);
      files.set(file, keys);
    }
  }
  return [...files].flatMap(([file, keys]) => [...keys].map((key) => [file, key] as const));
}
