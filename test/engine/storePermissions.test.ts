import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { devNull } from "node:os";
import { type TestContext, test } from "node:test";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

const nobody = 65_534;

/** A project of a user to whom something can be forbidden: root gives it to another one and becomes that one meanwhile. */
async function projectOfAnyone(t: TestContext): Promise<RecordingProject> {
  const project = await recordingProject(t);
  if (process.geteuid?.() !== 0) return project;
  execFileSync("chown", ["-R", `${nobody}:${nobody}`, project.root]);
  // Git would not go on without root's own settings.
  process.env.GIT_CONFIG_GLOBAL = devNull;
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  t.after(() => {
    process.seteuid?.(0);
    process.setegid?.(0);
  });
  return project;
}

test("an output that may not be read: it says which, and leaves nothing", async (t) => {
  const project = await projectOfAnyone(t);
  const recorder = await project.open();
  await project.train(1);
  await chmod(project.path("model.bin"), 0);
  const failed = await recorder.snapshot(request(project.stage));
  assert.ok(!failed.ok);
  assert.equal(failed.problem.reason, "permission-denied");
  assert.match(failed.problem.message, /model\.bin/);
  await chmod(project.path("model.bin"), 0o644);
  const taken = await recorder.snapshot(request(project.stage));
  assert.ok(taken.ok);
  assert.equal(taken.value.sequence, 1);
  assert.ok((await recorder.drain()).ok);
});

test("a folder for snapshots that may not be written: training is told, and goes on once it may", async (t) => {
  const project = await projectOfAnyone(t);
  const recorder = await project.open();
  await project.train(1);
  const folder = project.path(".dvc/tmp/savepoint/recording/run-1");
  const before = await readdir(folder);
  await chmod(folder, 0o555);
  const failed = await recorder.snapshot(request(project.stage));
  assert.ok(!failed.ok);
  assert.equal(failed.problem.reason, "permission-denied");
  assert.deepEqual(await readdir(folder), before);
  await chmod(folder, 0o755);
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.length, 1);
});

for (const place of [".dvc/cache", ".git/objects", ".git/refs"]) {
  test(`${place} may not be written: the checkpoint waits and is stored once it may`, async (t) => {
    const project = await projectOfAnyone(t);
    await mkdir(project.path(place), { recursive: true });
    const recorder = await project.open();
    await project.train(1);
    execFileSync("chmod", ["-R", "a-w", project.path(place)]);
    assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok, "training is not held");
    const drained = await recorder.drain();
    assert.ok(!drained.ok);
    // Git does not always say why it could not.
    assert.match(
      drained.problem.message,
      /: permission was denied;|unable to create directory for \.git\/refs/,
    );
    assert.equal(recorder.pending, 1);
    execFileSync("chmod", ["-R", "u+w", project.path(place)]);
    assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
    assert.deepEqual(
      project.recorded.map(({ step }) => step),
      [1],
    );
    await project.git("fsck", "--strict");
  });
}
