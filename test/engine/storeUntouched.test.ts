import assert from "node:assert/strict";
import { chmod, readFile } from "node:fs/promises";
import { test } from "node:test";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

/** All that belongs to the user: Git's bookkeeping and every file, byte for byte. */
async function stateOf(project: RecordingProject) {
  const inGit = await snapshotOfFolder(project.path(".git"), ["objects", "refs/exps"]);
  const files = await snapshotOfFolder(project.root);
  const refs = await project.git("for-each-ref", "--exclude=refs/exps").catch(() => project.git("show-ref"));
  return { inGit, files, refs: refs.split("\n").filter((line) => !line.includes("refs/exps/")) };
}

test("recording leaves HEAD, index, branch, stash, hooks and files as they are", async (t) => {
  const project = await recordingProject(t, {
    "tracked.txt": "one\n",
    "staged.txt": "one\n",
    "gone.txt": "one\n",
  });
  await project.write({ "tracked.txt": "stashed\n" });
  await project.git("stash");
  await project.write({
    "tracked.txt": "changed\n",
    "staged.txt": "staged\n",
    "added.txt": "added\n",
    "ignored.log": "ignored\n",
  });
  await project.git("add", "staged.txt", "added.txt");
  await project.write({ "staged.txt": "staged, then changed\n" });
  await project.git("rm", "--quiet", "--cached", "gone.txt");
  await project.git("config", "commit.gpgSign", "true");
  await project.git("config", "gpg.program", "/does/not/exist");
  const hooks = ["pre-commit", "commit-msg", "post-commit", "post-index-change", "reference-transaction"];
  for (const hook of hooks) {
    await project.write({
      [`.git/hooks/${hook}`]: `#!/bin/sh\necho ${hook} >> "$GIT_DIR/hooks-ran"\nexit 1\n`,
    });
    await chmod(project.path(".git/hooks", hook), 0o755);
  }
  await project.write({ ".git/info/exclude": "*.log\n" });
  await project.train(1);
  const before = await stateOf(project);

  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();

  assert.deepEqual(await stateOf(project), before);
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  const show = (path: string) => project.git("show", `${checkpoint.sha}:${path}`);
  assert.equal(await show("tracked.txt"), "changed");
  assert.equal(await show("staged.txt"), "staged, then changed");
  assert.equal(await show("added.txt"), "added");
  assert.equal(await show("notes.txt"), "not tracked yet");
  assert.equal(await show("gone.txt"), "one", "not tracked any more, but still there");
  await assert.rejects(show("ignored.log"));
});

test("the end of a stage that succeeded puts its entry in the workspace's dvc.lock, and nothing else", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  const before = await snapshotOfFolder(project.root);
  await recorder.snapshot(request(project.stage, { kind: "stage-end", succeeded: false }));
  assert.ok((await recorder.drain()).ok);
  assert.deepEqual(await snapshotOfFolder(project.root), before, "a stage that failed is not up to date");
  await project.train(2);
  await recorder.snapshot(request(project.stage, { kind: "stage-end", succeeded: true }));
  assert.ok((await recorder.drain()).ok);
  const sha = project.recorded.at(-1)?.sha;
  assert.equal(await project.read("dvc.lock"), `${await project.git("show", `${sha}:dvc.lock`)}\n`);
});

test("a stage end that repeats the checkpoint before is not recorded, and takes no number", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  await recorder.snapshot(request(project.stage, { step: 1 }));
  await recorder.snapshot(request(project.stage, { kind: "stage-end", succeeded: false }));
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.length, 1);
  const next = await recorder.snapshot(request(project.stage, { step: 2 }));
  assert.ok(next.ok);
  assert.equal(next.value.sequence, 2);
  assert.ok((await recorder.drain()).ok);
  assert.deepEqual(
    project.recorded.map(({ sequence }) => sequence),
    [1, 2],
  );
});

test("the checkpoint keeps what changes after training was released out of it", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  for (let epoch = 1; epoch <= 6; epoch += 1) {
    await project.train(epoch);
    await project.write({ "params.yaml": `lr: 0.${epoch}\nepochs: 3\n` });
    assert.ok((await recorder.snapshot(request(project.stage, { step: epoch }))).ok);
  }
  assert.ok((await recorder.drain()).ok);
  for (const [index, checkpoint] of project.recorded.entries()) {
    assert.equal(checkpoint.step, index + 1);
    assert.deepEqual(checkpoint.metrics, { "metrics.json": { loss: 1 / (index + 1) } });
    assert.deepEqual(checkpoint.params, { "params.yaml": { lr: Number(`0.${index + 1}`), epochs: 3 } });
    const metrics = await project.git("show", `${checkpoint.sha}:metrics.json`);
    assert.equal(metrics, JSON.stringify({ loss: 1 / (index + 1) }));
  }
  assert.equal(await readFile(project.path("model.bin"), "utf8"), "model after epoch 6");
});
