import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checkpoint, Experiment } from "../../src/engine/model.ts";
import { planContinuedLineage, planFreshLineage } from "../../src/engine/run/lineage.ts";
import { noAnnotations } from "../../src/engine/store/annotations.ts";

const baseline = "0".repeat(40);

function experiment(name: string, shas: readonly string[]): Experiment {
  const checkpoints = shas.map(
    (sha, index): Checkpoint => ({
      sha,
      parent: shas[index - 1] ?? baseline,
      experiment: name,
      sequence: index + 1,
      step: index + 1,
      total: null,
      name: null,
      kind: "signal",
      stage: "train",
      run: "run",
      createdAt: index,
      metrics: {},
      params: {},
      outs: [],
      metadata: {},
      resumedFrom: null,
      warning: null,
      question: null,
      annotations: noAnnotations,
    }),
  );
  return { name, ref: `refs/exps/00/0/${name}`, baseline, createdAt: 0, resumedFrom: null, checkpoints };
}

function at(of: Experiment, sequence: number): Checkpoint {
  const found = of.checkpoints[sequence - 1];
  assert.ok(found);
  return found;
}

const amber = experiment("amber-heron", ["a1", "a2", "a3"]);
const random = () => 0;

test("a fresh run begins at the current commit under a free name", () => {
  const lineage = planFreshLineage({ verb: "run", stages: [] }, [amber], baseline, random);
  assert.ok(lineage.ok);
  assert.deepEqual([lineage.value.parent, lineage.value.sequence, lineage.value.origin], [baseline, 0, null]);
  const second = planFreshLineage(
    { verb: "run", stages: [] },
    [experiment(lineage.value.experiment, ["x"])],
    baseline,
    random,
  );
  assert.ok(second.ok && second.value.experiment !== lineage.value.experiment);
});

test("a name that is taken or that Git can't hold is refused with what to do", () => {
  const taken = planFreshLineage({ verb: "run", stages: [], name: "amber-heron" }, [amber], baseline, random);
  assert.ok(!taken.ok && taken.problem.reason === "name-taken");
  assert.match(taken.problem.message, /amber-heron-2/);
  for (const name of ["", "a b", "../x", "a..b", "x.lock", "-x"]) {
    const bad = planFreshLineage({ verb: "run", stages: [], name }, [], baseline, random);
    assert.ok(!bad.ok && bad.problem.reason === "bad-name", name);
  }
});

test("resume goes on in the same experiment from its last checkpoint", () => {
  const lineage = planContinuedLineage({ verb: "resume", checkpoint: at(amber, 3) }, [amber], random);
  assert.ok(lineage.ok);
  assert.deepEqual(lineage.value, {
    verb: "resume",
    experiment: "amber-heron",
    baseline,
    parent: "a3",
    sequence: 3,
    origin: { experiment: "amber-heron", sequence: 3, sha: "a3" },
    tail: null,
  });
});

test("resume of an earlier checkpoint is refused, and the other verbs are named", () => {
  const lineage = planContinuedLineage({ verb: "resume", checkpoint: at(amber, 2) }, [amber], random);
  assert.ok(!lineage.ok && lineage.problem.reason === "not-the-last");
  assert.match(lineage.problem.message, /Fork .* rewind/);
});

test("resume of a tip that several experiments share becomes a fork", () => {
  const twin = experiment("brisk-wren", ["a1", "a2", "a3"]);
  const lineage = planContinuedLineage({ verb: "resume", checkpoint: at(amber, 3) }, [amber, twin], random);
  assert.ok(lineage.ok);
  assert.equal(lineage.value.verb, "fork");
  assert.ok(!["amber-heron", "brisk-wren"].includes(lineage.value.experiment));
});

test("fork begins a new experiment whose first parent is the checkpoint", () => {
  const lineage = planContinuedLineage(
    { verb: "fork", checkpoint: at(amber, 2), name: "lower-rate" },
    [amber],
    random,
  );
  assert.ok(lineage.ok);
  const { experiment: name, parent, sequence, tail, origin } = lineage.value;
  assert.deepEqual([name, parent, sequence, tail], ["lower-rate", "a2", 2, null]);
  assert.deepEqual(origin, { experiment: "amber-heron", sequence: 2, sha: "a2" });
});

test("rewind keeps what it cuts off under the next free tail name", () => {
  const earlier = experiment("amber-heron-tail-1", ["t1"]);
  const lineage = planContinuedLineage(
    { verb: "rewind", checkpoint: at(amber, 1) },
    [amber, earlier],
    random,
  );
  assert.ok(lineage.ok);
  assert.deepEqual(lineage.value.tail, { name: "amber-heron-tail-2", tip: "a3" });
  assert.deepEqual(
    [lineage.value.experiment, lineage.value.parent, lineage.value.sequence],
    ["amber-heron", "a1", 1],
  );
});

test("a line that is rewound to what it inherited still comes from the experiment that recorded it", () => {
  const origin = { experiment: "amber-heron", sequence: 2, sha: "a2" };
  const fork = { ...experiment("brisk-wren", ["a1", "a2", "b3"]), resumedFrom: origin };
  const lineage = planContinuedLineage({ verb: "rewind", checkpoint: at(fork, 1) }, [amber, fork], random);
  assert.ok(lineage.ok);
  assert.equal(lineage.value.experiment, "brisk-wren");
  assert.deepEqual(lineage.value.origin, { experiment: "amber-heron", sequence: 1, sha: "a1" });
});

test("rewind to the last checkpoint cuts nothing off", () => {
  const lineage = planContinuedLineage({ verb: "rewind", checkpoint: at(amber, 3) }, [amber], random);
  assert.ok(lineage.ok && lineage.value.tail === null);
});

test("a checkpoint that was removed meanwhile is named", () => {
  const lineage = planContinuedLineage({ verb: "fork", checkpoint: at(amber, 3) }, [], random);
  assert.ok(!lineage.ok && lineage.problem.reason === "checkpoint-missing");
});
