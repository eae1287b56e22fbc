import type { Checkpoint } from "../../src/engine/model.ts";
import { noAnnotations } from "../../src/engine/store/annotations.ts";

/** A checkpoint as plain data, for tests of what is made of it. */
export function checkpoint(sequence: number, changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    sha: `${sequence}`.padStart(40, "a"),
    parent: "",
    experiment: "amber-heron",
    sequence,
    step: sequence,
    total: null,
    name: null,
    kind: "signal",
    stage: "train",
    run: "r1",
    createdAt: sequence * 1_000,
    metrics: {},
    params: {},
    outs: [],
    metadata: {},
    resumedFrom: null,
    warning: null,
    question: null,
    annotations: noAnnotations,
    ...changes,
  };
}
