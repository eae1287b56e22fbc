import assert from "node:assert/strict";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { planRestore, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { undoPoints } from "../../src/engine/store/undoPoints.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";
import { onSmallDisk } from "../support/smallDisk.ts";

const page = 4096;
/** Pages that are free when a checkpoint is restored: from none to more than it takes. */
const freePages = [0, 1, 2, 4, 6, 9, 12, 16, 20, 25, 30, 40, 60];

test("a disk that is full at any step of restoring: all is restored, or nothing is changed", async (t) => {
  const project = await recordingProject(t);
  await onSmallDisk(t, project.root, "8m", () => restoreOnFullDisk(project));
});

async function restoreOnFullDisk(project: RecordingProject): Promise<void> {
  await project.train(1);
  await project.write({ "weights/first.bin": Buffer.alloc(5 * page, 1) });
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  const filler = project.path(".dvc/tmp/filler");
  const outcomes = new Set<string>();
  for (const [round, free] of freePages.entries()) {
    // Nothing of this is kept anywhere before.
    await project.write({
      "train.py": `print(${round})`,
      "model.bin": `mine ${round}`,
      "weights/first.bin": Buffer.alloc(6 * page, 100 + round),
    });
    const before = await snapshotOfFolder(project.root);
    const points = (await undoPoints(project.project)).length;
    const { bavail, bsize } = statfsSync(project.root);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - free * page)));
    const plan = await planRestore(project.project, checkpoint, "everything", project.hasher);
    const restored = plan.ok ? await restore(plan.value) : plan;
    rmSync(filler);
    outcomes.add(restored.ok ? "restored" : "refused");
    if (restored.ok) {
      assert.equal(await project.read("train.py"), "print(42)");
      assert.ok((await undoRestore(project.project, project.hasher)).ok);
    } else {
      // Git does not always say why it can't write a file.
      assert.match(restored.problem.message, /the disk is full|unable to write/);
      assert.equal((await undoPoints(project.project)).length, points);
    }
    assert.deepEqual(await snapshotOfFolder(project.root), before, `with ${free} pages free`);
    assert.deepEqual(readdirSync(project.path(".dvc/tmp/savepoint/restore")), []);
  }
  assert.deepEqual([...outcomes].toSorted(), ["refused", "restored"]);
  await project.git("fsck", "--strict");
}
