import {
  assignSlots,
  checkpointOf,
  goalsOf,
  lineOf,
  pointOf,
  rowOf,
} from "../../../src/editor/comparison/comparisonModel.ts";
import { seamsOf } from "../../../src/engine/compare/lineSeams.ts";
import type { Checkpoint, Experiment, Value, ValuesByFile } from "../../../src/engine/model.ts";
import { inferGoal } from "../../../src/engine/pipeline/goal.ts";
import {
  type Append,
  lineKey,
  protocolVersion,
  type Reference,
  type Snapshot,
} from "../../../src/webview/protocol.ts";

export const sampleRoot = "/projects/digits";

/** What an experiment of the sample is like. */
export interface SampleOptions {
  readonly name: string;
  readonly length: number;
  readonly rate: number;
  readonly hidden?: number;
  readonly total?: number;
  readonly from?: { readonly experiment: Experiment; readonly sequence: number };
  /** Further params, by dotted key. */
  readonly params?: { readonly [key: string]: Value };
}

/** The moment of the newest checkpoint. */
const end = Date.now() - 90_000;

/** An experiment with curves as training has them. The same options give the same experiment. */
export function sampleExperiment(options: SampleOptions): Experiment {
  const { name, length, from } = options;
  const inherited = (from?.experiment.checkpoints ?? [])
    .filter((checkpoint) => checkpoint.sequence <= (from?.sequence ?? 0))
    .map((checkpoint) => ({ ...checkpoint, experiment: name }));
  const parent = inherited.at(-1);
  const resumedFrom =
    from === undefined || parent === undefined
      ? null
      : { experiment: from.experiment.name, sequence: from.sequence, sha: parent.sha };
  const own = Array.from({ length: length - inherited.length }, (_, index) => ({
    ...sampleCheckpoint(options, inherited.length + index + 1),
    resumedFrom,
  }));
  return {
    name,
    ref: `refs/exps/aa/${"a".repeat(38)}/${name}`,
    baseline: "a".repeat(40),
    createdAt: own[0]?.createdAt ?? end,
    resumedFrom,
    checkpoints: [...inherited, ...own],
  };
}

/** One checkpoint of it. */
export function sampleCheckpoint(options: SampleOptions, sequence: number): Checkpoint {
  const { name, rate, length, hidden = 32, total = 40 } = options;
  const progress = 1 - Math.exp(-sequence * (0.05 + rate * 2));
  const noise = Math.sin(sequence * 12.9898 + rate * 78.233 + name.length) * 0.012;
  const accuracy = 0.52 + (0.4 + hidden / 2000) * progress + noise;
  const loss = 2.2 * (1 - progress) + 0.18 + noise * 3;
  return {
    sha: `${name}-${sequence}`,
    parent: `${name}-${sequence - 1}`,
    experiment: name,
    sequence,
    step: sequence * 100,
    total: total * 100,
    name: `epoch-${sequence}`,
    kind: "signal",
    stage: "train",
    run: name,
    createdAt: end - (length - sequence) * 47_000,
    metrics: {
      "metrics.json": {
        accuracy: round(accuracy),
        loss: round(loss),
        val: { accuracy: round(accuracy - 0.02 - noise), loss: round(loss + 0.07 + noise) },
      },
      "timing.json": { seconds: round(46 + noise * 100) },
    },
    params: sampleParams(options),
    outs: [],
    metadata: {},
    resumedFrom: null,
    warning: null,
    question: null,
    annotations: {
      note: null,
      tags: [],
      starred: name === "calm-otter",
      pinned: false,
      thinned: false,
      end: null,
      answer: null,
    },
  };
}

function sampleParams({ rate, hidden = 32, params = {} }: SampleOptions): ValuesByFile {
  return {
    "params.yaml": {
      train: { learning_rate: rate, batch_size: 64, epochs: 40, optimizer: "sgd", momentum: 0.9 },
      model: { hidden, layers: [64, hidden], dropout: 0.1 },
      seed: 42,
      ...params,
    },
    "config/data.yaml": { augment: rate > 0.04, source: "data/optdigits-orig.windep" },
  };
}

/** Five experiments as a person may have them: a fork, one that was stopped early, one with a long name. */
export function sampleExperiments(): readonly Experiment[] {
  const amber = sampleExperiment({ name: "amber-heron", length: 40, rate: 0.05 });
  return [
    amber,
    sampleExperiment({ name: "calm-otter", length: 40, rate: 0.02, hidden: 64 }),
    sampleExperiment({
      name: "brisk-wren",
      length: 31,
      rate: 0.11,
      from: { experiment: amber, sequence: 20 },
    }),
    sampleExperiment({ name: "dry-finch", length: 7, rate: 0.005 }),
    sampleExperiment({
      name: "learning-rate-warmup-with-cosine-decay-and-label-smoothing",
      length: 36,
      rate: 0.035,
      hidden: 48,
    }),
  ];
}

const statuses = ["succeeded", "succeeded", "running", "interrupted", "failed"] as const;

/** The snapshot that the host sends for experiments; each stands for its last checkpoint unless a sequence is given. */
export function sampleSnapshot(
  experiments: readonly Experiment[],
  options: {
    readonly revision?: number;
    readonly sequences?: { readonly [experiment: string]: number };
  } = {},
): Snapshot {
  const selection: Reference[] = experiments.map((experiment) => ({
    root: sampleRoot,
    experiment: experiment.name,
    sequence: options.sequences?.[experiment.name] ?? null,
  }));
  const keys = experiments.map((experiment) => lineKey(sampleRoot, experiment.name));
  const slots = assignSlots(keys, new Map());
  const lines = experiments.map((experiment, index) =>
    lineOf(sampleRoot, experiment, slots.get(keys[index] ?? "") ?? 0, seamsOf(experiment, experiments)),
  );
  const rows = selection.flatMap((reference, index) => {
    const experiment = experiments[index];
    const checkpoint = experiment && checkpointOf(experiment, reference.sequence);
    if (experiment === undefined || checkpoint === undefined) return [];
    return [rowOf(reference, experiment, checkpoint, statuses[index % statuses.length] ?? "recorded")];
  });
  return {
    kind: "snapshot",
    protocol: protocolVersion,
    revision: options.revision ?? 1,
    selection,
    rows,
    lines,
    missing: [],
    goals: goalsOf(lines, rows, (_file, key) => inferGoal(key)),
    loading: false,
    severalProjects: false,
  };
}

/** The message that the host sends when the next checkpoint of an experiment is recorded. */
export function sampleAppend(options: SampleOptions, revision: number): Append {
  const before = sampleExperiment(options);
  const longer = { ...options, length: options.length + 1 };
  const after = sampleExperiment(longer);
  const checkpoint = sampleCheckpoint(longer, longer.length);
  const line = lineOf(sampleRoot, before, 0);
  const reference = { root: sampleRoot, experiment: options.name, sequence: null };
  return {
    kind: "append",
    revision,
    line: lineKey(sampleRoot, options.name),
    point: pointOf(checkpoint, before.checkpoints.at(-1), line.elapsed.at(-1) ?? 0),
    rows: [rowOf(reference, after, checkpoint, "running")],
    seams: [],
    goals: {},
  };
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
