import assert from "node:assert/strict";
import { chmod, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { recordingProject, request } from "../support/recording.ts";

async function files(t: TestContext) {
  const project = await recordingProject(t, { "src/deep/model.py": "pass\n" });
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  await recorder.drain();
  await project.write({ "params.yaml": "lr: 0.2\n" });
  const index = new ExperimentIndex(project.project);
  t.after(() => index.dispose());
  const found = await index.filesOf(project.recorded[0]?.sha ?? "");
  assert.ok(found);
  return { project, index, files: found };
}

test("a checkpoint is one tree: what Git has, outputs, and what is inside outputs", async (t) => {
  const { files: recorded } = await files(t);
  const root = await recorded.list("");
  const kinds = new Map(root?.map(({ name, kind }) => [name, kind]));
  assert.equal(kinds.get("params.yaml"), "file");
  assert.equal(kinds.get("src"), "folder");
  assert.equal(kinds.get("model.bin"), "file");
  assert.equal(kinds.get("weights"), "folder");
  assert.deepEqual(await recorded.list("weights"), [
    { name: "deep", kind: "folder" },
    { name: "first.bin", kind: "file" },
  ]);
  assert.deepEqual(await recorded.list("weights/deep"), [{ name: "second.bin", kind: "file" }]);
  assert.deepEqual(await recorded.list("src"), [{ name: "deep", kind: "folder" }]);
});

test("sizes are those of the bytes, wherever they are kept", async (t) => {
  const { files: recorded } = await files(t);
  for (const path of ["params.yaml", "src/deep/model.py", "model.bin", "weights/deep/second.bin"]) {
    const bytes = await recorded.read(path);
    assert.ok(bytes, path);
    assert.deepEqual(await recorded.entry(path), { kind: "file", size: bytes.length }, path);
  }
  assert.equal((await recorded.read("params.yaml"))?.toString(), "lr: 0.1\nepochs: 3\n");
  assert.equal((await recorded.read("model.bin"))?.toString(), "model after epoch 1");
});

test("what is not there is nothing, whatever its name", async (t) => {
  const { files: recorded, index } = await files(t);
  for (const path of ["nope", "weights/nope", "../params.yaml", "src/../params.yaml", "model.bin/x"]) {
    assert.equal(await recorded.entry(path), null, path);
    assert.equal(await recorded.read(path), null, path);
    assert.equal(await recorded.list(path), null, path);
  }
  assert.equal(await recorded.list("params.yaml"), null);
  assert.equal(await index.filesOf("f".repeat(40)), null);
});

test("an output that is too large to be read at once is told from one that is gone by its size", async (t) => {
  const { project, files: recorded } = await files(t);
  const output = project.recorded[0]?.outs.find(({ path }) => path === "model.bin");
  assert.ok(output);
  const object = join(project.root, ".dvc/cache/files/md5", output.hash.slice(0, 2), output.hash.slice(2));
  await chmod(object, 0o644);
  await truncate(object, 3 * 1024 ** 3);
  assert.deepEqual(await recorded.entry("model.bin"), { kind: "file", size: 3 * 1024 ** 3 });
  assert.equal(await recorded.read("model.bin"), null);
});

test("an output whose bytes are gone is listed and has no size", async (t) => {
  const { project, files: recorded } = await files(t);
  await rm(`${project.root}/.dvc/cache`, { recursive: true });
  assert.deepEqual(await recorded.entry("model.bin"), { kind: "file", size: null });
  assert.equal(await recorded.read("model.bin"), null);
  assert.deepEqual(await recorded.entry("weights"), { kind: "folder" });
});
