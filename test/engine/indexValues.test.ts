import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { checkpointMessage, projectAt, writeLines } from "../support/experimentHistory.ts";
import { type Files, temporaryProject } from "../support/temporaryProject.ts";

const pipeline = `
vars: [settings.yaml]
metrics: [scores]
stages:
  train:
    cmd: python train.py --size \${size}
    params: [lr, other.json: [deep.a]]
    outs: [model.bin, plots]
    metrics:
    - metrics.json: {cache: false}
    - cached.yaml
`;
const modelHash = "0123456789abcdef0123456789abcdef";
const yamlHash = "11111111111111111111111111111111";
const folderHash = "22222222222222222222222222222222.dir";
const memberHash = "33333333333333333333333333333333";

function lock(form: "hash: md5" | "legacy"): string {
  const item = (path: string, hash: string, rest = "") =>
    `    - path: ${path}\n${form === "legacy" ? "" : "      hash: md5\n"}      md5: ${hash}\n      size: 5\n${rest}`;
  return `schema: '2.0'\nstages:\n  train:\n    cmd: python train.py --size 3\n    outs:\n${item("cached.yaml", yamlHash)}${item("metrics.json", memberHash)}${item("model.bin", modelHash)}${item("plots", folderHash, "      nfiles: 1\n")}`;
}

async function foreign(t: TestContext, form: "hash: md5" | "legacy", added: Files = {}) {
  const project = await temporaryProject({
    "dvc.yaml": pipeline,
    "dvc.lock": lock(form),
    "settings.yaml": "size: 3\n",
    "params.yaml": "lr: 0.1\nunused: 1\n",
    "other.json": '{"deep": {"a": 1, "b": 2}}',
    "metrics.json": '{"loss": NaN, "acc": {"top1": 0.5}}',
    "scores/a.json": '{"x": 1}',
    "scores/b.toml": "y = 2\n",
    "node_modules/lib/dvc.yaml": "stages: {evil: {cmd: x, metrics: [evil.json]}}\n",
    ...added,
  });
  t.after(project.dispose);
  const baseline = await project.git("rev-parse", "HEAD");
  const base = form === "legacy" ? ".dvc/cache" : ".dvc/cache/files/md5";
  const object = (hash: string) => `${base}/${hash.slice(0, 2)}/${hash.slice(2)}`;
  await project.write({
    [object(modelHash)]: "model",
    [object(yamlHash)]: "f1: 0.75\n",
    [object(folderHash)]: `[{"md5": "${memberHash}", "relpath": "sub/h.csv"}]`,
    [object(memberHash)]: "a,b\n",
  });
  const index = new ExperimentIndex(projectAt(project.root));
  t.after(() => index.dispose());
  return { ...project, baseline, index };
}

test("metrics, params and outputs of DVC's commits are read from their trees", async (t) => {
  const { root, baseline, index } = await foreign(t, "hash: md5");
  const commits = [0.2, 0.3].map((lr, number) => ({
    message: "dvc: commit experiment 1234",
    time: 1_767_000_000 + number,
    files: { "params.yaml": `lr: ${lr}\nunused: 1\n`, "metrics.json": `{"loss": ${lr}}` },
  }));
  await writeLines(root, [{ ref: experimentRef(baseline, "theirs"), from: baseline, commits }]);
  await index.refresh();
  const [first, second] = index.experiments[0]?.checkpoints ?? [];
  assert.deepEqual(first?.params, {
    "params.yaml": { lr: 0.2, unused: 1 },
    "other.json": { deep: { a: 1 } },
  });
  assert.deepEqual(second?.params["params.yaml"], { lr: 0.3, unused: 1 });
  assert.deepEqual(second?.metrics, {
    "metrics.json": { loss: 0.3 },
    "cached.yaml": { f1: 0.75 },
    "scores/a.json": { x: 1 },
    "scores/b.toml": { y: 2 },
  });
  assert.deepEqual(
    second?.outs.map(({ path, hash, cached, legacy, fileCount }) => [path, hash, cached, legacy, fileCount]),
    [
      ["cached.yaml", yamlHash, true, false, null],
      ["metrics.json", memberHash, false, false, null],
      ["model.bin", modelHash, true, false, null],
      ["plots", folderHash, true, false, 1],
    ],
  );
});

for (const form of ["hash: md5", "legacy"] as const) {
  test(`files are read from Git or from the cache (${form})`, async (t) => {
    const { root, baseline, index } = await foreign(t, form);
    const commit = { message: "dvc: commit", time: 1_767_000_000, files: { 'odd "name"\n.txt': "odd" } };
    await writeLines(root, [{ ref: experimentRef(baseline, "theirs"), from: baseline, commits: [commit] }]);
    await index.refresh();
    const sha = index.experiments[0]?.checkpoints[0]?.sha ?? "";
    const text = async (path: string, at = sha) => (await index.fileAt(at, path))?.toString() ?? null;
    assert.equal(await text("params.yaml"), "lr: 0.1\nunused: 1\n");
    assert.equal(await text('odd "name"\n.txt'), "odd");
    assert.equal(await text("model.bin"), "model");
    assert.equal(await text("plots/sub/h.csv"), "a,b\n");
    for (const absent of ["plots", "plots/none", "plots/../model.bin", "../x", "scores", "", "model.bin/x"]) {
      assert.equal(await text(absent), null, absent);
    }
    assert.equal(await text("params.yaml", baseline), "lr: 0.1\nunused: 1\n");
    assert.equal(await text("params.yaml", "0".repeat(40)), null);
  });
}

test("a checkpoint with more values than a message holds is read from its tree, with the signal's metrics", async (t) => {
  const { root, baseline, index } = await foreign(t, "hash: md5");
  const large = { notes: "x".repeat(40_000) };
  const values = { metrics: { "metrics.json": large, signal: { loss: 0.5 } }, params: {}, outs: [] };
  const message = checkpointMessage({ experiment: "ours", sequence: 1, values });
  const commit = { message, time: 1_767_000_000, files: { "metrics.json": JSON.stringify(large) } };
  await writeLines(root, [{ ref: experimentRef(baseline, "ours"), from: baseline, commits: [commit] }]);
  await index.refresh();
  const [checkpoint] = index.experiments[0]?.checkpoints ?? [];
  assert.equal(checkpoint?.kind, "signal");
  assert.deepEqual(checkpoint?.metrics["metrics.json"], large);
  assert.deepEqual(checkpoint?.metrics.signal, { loss: 0.5 });
  assert.equal(checkpoint?.outs.length, 4);
});

test("broken files in a commit leave the rest readable", async (t) => {
  const { root, baseline, index } = await foreign(t, "hash: md5");
  const broken = ["dvc.yaml", "dvc.lock", "params.yaml", "metrics.json"].map((file, number) => ({
    ref: experimentRef(baseline, `broken-${file}-file`),
    from: baseline,
    commits: [{ message: "x", time: 1_767_000_000 + number, files: { [file]: "{[" } }],
  }));
  await writeLines(root, broken);
  await index.refresh();
  assert.equal(index.experiments.length, 4);
  const of = (file: string) =>
    index.experiments.find(({ name }) => name === `broken-${file}-file`)?.checkpoints[0] ?? assert.fail(file);
  assert.deepEqual(Object.keys(of("metrics.json").metrics), [
    "cached.yaml",
    "scores/a.json",
    "scores/b.toml",
  ]);
  assert.deepEqual(of("params.yaml").params, { "other.json": { deep: { a: 1 } } });
  assert.deepEqual(of("dvc.lock").outs, []);
  assert.deepEqual(of("dvc.yaml").params, { "params.yaml": { lr: 0.1, unused: 1 } });
});
