import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openProject } from "../../src/engine/openProject.ts";
import { readCommitInfo } from "../../src/engine/store/commitInfo.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef, experimentRefs } from "../../src/engine/store/experimentRef.ts";
import { recordingProject, request } from "../support/recording.ts";
import { temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

test("looking at a repository whose objects are elsewhere starts no program that it names", async (t) => {
  const repository = await temporaryProject({ "dvc.yaml": "stages:\n  train:\n    cmd: echo trained\n" });
  t.after(repository.dispose);
  const head = await repository.commit("Start");
  const mark = repository.path("started");
  for (const [name, value] of [
    ["core.repositoryFormatVersion", "1"],
    ["extensions.partialClone", "origin"],
    ["remote.origin.url", repository.path("nowhere")],
    ["remote.origin.promisor", "true"],
    ["remote.origin.uploadpack", `touch '${mark}'; git-upload-pack`],
  ] as const) {
    await repository.git("config", name, value);
  }
  const missing = "a".repeat(40);
  await repository.git("update-ref", experimentRef(missing, "amber-heron"), head);
  const opened = await openProject(repository.root);
  assert.ok(opened.ok);
  const experiments = new ExperimentIndex(opened.value);
  t.after(() => experiments.dispose());
  await experiments.refresh();
  await experiments.fileAt(missing, "dvc.yaml");
  await assert.rejects(readCommitInfo(opened.value, missing));
  assert.equal((await readCommitInfo(opened.value, head)).subject, "Start");
  assert.equal(existsSync(mark), false);
});

test("experiments are listed in a clone that has no files, with what their commits say", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  // Another program's, whose values stand in files only.
  const tree = `${project.recorded[0]?.sha}^{tree}`;
  const foreign = await project.git("commit-tree", tree, "-p", project.baseline, "-m", "By DVC");
  await project.git("update-ref", experimentRef(project.baseline, "foreign"), foreign);
  await project.git("config", "uploadpack.allowFilter", "true");

  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const [url, clone] = [`file://${project.root}`, folder.path("clone")];
  await project.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", url, clone);
  await project.git("-C", clone, "fetch", "--quiet", "origin", `${experimentRefs}*:${experimentRefs}*`);
  const opened = await openProject(clone);
  assert.ok(opened.ok);
  const experiments = new ExperimentIndex(opened.value);
  t.after(() => experiments.dispose());
  await experiments.refresh();
  const found = new Map(experiments.experiments.map(({ name, checkpoints }) => [name, checkpoints.at(-1)]));
  assert.deepEqual(found.get("amber-heron")?.metrics, { "metrics.json": { loss: 1 } });
  assert.equal(found.get("foreign")?.sha, foreign);
});
