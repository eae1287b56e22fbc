import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { describe, test } from "node:test";
import { initProject } from "../../src/engine/initProject.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { planUndo } from "../../src/engine/store/planUndo.ts";
import { planRestore, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { pathsOf, undoPoints } from "../../src/engine/store/undoPoints.ts";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { until } from "../support/poll.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";
import { committedProject, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();

async function recordEpochs(project: RecordingProject): Promise<void> {
  const recorder = await project.open();
  for (const step of [1, 2]) {
    await project.train(step);
    assert.ok((await recorder.snapshot(request(project.stage, { step }))).ok);
  }
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
}

async function apply({ project, hasher, recorded }: RecordingProject, index: number): Promise<void> {
  const checkpoint = recorded[index];
  assert.ok(checkpoint);
  const plan = await planRestore(project, checkpoint, "everything", hasher);
  assert.ok(plan.ok && (await restore(plan.value)).ok);
}

test("every safety copy is listed, and each can be gone back to, in any order", async (t) => {
  const project = await recordingProject(t);
  await recordEpochs(project);
  const states: Awaited<ReturnType<typeof snapshotOfFolder>>[] = [];
  for (const [index, work] of ["first", "second", "third"].entries()) {
    await project.write({ "train.py": `# ${work}`, "model.bin": `${work} model` });
    states.unshift(await snapshotOfFolder(project.root));
    await apply(project, index % 2);
  }
  const points = await undoPoints(project.project);
  assert.deepEqual(
    points.map(({ title }) => title),
    ["amber-heron@1 was restored", "amber-heron@2 was restored", "amber-heron@1 was restored"],
  );
  assert.ok(points.every(({ createdAt }) => Math.abs(Date.now() - createdAt) < 60_000));
  assert.ok(points[0] && pathsOf(project.project, points[0]).includes("train.py"));
  for (const index of [2, 0, 1]) {
    const point = points[index];
    assert.ok(point);
    const before = await snapshotOfFolder(project.root);
    const plan = await planUndo(project.project, point, project.hasher);
    assert.ok(plan.ok, JSON.stringify(plan));
    assert.deepEqual(await snapshotOfFolder(project.root), before, "a plan changes nothing");
    assert.ok((await restore(plan.value)).ok);
    const state = await snapshotOfFolder(project.root);
    for (const path of ["train.py", "model.bin"]) assert.equal(state[path], states[index]?.[path], path);
    assert.ok((await undoRestore(project.project, project.hasher)).ok);
    assert.deepEqual(await snapshotOfFolder(project.root), before);
    assert.ok((await undoRestore(project.project, project.hasher)).ok);
  }
});

test("a safety copy that nobody can read does not hide the others", async (t) => {
  const project = await recordingProject(t);
  await recordEpochs(project);
  await project.write({ "train.py": "# mine" });
  await apply(project, 0);
  await project.git("update-ref", "refs/savepoint/undo/2999-01-01T00-00-00-000Z", "HEAD");
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("train.py"), "# mine");
});

test("a safety copy that is as the files are now is passed over", async (t) => {
  const project = await recordingProject(t);
  await recordEpochs(project);
  await project.write({ "train.py": "# first" });
  await apply(project, 0);
  await project.write({ "train.py": "# second" });
  const before = await snapshotOfFolder(project.root);
  await apply(project, 1);
  const [point] = await undoPoints(project.project);
  assert.ok(point);
  await project.train(1);
  await project.write({
    "train.py": "# second",
    "dvc.lock": await project.git("show", `${point.sha}:dvc.lock`),
  });
  await project.write({ "dvc.lock": `${await project.read("dvc.lock")}\n` });
  assert.deepEqual(await snapshotOfFolder(project.root), before);
  const undone = await undoRestore(project.project, project.hasher);
  assert.ok(undone.ok && undone.value.changes.length === 0 && undone.value.undoRef === null);
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("train.py"), "# first");
});

test("linked work trees and projects in one repository undo their own restores", async (t) => {
  const project = await recordingProject(t);
  await recordEpochs(project);
  await project.write({ "train.py": "# mine" });
  await apply(project, 0);
  const place = `${project.root}-linked`;
  await project.git("worktree", "add", "--quiet", "-b", "side", place);
  t.after(() => project.git("worktree", "remove", "--force", place).catch(() => {}));
  await project.write({ "inner/dvc.yaml": "stages: {}\n" });
  await initProject(project.path("inner"));
  for (const directory of [place, project.path("inner")]) {
    const opened = await openProject(directory);
    assert.ok(opened.ok);
    const before = await snapshotOfFolder(opened.value.workTree);
    assert.deepEqual(await undoPoints(opened.value), []);
    const refused = await undoRestore(opened.value, project.hasher);
    assert.ok(!refused.ok && refused.problem.reason === "nothing-to-undo");
    assert.deepEqual(await snapshotOfFolder(opened.value.workTree), before);
  }
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("train.py"), "# mine");
});

describe("savepoint undo", () => {
  test("lists what can be taken back, and takes back what is chosen", async (t) => {
    const { root, write, read } = await committedProject(t, trainingFiles);
    await cli().savepoint(root, "run", "train", "--name", "one", "--set", "params.json:epochs=2");
    for (const [index, work] of ["# first\n", "# second\n"].entries()) {
      await write({ "evaluate.py": work });
      await cli().savepoint(root, "apply", `one@${index + 1}`);
    }
    const listed = await cli().savepoint(root, "undo", "--list");
    assert.match(
      listed,
      /^#\s+WHEN\s+BACK TO BEFORE\s+FILES\n1 .* one@2 was restored .*\n2 .* one@1 was restored /,
    );
    const { undo } = JSON.parse(await cli().savepoint(root, "undo", "--list", "--json"));
    assert.equal(undo[1].number, 2);
    assert.ok(undo[1].paths.includes("evaluate.py"));
    assert.match(await cli().savepoint(root, "undo", "2", "--dry-run"), /^replace +evaluate\.py$/m);
    assert.notEqual(await read("evaluate.py"), "# first\n");
    assert.match(await cli().savepoint(root, "undo", "2"), /at the state before one@1 was restored/);
    assert.equal(await read("evaluate.py"), "# first\n");
    await cli().savepoint(root, "undo", "2");
    assert.equal(await read("evaluate.py"), "# second\n");
    for (const word of ["0", "x", "99"])
      assertRefused(await cli().attempt(root, ["undo", word]), /number/, 2);
  });

  test("nothing is applied or undone under a run of the workspace", async (t) => {
    const { root, write, path } = await committedProject(t, trainingFiles);
    await cli().savepoint(root, "run", "train", "--name", "one", "--set", "params.json:epochs=2");
    await write({ "evaluate.py": "# mine\n" });
    await cli().savepoint(root, "apply", "one@1");
    await write({ "hold-2": "" });
    const running = cli().start(root, ["run", "train", "--force", "--name", "two"]);
    t.after(() => running.process.kill("SIGKILL"));
    await until(
      async () => (await cli().list(root)).some(({ name }) => name === "two"),
      30_000,
      "a checkpoint",
    );
    const before = await snapshotOfFolder(root);
    for (const args of [["apply", "one@2"], ["undo"], ["undo", "1"]])
      assertRefused(await cli().attempt(root, args), /two is running and writes to the same files/);
    assert.deepEqual(await snapshotOfFolder(root), before);
    await rm(path("hold-2"));
    assert.equal(await running.exited, 0);
    assert.ok(await cli().savepoint(root, "apply", "one@2"));
  });
});
