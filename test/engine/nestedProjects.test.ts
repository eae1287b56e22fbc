import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { initProject } from "../../src/engine/initProject.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { checkpointMessage, type WrittenLine, writeLines } from "../support/experimentHistory.ts";
import { type RecordingProject, recordingAt, recordingProject, request } from "../support/recording.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

/** A repository with a project at its top and two inside of it, each with the same stage. */
async function repository(t: TestContext): Promise<RecordingProject> {
  const top = await recordingProject(t, { "shared.txt": "one\n" });
  for (const folder of ["one", "one/deeper"]) {
    for (const name of ["dvc.yaml", "params.yaml", "train.py"])
      await top.write({ [`${folder}/${name}`]: await top.read(name) });
    await initProject(top.path(folder));
  }
  await top.commit("Three projects");
  return recordingAt(t, top);
}

async function inside(t: TestContext, top: TemporaryProject, folder: string): Promise<RecordingProject> {
  const at = { ...top, root: top.path(folder), path: (...names: string[]) => top.path(folder, ...names) };
  return recordingAt(t, at);
}

async function namesIn(t: TestContext, root: string): Promise<readonly string[]> {
  const project = await openProject(root);
  assert.ok(project.ok);
  const index = new ExperimentIndex(project.value);
  t.after(() => index.dispose());
  await index.refresh();
  return index.experiments.map(({ name }) => name).toSorted();
}

test("projects in one repository list their own experiments", async (t) => {
  const top = await repository(t);
  const projects = [top, await inside(t, top, "one"), await inside(t, top, "one/deeper")];
  for (const [number, project] of projects.entries()) {
    await project.train(1);
    const recorder = await project.open({ experiment: `exp-${number}` });
    assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
    assert.ok((await recorder.drain()).ok);
    recorder.dispose();
  }
  for (const [number, project] of projects.entries())
    assert.deepEqual(await namesIn(t, project.root), [`exp-${number}`]);
});

test("experiments of others, and old ones, are listed where they changed something", async (t) => {
  const top = await repository(t);
  const line = (
    name: string,
    files: { readonly [path: string]: string },
    message = "by DVC",
  ): WrittenLine => ({
    ref: experimentRef(top.baseline, name),
    from: top.baseline,
    commits: [{ message, time: 1_767_000_000, files }],
  });
  await writeLines(top.root, [
    line("at-top", { "dvc.lock": "schema: '2.0'\n" }),
    line("in-one", { "one/dvc.lock": "schema: '2.0'\n" }),
    line("in-deeper", { "one/deeper/new/file.txt": "1" }),
    line("in-two", { "one/dvc.lock": "schema: '2.0'\n", "one/deeper/params.yaml": "lr: 1\n" }),
    line("nothing", {}),
    line("old", { "one/dvc.lock": "" }, checkpointMessage({ experiment: "old", sequence: 1 })),
  ]);
  assert.deepEqual(await namesIn(t, top.root), ["at-top", "nothing"]);
  assert.deepEqual(await namesIn(t, top.path("one")), ["in-one", "in-two", "nothing", "old"]);
  assert.deepEqual(await namesIn(t, top.path("one/deeper")), ["in-deeper", "in-two", "nothing"]);
});
