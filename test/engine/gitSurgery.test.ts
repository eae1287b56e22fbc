import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import { planContinuedLineage } from "../../src/engine/run/lineage.ts";
import { restoreToContinue } from "../../src/engine/run/restoreToContinue.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import type { Home } from "../../src/engine/store/homes.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import { type RecordingProject, recordingAt, recordingProject, request } from "../support/recording.ts";

/**
 * Two commits on a branch `work`, the second one with an experiment of two checkpoints that grew from it. `surgery` is
 * what a user then does, and all that Git may throw away is thrown away.
 */
async function afterSurgery(t: TestContext, surgery: (project: RecordingProject) => Promise<void>) {
  const first = await recordingProject(t);
  await first.write({ "notes.txt": "tracked\n" });
  const root = await first.commit("Tracked");
  await first.git("switch", "--quiet", "--create", "work");
  await first.write({ "train.py": "print(1)" });
  const before = await first.commit("One");
  await first.write({ "train.py": "print(2)" });
  await first.commit("Two");
  const project = await recordingAt(t, first);
  const recorder = await project.open();
  for (const step of [1, 2]) {
    await project.train(step);
    assert.ok((await recorder.snapshot(request(project.stage, { step }))).ok);
  }
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  await surgery(project);
  await project.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all");
  await project.git("gc", "--quiet", "--prune=now");
  return { project, root, before };
}

/** The experiment is listed where it should be, complete, and every verb can go on from it. */
async function expectAlive(project: RecordingProject, home: Home): Promise<void> {
  await project.git("fsck", "--connectivity-only");
  const index = new ExperimentIndex(project.project);
  try {
    await index.refresh();
    const [experiment, ...others] = index.experiments;
    assert.equal(others.length, 0);
    assert.ok(experiment);
    assert.equal(experiment.baseline, project.baseline);
    const shas = (checkpoints: readonly Checkpoint[]) => checkpoints.map(({ sha }) => sha);
    assert.deepEqual(shas(experiment.checkpoints), shas(project.recorded));
    assert.deepEqual(index.homeOf(experiment.baseline), home);
    const [older, last] = experiment.checkpoints;
    assert.ok(older && last);
    const lineageOf = (verb: "resume" | "fork" | "rewind", checkpoint: typeof last) =>
      planContinuedLineage({ verb, checkpoint }, index.experiments, () => 0);
    for (const lineage of [lineageOf("resume", last), lineageOf("fork", older), lineageOf("rewind", older)])
      assert.ok(lineage.ok && lineage.value.baseline === project.baseline, JSON.stringify(lineage));
    const { stages } = await loadPipeline(project.project);
    await project.write({ "model.bin": "ruined" });
    const continued = await restoreToContinue(project, stages, project.stage, older);
    assert.ok(continued.ok, JSON.stringify(continued));
    assert.equal(await project.read("model.bin"), "model after epoch 1");
    const plan = await planRestore(project.project, last, "everything", project.hasher);
    assert.ok(plan.ok, JSON.stringify(plan));
    assert.ok((await restore(plan.value)).ok);
    assert.equal(await project.read("train.py"), "print(2)");
    assert.equal(await project.read("model.bin"), "model after epoch 2");
  } finally {
    index.dispose();
  }
  // Going on records on top of the last checkpoint, whatever became of the baseline.
  const last = project.recorded.at(-1);
  assert.ok(last);
  const recorder = await project.open({ runId: "run-2", parent: last.sha, sequence: last.sequence });
  await project.train(3);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 3 }))).ok);
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.at(-1)?.parent, last.sha);
}

test("a commit after it: the baseline is still on the branch", async (t) => {
  const { project } = await afterSurgery(t, async ({ write, commit }) => {
    await write({ "train.py": "print(3)" });
    await commit("Three");
  });
  await expectAlive(project, { sha: project.baseline, relation: "itself" });
});

test("amended: listed under what the commit became", async (t) => {
  const { project } = await afterSurgery(t, async ({ git, write }) => {
    await write({ "train.py": "print(3)" });
    await git("commit", "--quiet", "--all", "--amend", "-m", "Two, better");
  });
  await expectAlive(project, { sha: await project.git("rev-parse", "work"), relation: "successor" });
});

test("rebased: listed under the rebased commit", async (t) => {
  const { project } = await afterSurgery(t, async ({ git, write, commit }) => {
    await git("switch", "--quiet", "main");
    await write({ "other.txt": "main\n" });
    await commit("Main");
    await git("rebase", "--quiet", "main", "work");
  });
  await expectAlive(project, { sha: await project.git("rev-parse", "work"), relation: "successor" });
});

test("squashed: listed under the commit with the same files", async (t) => {
  const { project } = await afterSurgery(t, async ({ git }) => {
    await git("reset", "--quiet", "--soft", "HEAD~2");
    await git("commit", "--quiet", "-m", "One and two");
  });
  await expectAlive(project, { sha: await project.git("rev-parse", "work"), relation: "successor" });
});

test("the branch is deleted: listed under the nearest commit that is left", async (t) => {
  const { project, root } = await afterSurgery(t, async ({ git }) => {
    await git("switch", "--quiet", "main");
    await git("branch", "-D", "work");
  });
  await expectAlive(project, { sha: root, relation: "ancestor" });
});

test("reset to the commit before, which is tagged while the branch goes", async (t) => {
  const { project, before } = await afterSurgery(t, async ({ git }) => {
    await git("tag", "kept", "work~1");
    await git("switch", "--quiet", "main");
    await git("branch", "-D", "work");
  });
  await expectAlive(project, { sha: before, relation: "ancestor" });
});

test("all history is replaced: the experiment keeps its own group", async (t) => {
  const { project } = await afterSurgery(t, async ({ git }) => {
    await git("switch", "--quiet", "--orphan", "new");
    await git("commit", "--quiet", "--allow-empty", "-m", "Begin again", "--date", "2001-01-01T00:00:00Z");
    await git("branch", "-D", "main", "work");
  });
  await project.git("checkout", "--quiet", project.ref, "--", ".");
  await expectAlive(project, { sha: project.baseline, relation: "itself" });
});

test("the tree hears of surgery by the watch on branches", async (t) => {
  const { project } = await afterSurgery(t, async () => {});
  const index = new ExperimentIndex(project.project);
  t.after(() => index.dispose());
  await index.refresh();
  const regrouped = new Promise((resolve) => {
    index.onDidChange(({ changed }) => changed.includes("amber-heron") && resolve(null));
  });
  const watch = index.watch();
  await project.git("commit", "--quiet", "--amend", "-m", "Two, better");
  await regrouped;
  watch.dispose();
  assert.equal(index.homeOf(project.baseline).sha, await project.git("rev-parse", "HEAD"));
});

test("git gc --prune=now between a run's start and its checkpoints leaves no hole in them", async (t) => {
  const project = await recordingProject(t, { "tracked.txt": "one\n" });
  await project.write({
    "tracked.txt": "changed\n",
    "deep/untracked.txt": "mine\n",
    "odd\nname": "mine too\n",
  });
  const recorder = await project.open();
  for (const step of [1, 2]) {
    await project.git("gc", "--quiet", "--prune=now");
    await project.train(step);
    assert.ok((await recorder.snapshot(request(project.stage, { step }))).ok);
    assert.ok((await recorder.drain()).ok);
  }
  assert.deepEqual(project.problems, []);
  await project.git("fsck", "--connectivity-only");
  const tip = project.recorded.at(-1)?.sha;
  assert.equal(await project.git("show", `${tip}:deep/untracked.txt`), "mine");
  assert.equal(await project.git("show", `${tip}:tracked.txt`), "changed");
  assert.equal(await project.git("show", `${tip}:odd\nname`), "mine too");
});
