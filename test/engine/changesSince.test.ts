import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { changesSince } from "../../src/engine/store/changesSince.ts";
import { recordingProject, request } from "../support/recording.ts";

async function recorded(t: TestContext) {
  const project = await recordingProject(t, { "old.py": "1\n" });
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  await recorder.drain();
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  const changes = async () => {
    const found = await changesSince(project.project, checkpoint, project.hasher);
    assert.ok(found.ok, found.ok ? "" : found.problem.message);
    return found.value.map(({ path, change }) => `${change} ${path}`).sort();
  };
  return { project, changes };
}

test("results that went on are no change of what a run meets", async (t) => {
  const { project, changes } = await recorded(t);
  assert.deepEqual(await changes(), []);
  await project.train(2);
  assert.deepEqual(await changes(), []);
});

test("names code and parameters that were changed, added and removed, committed or not", async (t) => {
  const { project, changes } = await recorded(t);
  await project.write({ "params.yaml": "lr: 0.2\nepochs: 3\n", "new.py": "2\n" });
  await rm(`${project.root}/old.py`);
  await project.commit("Other code");
  await project.write({ "train.py": "print(43)" });
  const found = ["added new.py", "changed params.yaml", "changed train.py", "removed old.py"];
  assert.deepEqual(await changes(), found);
});

test("needs no object of the cache, and leaves index and files alone", async (t) => {
  const { project, changes } = await recorded(t);
  await rm(`${project.root}/.dvc/cache`, { recursive: true });
  await project.write({ "train.py": "print(43)" });
  const before = await project.git("status", "--porcelain");
  assert.deepEqual(await changes(), ["changed train.py"]);
  assert.equal(await project.git("status", "--porcelain"), before);
});
