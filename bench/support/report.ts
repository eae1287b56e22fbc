import { type Figure, type Statistic, statistic } from "../benchmark.ts";

const columns = ["figure", "median", "p95", "max", "times", "bar", ""] as const;

/** The figures as a table, each beside its bar, with whether it keeps it. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = [columns, ...figures.map(row)];
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column > 4 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Whether all values of a figure that have a bar keep it; `null` when there is no bar. */
export function keepsBars({ values, bars }: Figure): boolean | null {
  const wanted = Object.entries(bars) as [Statistic, number][];
  return wanted.length === 0 ? null : wanted.every(([name, most]) => statistic(name, values) <= most);
}

function row(figure: Figure): readonly string[] {
  const { name, unit, values, bars } = figure;
  const isRepeated = values.length > 1;
  const verdict = keepsBars(figure);
  return [
    name,
    show(statistic("median", values), unit),
    isRepeated ? show(statistic("p95", values), unit) : "",
    isRepeated ? show(statistic("max", values), unit) : "",
    String(values.length),
    Object.entries(bars)
      .map(([of, most]) => `${isRepeated ? `${of} ` : ""}≤ ${show(most, unit)}`)
      .join(", "),
    verdict === null ? "" : verdict ? "ok" : "misses",
  ];
}

function show(value: number, unit: Figure["unit"]): string {
  if (unit === "ratio") return `${value.toFixed(value < 0.1 ? 4 : 2)}×`;
  return `${value.toFixed(1)} ${unit}`;
}
