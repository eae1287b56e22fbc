import type { Annotations, Checkpoint, Experiment, Origin, Value } from "../../src/engine/model.ts";

const noAnnotations: Annotations = {
  note: null,
  tags: [],
  starred: false,
  pinned: false,
  thinned: false,
  end: null,
  answer: null,
};

/** A checkpoint as plain data, from the parts that a test cares about. Its commit id is made from its sequence. */
export function checkpoint(parts: Partial<Checkpoint> & { sequence: number }): Checkpoint {
  return {
    sha: shaOf(parts.experiment ?? "heron", parts.sequence),
    parent: shaOf(parts.experiment ?? "heron", parts.sequence - 1),
    experiment: "heron",
    step: parts.sequence * 10,
    total: null,
    name: null,
    kind: "signal",
    stage: "train",
    run: "run-1",
    createdAt: 1_767_000_000_000 + parts.sequence * 60_000,
    metrics: {},
    params: {},
    outs: [],
    metadata: {},
    resumedFrom: null,
    warning: null,
    question: null,
    annotations: noAnnotations,
    ...parts,
  };
}

/** A checkpoint with these metrics in `metrics.json`. */
export function measured(sequence: number, metrics: { readonly [key: string]: Value }): Checkpoint {
  return checkpoint({ sequence, metrics: { "metrics.json": metrics } });
}

/** An experiment with these checkpoints. */
export function experiment(
  name: string,
  checkpoints: readonly Checkpoint[],
  resumedFrom: Origin | null = null,
): Experiment {
  const baseline = "b".repeat(40);
  const own = checkpoints.map((one) => ({ ...one, experiment: name }));
  return {
    name,
    ref: `refs/exps/bb/${baseline.slice(2)}/${name}`,
    baseline,
    createdAt: own[0]?.createdAt ?? 0,
    resumedFrom,
    checkpoints: own,
  };
}

/** A commit id that is always the same for the same words. */
export function shaOf(name: string, sequence: number): string {
  return Buffer.from(`${name}@${sequence}`).toString("hex").padEnd(40, "0").slice(0, 40);
}
