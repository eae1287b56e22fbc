import * as l10n from "@vscode/l10n";
import { inheritedCount } from "../../engine/compare/lineage.ts";
import { isJump, type LineSeam, seamText } from "../../engine/compare/lineSeams.ts";
import { flatten } from "../../engine/compare/values.ts";
import type { Checkpoint, Experiment, Value, ValuesByFile } from "../../engine/model.ts";
import type {
  Cell,
  CellsByFile,
  ComparedRow,
  Goal,
  LinePoint,
  MetricLine,
  Reference,
  Snapshot,
} from "../../webview/protocol.ts";
import { lineKey, maximumRows, referenceKey } from "../../webview/protocol.ts";

/** Picks the direction in which a metric gets better, from its file and dotted key; `null` when nobody can tell. */
export type GoalOf = (file: string, key: string) => Goal | null;

/** The checkpoint that a reference means: the one with that sequence, or the last; `undefined` when it is gone. */
export function checkpointOf(experiment: Experiment, sequence: number | null): Checkpoint | undefined {
  if (sequence === null) return experiment.checkpoints.at(-1);
  return experiment.checkpoints.find((checkpoint) => checkpoint.sequence === sequence);
}

/** One row of the table. */
export function rowOf(
  reference: Reference,
  experiment: Experiment,
  checkpoint: Checkpoint,
  status: string,
): ComparedRow {
  const { resumedFrom } = experiment;
  return {
    key: referenceKey(reference),
    reference,
    line: lineKey(reference.root, experiment.name),
    sequence: checkpoint.sequence,
    step: checkpoint.step,
    total: checkpoint.total,
    name: checkpoint.name,
    stage: checkpoint.stage,
    status,
    createdAt: checkpoint.createdAt,
    origin: resumedFrom === null ? null : `${resumedFrom.experiment}@${resumedFrom.sequence}`,
    starred: checkpoint.annotations.starred,
    thinned: checkpoint.annotations.thinned,
    params: cellsOf(checkpoint.params),
    metrics: cellsOf(checkpoint.metrics),
  };
}

/** The metrics of an experiment over all its checkpoints. */
export function lineOf(
  root: string,
  experiment: Experiment,
  slot: number,
  seams: readonly LineSeam[] = [],
): MetricLine {
  const points = pointsOf(experiment.checkpoints);
  const metrics: { [file: string]: { [key: string]: (number | null)[] } } = Object.create(null);
  points.forEach((point, index) => {
    for (const [file, numbers] of Object.entries(point.metrics)) {
      metrics[file] ??= Object.create(null) as { [key: string]: (number | null)[] };
      for (const [key, number] of Object.entries(numbers)) {
        metrics[file][key] ??= new Array<number | null>(points.length).fill(null);
        metrics[file][key][index] = number;
      }
    }
  });
  return {
    key: lineKey(root, experiment.name),
    root,
    experiment: experiment.name,
    slot,
    inherited: inheritedCount(experiment),
    seams: seamsOfLine(seams),
    sequences: points.map((point) => point.sequence),
    steps: points.map((point) => point.step),
    times: points.map((point) => point.time),
    elapsed: points.map((point) => point.elapsed),
    metrics,
  };
}

/** The seams of an experiment as the page shows them: in the chart of each metric that can be told about. */
export function seamsOfLine(seams: readonly LineSeam[]): MetricLine["seams"] {
  return seams.flatMap(({ checkpoint, origin, metrics }) =>
    metrics.map((metric) => ({
      sequence: checkpoint.sequence,
      file: metric.file,
      key: metric.key,
      isJump: isJump(metric),
      text: l10n.t("{0} after {1}", seamText(metric), `${origin.experiment}@${origin.sequence}`),
    })),
  );
}

/** The point of a checkpoint that follows `previous`, whose elapsed time is given in milliseconds. */
export function pointOf(
  checkpoint: Checkpoint,
  previous: Checkpoint | undefined,
  elapsedBefore: number,
): LinePoint {
  return {
    sequence: checkpoint.sequence,
    step: checkpoint.step,
    time: checkpoint.createdAt,
    elapsed: elapsedBefore + activeTimeBetween(previous, checkpoint),
    metrics: numbersOf(checkpoint.metrics),
  };
}

/** Directions of all metrics that occur in the rows and lines. */
export function goalsOf(
  lines: readonly Pick<MetricLine | LinePoint, "metrics">[],
  rows: readonly ComparedRow[],
  goalOf: GoalOf,
): Snapshot["goals"] {
  const goals: { [file: string]: { [key: string]: Goal } } = Object.create(null);
  for (const { metrics } of [...lines, ...rows]) {
    for (const [file, values] of Object.entries(metrics)) {
      for (const key of Object.keys(values)) {
        const goal = goalOf(file, key);
        if (goal === null) continue;
        goals[file] ??= Object.create(null) as { [key: string]: Goal };
        goals[file][key] = goal;
      }
    }
  }
  return goals;
}

/** Nested values as dotted keys. Lists, empty objects and numbers that JSON cannot hold become text. */
export function cellsOf(values: ValuesByFile): CellsByFile {
  const files: { [file: string]: { [key: string]: Cell } } = Object.create(null);
  for (const { file, key, value } of flatten(values)) {
    files[file] ??= Object.create(null) as { [key: string]: Cell };
    files[file][key] = asCell(value);
  }
  return files;
}

/**
 * Gives each line a slot. Lines that stay keep theirs, so that colours do not jump; new ones get the lowest free one.
 */
export function assignSlots(
  lines: readonly string[],
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const kept = new Map(lines.flatMap((line) => (before.has(line) ? [[line, before.get(line) ?? 0]] : [])));
  const taken = new Set(kept.values());
  let free = 0;
  return new Map(
    lines.map((line) => {
      const slot = kept.get(line);
      if (slot !== undefined) return [line, slot];
      while (taken.has(free)) free += 1;
      taken.add(free);
      return [line, free];
    }),
  );
}

/** Without doubles, and no more than a comparison can hold. */
export function uniqueReferences(references: readonly Reference[]): readonly Reference[] {
  const byKey = new Map(references.map((reference) => [referenceKey(reference), reference]));
  return [...byKey.values()].slice(0, maximumRows);
}

function pointsOf(checkpoints: readonly Checkpoint[]): readonly LinePoint[] {
  let elapsed = 0;
  return checkpoints.map((checkpoint, index) => {
    const point = pointOf(checkpoint, checkpoints[index - 1], elapsed);
    elapsed = point.elapsed;
    return point;
  });
}

/** Between runs nothing was trained, and a clock can go back: both count as no time. */
function activeTimeBetween(previous: Checkpoint | undefined, next: Checkpoint): number {
  if (previous === undefined || previous.run !== next.run) return 0;
  return Math.max(0, next.createdAt - previous.createdAt);
}

function numbersOf(values: ValuesByFile): LinePoint["metrics"] {
  const files: { [file: string]: { [key: string]: number } } = Object.create(null);
  for (const [file, cells] of Object.entries(cellsOf(values))) {
    const numbers = Object.entries(cells).filter(
      (cell): cell is [string, number] => typeof cell[1] === "number",
    );
    if (numbers.length > 0) files[file] = Object.fromEntries(numbers);
  }
  return files;
}

function asCell(value: Value): Cell {
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
