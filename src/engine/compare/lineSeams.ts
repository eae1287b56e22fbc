import * as l10n from "@vscode/l10n";
import type { Checkpoint, Experiment, Origin } from "../model.ts";
import { type Goal, inferGoal } from "../pipeline/goal.ts";
import { isCost, metricValue } from "./best.ts";
import { formatNumber } from "./present.ts";
import { checkSeam, type Seam, type SeriesPoint } from "./seam.ts";
import { flatten, numberOf } from "./values.ts";

/** How one metric goes on at a seam. */
export interface MetricSeam extends Seam {
  readonly file: string;
  /** Dotted key. */
  readonly key: string;
}

/** A place in an experiment's line where training went on from a checkpoint. */
export interface LineSeam {
  /** The first checkpoint after it. */
  readonly checkpoint: Checkpoint;
  readonly origin: Origin;
  /** Of the metrics that can be told about; the one that matters most first. */
  readonly metrics: readonly [MetricSeam, ...MetricSeam[]];
}

/** Checkpoints before a seam, and after it in the parent, that are looked at. */
const reach = 60;

/**
 * The seams of an experiment's own part at which something can be told, oldest first: of metrics whose goal is known.
 * `experiments` are all, since the parent of a fork or a rewind went on elsewhere.
 */
export function seamsOf(
  experiment: Experiment,
  experiments: readonly Experiment[],
  goalOf: (file: string, key: string) => Goal | null = (_file, key) => inferGoal(key),
): readonly LineSeam[] {
  return experiment.checkpoints.flatMap((checkpoint, index) => {
    const origin = checkpoint.resumedFrom;
    const before = experiment.checkpoints[index - 1];
    if (origin === null || before?.sha !== origin.sha || before.run === checkpoint.run) return [];
    const line = experiment.checkpoints.slice(Math.max(0, index - reach), index);
    const tail = continuationOf(before, experiments);
    const child = experiment.checkpoints
      .slice(index, index + reach)
      .filter(({ run }) => run === checkpoint.run);
    const metrics = metricSeams(line, tail, child, goalOf);
    const [first, ...rest] = metrics;
    return first === undefined ? [] : [{ checkpoint, origin, metrics: [first, ...rest] as const }];
  });
}

/** The seam at which the run of a checkpoint began; `null` when it has none, or nothing can be told. */
export function seamOfRun(seams: readonly LineSeam[], { run }: Pick<Checkpoint, "run">): LineSeam | null {
  return seams.findLast((seam) => seam.checkpoint.run === run) ?? null;
}

/** All that is other than expected at a seam, `loss jumped by 38 %; accuracy fell by 12 %`; else `continuous`. */
export function seamSummary({ metrics }: LineSeam): string {
  const jumps = metrics.filter(({ verdict }) => verdict !== "continuous");
  return (jumps.length === 0 ? metrics.slice(0, 1) : jumps).map(seamText).join("; ");
}

/** The seam's metric that is worth a mark: one that jumped, and not for the better; `null` when none did. */
export function jumpOf(seam: LineSeam): MetricSeam | null {
  const [first] = seam.metrics;
  return isJump(first) ? first : null;
}

/** Whether a metric jumped at a seam, and not for the better. */
export function isJump({ verdict }: Pick<Seam, "verdict">): boolean {
  return verdict === "worse" || verdict === "different";
}

/** `continuous`, `loss jumped by 38 %`, `accuracy fell from 0.9 to 0`, `loss became NaN`. */
export function seamText({ verdict, key, expected, actual, change }: MetricSeam): string {
  if (verdict === "continuous") return l10n.t("continuous");
  if (!Number.isFinite(actual)) return l10n.t("{0} became {1}", key, formatNumber(actual));
  const isRise = actual > expected;
  const percent = change === null ? null : Math.round(Math.abs(change) * 100);
  if (percent === null || percent > 999) {
    const [from, to] = [formatNumber(expected), formatNumber(actual)];
    return isRise
      ? l10n.t("{0} jumped from {1} to {2}", key, from, to)
      : l10n.t("{0} fell from {1} to {2}", key, from, to);
  }
  return isRise ? l10n.t("{0} jumped by {1} %", key, percent) : l10n.t("{0} fell by {1} %", key, percent);
}

const weights = { worse: 3, different: 2, better: 1, continuous: 0 } as const;

function metricSeams(
  line: readonly Checkpoint[],
  tail: readonly Checkpoint[],
  child: readonly Checkpoint[],
  goalOf: (file: string, key: string) => Goal | null,
): readonly MetricSeam[] {
  const [first] = child;
  const origin = line.at(-1);
  if (first === undefined || origin === undefined) return [];
  const hasSteps = first.step !== null && origin.step !== null;
  const placeOf = ({ step, sequence }: Checkpoint) => (hasSteps ? step : sequence);
  const ofStage = (checkpoints: readonly Checkpoint[]) =>
    checkpoints.filter(({ stage }) => stage === first.stage);
  const [parent, own] = [ofStage([...line, ...tail]), ofStage(child)];
  const seams = flatten(first.metrics).flatMap(({ file, key, value }): MetricSeam[] => {
    const goal = numberOf(value) === null || isCost(key) ? null : goalOf(file, key);
    if (goal === null) return [];
    const points = (checkpoints: readonly Checkpoint[]): SeriesPoint[] =>
      checkpoints.flatMap((checkpoint) => {
        const [x, y] = [placeOf(checkpoint), metricValue(checkpoint.metrics, `${file}:${key}`)];
        return x === null || y === null ? [] : [{ x, value: y }];
      });
    const seam = checkSeam(points(parent), points(own), placeOf(origin) ?? 0, goal);
    return seam === null ? [] : [{ ...seam, file, key }];
  });
  return seams.toSorted((a, b) => weights[b.verdict] - weights[a.verdict] || b.excess - a.excess);
}

/** By the index's list, which is replaced and never changed: what each checkpoint's own run recorded after it. */
const successors = new WeakMap<readonly Experiment[], ReadonlyMap<string, Checkpoint>>();

/** What the run of a checkpoint recorded after it, under whatever name it is kept. */
function continuationOf(checkpoint: Checkpoint, experiments: readonly Experiment[]): readonly Checkpoint[] {
  const next = successors.get(experiments) ?? successorsIn(experiments);
  successors.set(experiments, next);
  const found: Checkpoint[] = [];
  for (let one = next.get(checkpoint.sha); one !== undefined && found.length < reach; one = next.get(one.sha))
    found.push(one);
  return found;
}

function successorsIn(experiments: readonly Experiment[]): ReadonlyMap<string, Checkpoint> {
  const next = new Map<string, Checkpoint>();
  for (const { checkpoints } of experiments) {
    for (const [index, checkpoint] of checkpoints.entries()) {
      const before = checkpoints[index - 1];
      if (before !== undefined && before.run !== null && before.run === checkpoint.run)
        next.set(before.sha, checkpoint);
    }
  }
  return next;
}
