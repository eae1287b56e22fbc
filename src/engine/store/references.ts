import { bestCheckpoint, type MetricGoal } from "../compare/best.ts";
import type { Checkpoint, Experiment } from "../model.ts";
import { failure, type Result, success } from "../result.ts";

/** The checkpoint that a reference means, in the experiment under which it was found. */
export interface Referred {
  readonly experiment: Experiment;
  readonly checkpoint: Checkpoint;
}

/**
 * Finds what a person refers to: `NAME` (its last), `NAME@12` (sequence), `NAME@step:200`, `NAME@best`,
 * `NAME@latest`, a ref, or a commit id of at least four digits. `metricOf` says what decides which is the best; `null`
 * lets the metrics' names decide. Failures suggest what could have been meant.
 */
export function resolveReference(
  experiments: readonly Experiment[],
  text: string,
  metricOf: (experiment: Experiment) => MetricGoal | null = () => null,
): Result<Referred> {
  const trimmed = text.trim();
  if (trimmed === "")
    return failure("reference-empty", "Name a checkpoint, such as NAME, NAME@12 or NAME@best.");
  const whole = named(experiments, trimmed);
  if (whole) return last(whole);
  const at = trimmed.lastIndexOf("@");
  if (at > 0) {
    const experiment = named(experiments, trimmed.slice(0, at));
    if (experiment) return within(experiment, trimmed.slice(at + 1), metricOf(experiment));
  }
  return byCommit(experiments, trimmed) ?? unknownName(experiments, at > 0 ? trimmed.slice(0, at) : trimmed);
}

/** The newest experiment of that name, or the one with that ref. */
function named(experiments: readonly Experiment[], name: string): Experiment | undefined {
  return experiments.find((experiment) => experiment.name === name || experiment.ref === name);
}

function last(experiment: Experiment): Result<Referred> {
  const checkpoint = experiment.checkpoints.at(-1);
  if (checkpoint === undefined) throw new Error(`Experiment ${experiment.name} has no checkpoints`);
  return success({ experiment, checkpoint });
}

function within(experiment: Experiment, selector: string, metric: MetricGoal | null): Result<Referred> {
  const { name, checkpoints } = experiment;
  if (selector === "latest") return last(experiment);
  if (selector === "best") {
    const best = bestCheckpoint(experiment, metric);
    return best
      ? success({ experiment, checkpoint: best.checkpoint })
      : failure(
          "reference-no-metric",
          `"${name}" has no metric to tell the best by; use ${name}@latest or a number.`,
        );
  }
  const step = /^step:(-?\d+(?:\.\d+)?)$/.exec(selector)?.[1];
  if (step !== undefined) {
    // A step that was trained twice means the later one.
    const checkpoint = checkpoints.findLast((candidate) => candidate.step === Number(step));
    if (checkpoint) return success({ experiment, checkpoint });
    const steps = checkpoints.flatMap((candidate) => (candidate.step === null ? [] : [candidate.step]));
    const hint = steps.length === 0 ? "its checkpoints have no steps" : `its steps are ${listed(steps)}`;
    return failure("reference-no-step", `"${name}" has no checkpoint at step ${step}: ${hint}.`);
  }
  if (/^\d+$/.test(selector)) {
    const checkpoint = checkpoints.find((candidate) => candidate.sequence === Number(selector));
    if (checkpoint) return success({ experiment, checkpoint });
    const sequences = checkpoints.map((candidate) => candidate.sequence);
    return failure(
      "reference-no-sequence",
      `"${name}" has no checkpoint ${selector}: it has ${listed(sequences)}.`,
    );
  }
  const byName = checkpoints.findLast((candidate) => candidate.name === selector);
  if (byName) return success({ experiment, checkpoint: byName });
  return failure(
    "reference-unknown-selector",
    `"${name}@${selector}" names no checkpoint: after "@" comes a number, step:N, best or latest.`,
  );
}

function byCommit(experiments: readonly Experiment[], prefix: string): Result<Referred> | null {
  const digits = prefix.toLowerCase();
  if (!/^[0-9a-f]{4,64}$/.test(digits)) return null;
  const found = new Map<string, Referred>();
  for (const experiment of experiments) {
    const inherited = experiment.resumedFrom?.sha;
    let isOwn = !experiment.checkpoints.some((checkpoint) => checkpoint.sha === inherited);
    for (const checkpoint of experiment.checkpoints) {
      // A shared checkpoint is that of the experiment that recorded it, if that one is still there.
      if (checkpoint.sha.startsWith(digits) && (isOwn || !found.has(checkpoint.sha))) {
        found.set(checkpoint.sha, { experiment, checkpoint });
      }
      if (checkpoint.sha === inherited) isOwn = true;
    }
  }
  const [first] = found.values();
  if (first === undefined) return null;
  if (found.size === 1) return success(first);
  const names = [...found.values()].map((one) => `${one.experiment.name}@${one.checkpoint.sequence}`);
  return failure(
    "reference-ambiguous",
    `Commit ${prefix} could be ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}: give more digits.`,
  );
}

function unknownName(experiments: readonly Experiment[], name: string): Result<Referred> {
  const limit = Math.max(2, Math.floor(name.length / 3));
  const near = experiments
    .map((experiment) => ({ name: experiment.name, distance: nearness(name, experiment.name) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => `"${candidate.name}"`);
  const hint =
    near.length > 0
      ? `did you mean ${[...new Set(near)].join(" or ")}?`
      : experiments.length === 0
        ? "there are no experiments yet."
        : '"savepoint list" shows what there is.';
  return failure("reference-unknown", `There is no experiment or checkpoint "${name}": ${hint}`);
}

/** Letters to change, add or leave out; 1 when one name is the beginning of the other. */
function nearness(wanted: string, name: string): number {
  const [a, b] = [wanted.toLowerCase().slice(0, 100), name.toLowerCase().slice(0, 100)];
  if (a.length >= 2 && (b.startsWith(a) || b.split("-").includes(a))) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function listed(numbers: readonly number[]): string {
  if (numbers.length <= 5) return numbers.join(", ");
  return `${numbers.slice(0, 2).join(", ")}, … ${numbers.at(-1)}`;
}
