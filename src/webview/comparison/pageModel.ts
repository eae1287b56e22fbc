import { formatNumber } from "../../engine/compare/present.ts";
import type { ComparedRow, Snapshot } from "../protocol.ts";
import type { ChartModel } from "./chartModel.ts";
import type { Choices } from "./choices.ts";
import { matches } from "./columns.ts";
import type { PlotLook } from "./plotLook.ts";
import { curveOf, metricNames } from "./series.ts";

/** A chart for each metric that the filter lets through, with the lines that are switched on. */
export function chartModels(snapshot: Snapshot, choices: Choices): readonly ChartModel[] {
  const lines = snapshot.lines.filter((line) => !choices.hiddenLines.includes(line.key));
  return metricNames(snapshot.lines)
    .filter((metric) => matches(metric, choices.filter))
    .map((metric) => ({
      ...metric,
      goal: snapshot.goals[metric.file]?.[metric.key] ?? null,
      curves: lines
        .map((line) => curveOf(line, metric, choices.axis, choices.inherited))
        .filter((curve) => curve.x.length > 0),
    }));
}

/** The checkpoints that were selected themselves; a whole experiment needs no mark. */
export function markedPoints({ rows }: { readonly rows: readonly ComparedRow[] }): PlotLook["marked"] {
  const marked = new Map<string, Set<number>>();
  for (const { line, sequence, reference } of rows) {
    if (reference.sequence === null) continue;
    marked.set(line, (marked.get(line) ?? new Set()).add(sequence));
  }
  return marked;
}

/** What the menu of a checkpoint is headed. */
export function menuTitle(name: string, step: number | null): string {
  return step === null ? name : `${name} · step ${formatNumber(step)}`;
}
