import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { planRestore, removeWithUndo, restore } from "../../src/engine/store/restore.ts";
import { dvcEnvironment } from "../support/dvcEnvironment.ts";
import { until } from "../support/poll.ts";
import { recordingAt, recordingProject, request } from "../support/recording.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

test("what a running dvc repro works with is neither restored nor removed under it", {
  timeout: 20 * 60_000,
}, async (t) => {
  const home = await temporaryFolder();
  t.after(home.dispose);
  const dvc = await dvcEnvironment(home.root);
  const code = [
    "import os, time",
    "open('started', 'w').close()",
    "while not os.path.exists('go'): time.sleep(0.01)",
    "os.makedirs('weights', exist_ok=True)",
    "for path in ['model.bin', 'weights/first.bin', 'metrics.json']: open(path, 'w').write('{}')",
  ].join("\n");
  const first = await recordingProject(t, {
    "train.py": code,
    ".gitignore": "/started\n/go\n/model.bin\n/weights\n",
  });
  const project = await recordingAt(t, first);
  await project.train(1);
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);

  const repro = dvc.dvc(project.root, ["repro", "--quiet"]);
  try {
    await until(() => existsSync(project.path("started")), 60_000, "the stage to start");
    await project.write({ "model.bin": "half of it" });
    const plan = await planRestore(project.project, checkpoint, "outputs", project.hasher);
    assert.ok(plan.ok);
    for (const outcome of [
      await restore(plan.value),
      await removeWithUndo(project.project, ["weights"], project.hasher),
    ]) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.problem.reason, "dvc-at-work");
      assert.match(
        outcome.problem.message,
        /^\S+ is in use by dvc repro --quiet \(process \d+\): wait until it ends/,
      );
    }
    assert.equal(await project.read("model.bin"), "half of it");
  } finally {
    await project.write({ go: "" });
    await repro;
  }
  const again = await planRestore(project.project, checkpoint, "outputs", project.hasher);
  assert.ok(again.ok);
  assert.ok((await restore(again.value)).ok);
  assert.equal(await project.read("model.bin"), "model after epoch 1");
});
