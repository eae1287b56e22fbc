import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { planRestore, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { undoPoints } from "../../src/engine/store/undoPoints.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { recordingProject, request, workerPath } from "../support/recording.ts";
import type { Files } from "../support/temporaryProject.ts";

const kills = Number(process.env.SAVEPOINT_KILLS ?? 8);
const child = fileURLToPath(new URL("../support/restoringProcess.ts", import.meta.url));

/** Many small files: putting them in their places takes long enough to be hit. */
function many(folder: string, content: string): Files {
  return Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`${folder}/${index}.txt`, `${content} ${index}`]),
  );
}

test(`after each of ${kills} kills in the middle of a restore, all is there or one undo away`, async (t) => {
  const project = await recordingProject(t, many("code", "then"));
  await project.train(1);
  await project.write(many("weights", "then"));
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  await project.write({ ...many("code", "mine"), ...many("weights", "mine"), "model.bin": "mine" });
  const mine = await snapshotOfFolder(project.root);

  /** Restores, and is killed so many milliseconds after it has told what it is doing. */
  const attempt = async (kill?: { readonly when: "planned" | "moving"; readonly after: number }) => {
    const restoring = fork(child, [project.root, workerPath, checkpoint.sha], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ended = once(restoring, "exit");
    let plannedAt = 0;
    restoring.on("message", (message) => {
      if (message === "planned") plannedAt = performance.now();
      if (message === kill?.when) setTimeout(() => restoring.kill("SIGKILL"), kill.after);
    });
    const [code] = await ended;
    assert.ok(code === 0 || code === null, "it must not have failed by itself");
    return performance.now() - plannedAt;
  };
  const duration = await attempt();
  const then = await snapshotOfFolder(project.root);
  assert.notDeepEqual(then, mine);
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  let halves = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    // Some kills hit the staging and the keeping, most of them the overwriting, which is over soon.
    const isEarly = kill % 3 === 0;
    await attempt({
      when: isEarly ? "planned" : "moving",
      after: Math.random() * (isEarly ? duration : 8),
    });
    const left = await snapshotOfFolder(project.root);
    if (JSON.stringify(left) === JSON.stringify(mine)) continue;
    if (JSON.stringify(left) !== JSON.stringify(then)) halves += 1;
    const [point] = await undoPoints(project.project);
    assert.match(point?.title ?? "", /^amber-heron@1 was restored$/);
    const undone = await undoRestore(project.project, project.hasher);
    assert.ok(undone.ok, JSON.stringify(undone));
    assert.deepEqual(await snapshotOfFolder(project.root), mine);
  }
  t.diagnostic(`${halves} of ${kills} kills left the files half-way`);
  await recoverJournal(project.project, project.hasher);
  const rest = await readdir(project.path(".dvc/tmp/savepoint/restore")).catch(() => []);
  assert.deepEqual(rest, [], "what the killed ones had staged is gone");
  const plan = await planRestore(project.project, checkpoint, "everything", project.hasher);
  assert.ok(plan.ok && (await restore(plan.value)).ok);
  assert.deepEqual(await snapshotOfFolder(project.root), then);
});
