import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { annotate, noAnnotations } from "../../src/engine/store/annotations.ts";
import { ExperimentIndex, type ExperimentsChange } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import {
  checkpointMessage,
  projectAt,
  type WrittenCommit,
  writeLines,
} from "../support/experimentHistory.ts";
import { until } from "../support/poll.ts";
import { temporaryProject } from "../support/temporaryProject.ts";

function commit(sequence: number, experiment = "heron"): WrittenCommit {
  return { message: checkpointMessage({ experiment, sequence }), time: 1_767_000_000 + sequence };
}

async function repository(t: TestContext, count = 2) {
  const folder = await temporaryProject();
  t.after(folder.dispose);
  const baseline = await folder.git("rev-parse", "HEAD");
  const ref = experimentRef(baseline, "heron");
  const commits = Array.from({ length: count }, (_, number) => commit(number + 1));
  await writeLines(folder.root, [{ ref, from: baseline, commits }]);
  const project = projectAt(folder.root);
  const index = new ExperimentIndex(project);
  t.after(() => index.dispose());
  await index.refresh();
  const changes: ExperimentsChange[] = [];
  index.onDidChange((change) => changes.push(change));
  const grow = async (sequence: number) =>
    writeLines(folder.root, [{ ref, from: await folder.git("rev-parse", ref), commits: [commit(sequence)] }]);
  return { ...folder, baseline, ref, project, index, changes, grow };
}

test("what another process records, notes and removes arrives by the watch, as single additions", async (t) => {
  const { root, baseline, ref, project, index, changes, grow, git } = await repository(t);
  const errors: unknown[] = [];
  const watch = index.watch((error) => errors.push(error));
  await grow(3);
  await until(() => index.experiments[0]?.checkpoints.length === 3, 60_000, "the third checkpoint");
  assert.deepEqual(
    changes.flatMap(({ added }) => added.map(({ sequence }) => sequence)),
    [3],
  );
  assert.deepEqual(
    changes.flatMap(({ changed, removed }) => [...changed, ...removed]),
    [],
  );
  const other = experimentRef("ab".repeat(20), "elsewhere");
  await writeLines(root, [{ ref: other, from: baseline, commits: [commit(1, "elsewhere")] }]);
  await until(() => index.experiments.length === 2, 60_000, "an experiment of another baseline");
  const sha = index.experiments.find(({ name }) => name === "heron")?.checkpoints[0]?.sha ?? "";
  await annotate(project, sha, { starred: true });
  await until(() => changes.at(-1)?.changed.includes("heron"), 60_000, "the star");
  await git("pack-refs", "--all", "--prune");
  await git("update-ref", "-d", ref);
  await until(() => changes.at(-1)?.removed.includes("heron"), 60_000, "the removal");
  watch.dispose();
  assert.deepEqual(errors, []);
});

test("the first experiment of a repository is noticed", async (t) => {
  const folder = await temporaryProject();
  t.after(folder.dispose);
  const baseline = await folder.git("rev-parse", "HEAD");
  const index = new ExperimentIndex(projectAt(folder.root));
  t.after(() => index.dispose());
  const watch = index.watch();
  await until(() => index.isLoaded, 60_000, "the watch to stand");
  await writeLines(folder.root, [
    { ref: experimentRef(baseline, "first"), from: baseline, commits: [commit(1, "first")] },
  ]);
  await until(() => index.experiments.length === 1, 60_000, "the first experiment");
  watch.dispose();
});

test("an added checkpoint is there at once, and what Git says later changes nothing", async (t) => {
  const { ref, index, changes, grow, git } = await repository(t);
  const [first] = index.experiments;
  const last = first?.checkpoints.at(-1) ?? assert.fail();
  await grow(3);
  const sha = await git("rev-parse", ref);
  const checkpoint = { ...last, sha, parent: last.sha, sequence: 3, step: 30, createdAt: 1_767_000_003_000 };
  index.add(checkpoint);
  assert.equal(index.experiments[0]?.checkpoints.at(-1), checkpoint);
  assert.deepEqual(changes, [{ added: [checkpoint], changed: [], removed: [] }]);
  index.add(checkpoint);
  await index.refresh();
  assert.equal(index.experiments[0]?.checkpoints.at(-1), checkpoint);
  assert.equal(changes.length, 1);
});

test("a checkpoint that continues nothing known is found in Git", async (t) => {
  const { root, baseline, index } = await repository(t);
  const ref = experimentRef(baseline, "fresh");
  await writeLines(root, [{ ref, from: baseline, commits: [commit(1, "fresh")] }]);
  const template = index.experiments[0]?.checkpoints[0] ?? assert.fail();
  index.add({ ...template, experiment: "fresh", sha: "1".repeat(40) });
  await until(() => index.experiments.some(({ name }) => name === "fresh"), 60_000, "the fresh experiment");
});

test("an addition in the middle of a refresh is not lost", async (t) => {
  const { ref, index, grow, git } = await repository(t);
  const last = index.experiments[0]?.checkpoints.at(-1) ?? assert.fail();
  const refreshing = index.refresh();
  await grow(3);
  const sha = await git("rev-parse", ref);
  index.add({ ...last, sha, parent: last.sha, sequence: 3 });
  await Promise.all([refreshing, index.refresh(), index.refresh()]);
  assert.deepEqual(
    index.experiments[0]?.checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3],
  );
});

test("annotations are kept field by field, and a reader sees them after a refresh", async (t) => {
  const { project, index } = await repository(t);
  const [first, second] = index.experiments[0]?.checkpoints ?? [];
  assert.ok(first && second);
  const end = { state: "failed", code: 1, signal: null, at: 5 } as const;
  await annotate(project, first.sha, { note: 'wide "layers"\nand more', tags: ["a", "b"] });
  await annotate(project, first.sha, { starred: true, end });
  await annotate(project, second.sha, { pinned: true });
  await index.refresh();
  const annotations = () => index.experiments[0]?.checkpoints.map((checkpoint) => checkpoint.annotations);
  const noted = { ...noAnnotations, note: 'wide "layers"\nand more', tags: ["a", "b"], starred: true, end };
  assert.deepEqual(annotations(), [noted, { ...noAnnotations, pinned: true }]);
  await annotate(project, first.sha, { note: null, tags: [], starred: false, end: null });
  await index.refresh();
  assert.deepEqual(annotations(), [noAnnotations, { ...noAnnotations, pinned: true }]);
});

test("annotations of several writers at once are all kept, also when there are many", async (t) => {
  const { project, index, git } = await repository(t, 12);
  const checkpoints = index.experiments[0]?.checkpoints ?? [];
  await Promise.all(
    checkpoints.map(({ sha, sequence }) => annotate(project, sha, { note: `number ${sequence}` })),
  );
  await index.refresh();
  assert.deepEqual(
    index.experiments[0]?.checkpoints.map(({ annotations }) => annotations.note),
    checkpoints.map(({ sequence }) => `number ${sequence}`),
  );
  assert.equal(await git("fsck", "--strict", "--no-dangling"), "");
});

test("notes that a person wrote with git are shown, and folders of notes are read", async (t) => {
  const { index, project, git } = await repository(t, 1);
  const sha = index.experiments[0]?.checkpoints[0]?.sha ?? "";
  await git("notes", "--ref=savepoint", "add", "-m", "by hand", sha);
  await index.refresh();
  assert.equal(index.experiments[0]?.checkpoints[0]?.annotations.note, "by hand");
  await annotate(project, sha, { starred: true });
  // As Git lays them out when there are many.
  const blob = await git("rev-parse", `refs/notes/savepoint:${sha}`);
  await git("update-index", "--add", "--cacheinfo", `100644,${blob},${sha.slice(0, 2)}/${sha.slice(2)}`);
  await git("rm", "--quiet", "--cached", "--ignore-unmatch", "x");
  const tree = await git("write-tree");
  await git("update-ref", "refs/notes/savepoint", await git("commit-tree", tree, "-m", "fan out"));
  await index.refresh();
  const [checkpoint] = index.experiments[0]?.checkpoints ?? [];
  assert.equal(checkpoint?.annotations.note, "by hand");
  assert.equal(checkpoint?.annotations.starred, true);
});
