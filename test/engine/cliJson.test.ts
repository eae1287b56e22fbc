import assert from "node:assert/strict";
import { test } from "node:test";
import { testCommandLine } from "../support/badInput.ts";
import { committedProject, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();
const hash = "<40 hexadecimal>";

/** A value with what changes from run to run replaced by its form. */
function form(value: unknown): unknown {
  if (typeof value === "string") {
    if (/^[0-9a-f]{40}$/.test(value)) return hash;
    if (/^[0-9a-f]{32}$/.test(value)) return "<32 hexadecimal>";
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) ? "<time>" : value;
  }
  if (Array.isArray(value)) return value.map(form);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, form(inner)]));
}

function keysOf(value: unknown): readonly string[] {
  return Object.keys(value as object).sort();
}

test("what --json prints has the form that DESIGN promises to programs", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const { root } = repository;
  const read = async (...args: string[]) => JSON.parse(await cli().savepoint(root, ...args, "--json"));

  assert.deepEqual(await read("list"), { version: 1, experiments: [] });
  await cli().savepoint(root, "run", "train", "--name", "amber-heron", "--set", "params.json:epochs=2");
  await cli().savepoint(root, "fork", "amber-heron@1", "--name", "calm-otter");

  const list = await read("list");
  assert.deepEqual(keysOf(list), ["experiments", "version"]);
  assert.equal(list.version, 1);
  assert.deepEqual(
    list.experiments.map(({ name }: { name: string }) => name),
    ["calm-otter", "amber-heron"],
  );
  const [fork, first] = list.experiments;
  const { checkpoints, ...experiment } = first;
  const [baseline] = (await repository.git("rev-parse", "HEAD")).split("\n");
  assert.equal(experiment.ref, `refs/exps/${baseline?.slice(0, 2)}/${baseline?.slice(2)}/amber-heron`);
  assert.deepEqual(form({ ...experiment, ref: null }), {
    name: "amber-heron",
    ref: null,
    baseline: hash,
    home: hash,
    status: "succeeded",
    stages: ["train"],
    createdAt: "<time>",
    resumedFrom: null,
    tags: [],
    starred: false,
    best: { sha: hash, metric: "metrics.json:loss", value: 0.5 },
  });
  assert.deepEqual(form(fork.resumedFrom), { experiment: "amber-heron", sequence: 1, sha: hash });
  assert.deepEqual(form({ ...checkpoints[1], outs: null }), {
    sha: hash,
    parent: hash,
    sequence: 2,
    step: 2,
    total: 2,
    name: null,
    kind: "signal",
    stage: "train",
    createdAt: "<time>",
    metrics: { "metrics.json": { loss: 0.5 } },
    params: { "params.json": { epochs: 2, rate: 0.5 } },
    outs: null,
    metadata: {},
    question: null,
    answer: null,
    warning: null,
    note: null,
    pinned: false,
    thinned: false,
  });
  assert.equal(checkpoints[1].parent, checkpoints[0].sha, "the newest is last");
  const model = checkpoints[1].outs.find(({ path }: { path: string }) => path === "model.json");
  assert.deepEqual(form({ ...model, size: typeof model.size }), {
    path: "model.json",
    hash: "<32 hexadecimal>",
    size: "number",
    available: true,
  });

  const show = await read("show", "amber-heron@2");
  assert.deepEqual(keysOf(show), [
    "checkpoint",
    "drift",
    "environment",
    "experiment",
    "launches",
    "progress",
    "seam",
    "version",
  ]);
  assert.deepEqual(form(show.launches), [
    {
      stage: "train",
      iteration: 1,
      startedAt: "<time>",
      from: null,
      end: { state: "succeeded", reason: "done", at: "<time>" },
    },
  ]);
  assert.deepEqual(show.checkpoint, checkpoints[1]);
  const compare = await read("compare", "amber-heron@1", "amber-heron@2");
  assert.deepEqual(keysOf(compare), ["columns", "rows", "version"]);
  for (const row of compare.rows) assert.equal(row.values.length, compare.columns.length);
  const stages = await read("stages");
  assert.deepEqual(keysOf(stages), ["problems", "stages", "version"]);
  assert.deepEqual(keysOf(stages.stages[0]), [
    "address",
    "cmd",
    "deps",
    "file",
    "frozen",
    "name",
    "outs",
    "params",
    "status",
    "wdir",
  ]);
  assert.equal((await read("verify")).problems.length, 0);
  assert.equal((await read("apply", "amber-heron", "--dry-run")).version, 1);
});
