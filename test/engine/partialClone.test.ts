import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openProject } from "../../src/engine/openProject.ts";
import { readCommitInfo } from "../../src/engine/store/commitInfo.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { temporaryProject } from "../support/temporaryProject.ts";

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
