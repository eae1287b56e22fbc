import assert from "node:assert/strict";
import { readFile, rm, stat } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import type { Checkpoint } from "../../src/engine/model.ts";
import { planRestore, type RestoreScope, restore, undoRestore } from "../../src/engine/store/restore.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { type RecordingProject, recordingProject, request } from "../support/recording.ts";

/** One checkpoint of a workspace, in which `prepare` may have set something up. */
async function recordOne(project: RecordingProject): Promise<Checkpoint> {
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  assert.ok((await recorder.drain()).ok);
  recorder.dispose();
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  return checkpoint;
}

async function apply({ project, hasher }: RecordingProject, checkpoint: Checkpoint, scope: RestoreScope) {
  const plan = await planRestore(project, checkpoint, scope, hasher);
  return plan.ok ? restore(plan.value) : plan;
}

test("the safety copy is what was there, byte for byte, past Git's filters", async (t) => {
  const project = await recordingProject(t, {
    ".gitattributes": "*.txt text\n*.ipynb filter=strip\n",
    "text.txt": "one\n",
    "book.ipynb": "code: 1\n",
    "odd\nname.txt": "one\n",
  });
  await project.git("config", "filter.strip.clean", "sed /^result:/d");
  await project.train(1);
  const checkpoint = await recordOne(project);
  const mine = {
    "text.txt": "mixed\r\nline\nends\r\n",
    "book.ipynb": "code: 2\nresult: an hour of work\n",
    "odd\nname.txt": "two\r\n",
  };
  await project.write(mine);
  const before = await snapshotOfFolder(project.root);
  const applied = await apply(project, checkpoint, "everything");
  assert.ok(applied.ok, JSON.stringify(applied));
  assert.equal(await project.read("book.ipynb"), "code: 1\n");
  const undone = await undoRestore(project.project, project.hasher);
  assert.ok(undone.ok, JSON.stringify(undone));
  assert.deepEqual(await snapshotOfFolder(project.root), before);
});

test("an output that the stage had not made yet is gone after a restore, and back after an undo", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  await rm(project.path("model.bin"));
  const checkpoint = await recordOne(project);
  await project.train(2);
  assert.ok((await apply(project, checkpoint, "outputs")).ok);
  await assert.rejects(stat(project.path("model.bin")), "training would have loaded a later state");
  assert.equal(await project.read("weights/first.bin"), "first 1");
  assert.ok((await undoRestore(project.project, project.hasher)).ok);
  assert.equal(await project.read("model.bin"), "model after epoch 2");
});

test("what is in the way is named, and nothing is changed", async (t) => {
  const project = await recordingProject(t, { thing: "a file", ".gitignore": "*.key\n" });
  await project.train(1);
  const checkpoint = await recordOne(project);
  await project.git("rm", "--quiet", "thing");
  await project.write({ "thing/mine.key": "ignored, and the only one", "train.py": "print(43)" });
  const before = await snapshotOfFolder(project.root);
  const refused = await apply(project, checkpoint, "everything");
  assert.ok(!refused.ok);
  assert.equal(refused.problem.reason, "in-the-way");
  assert.match(refused.problem.message, /^amber-heron@1 was not restored: thing\/mine\.key is in the way/);
  assert.deepEqual(await snapshotOfFolder(project.root), before);
  await rm(project.path("thing/mine.key"));
  assert.ok((await apply(project, checkpoint, "everything")).ok, "an empty folder is not in the way");
  assert.equal(await project.read("thing"), "a file");
});

/** Leaves each operation of Git under way, and says by what word a refusal names it. */
const operations: readonly {
  readonly name: string;
  readonly begin: (project: RecordingProject) => Promise<unknown>;
}[] = [
  { name: "rebase", begin: ({ git }) => assert.rejects(git("rebase", "side")) },
  { name: "merge", begin: ({ git }) => assert.rejects(git("merge", "side")) },
  { name: "cherry-pick", begin: ({ git }) => assert.rejects(git("cherry-pick", "side")) },
  { name: "revert", begin: ({ git }) => assert.rejects(git("revert", "--no-edit", "HEAD~2")) },
  {
    name: "cherry-pick or revert",
    async begin({ git, write }) {
      await assert.rejects(git("cherry-pick", "side", "more"));
      // Committed by hand: the second pick is still to come.
      await write({ "text.txt": "both\n" });
      await git("commit", "--quiet", "--all", "-m", "Picked");
    },
  },
  { name: "bisect", begin: ({ git }) => git("bisect", "start", "HEAD", "HEAD~1") },
];

async function conflicting(t: TestContext): Promise<RecordingProject> {
  const project = await recordingProject(t, { "text.txt": "base\n", "other.txt": "base\n" });
  await project.git("switch", "--quiet", "--create", "side");
  await project.write({ "text.txt": "side\n" });
  await project.commit("Side");
  await project.git("branch", "more");
  await project.git("switch", "--quiet", "more");
  await project.write({ "other.txt": "more\n" });
  await project.commit("More");
  await project.git("switch", "--quiet", "main");
  for (const text of ["main", "main again"]) {
    await project.write({ "text.txt": `${text}\n` });
    await project.commit(text);
  }
  await project.write({ "other.txt": "main\n" });
  await project.git("commit", "--quiet", "--all", "-m", "Other");
  return project;
}

for (const { name, begin } of operations) {
  test(`while a ${name} is under way, files of Git stay as they are; outputs can be restored`, async (t) => {
    const project = await conflicting(t);
    await project.train(1);
    const checkpoint = await recordOne(project);
    await project.write({ "train.py": "print(43)" });
    assert.ok((await apply(project, checkpoint, "everything")).ok);
    await project.git("add", "train.py", "params.yaml");
    await begin(project);
    await project.write({ "train.py": "print(44)", "model.bin": "mine" });
    const before = await snapshotOfFolder(project.root);
    const index = await readFile(project.path(".git/index"));
    const outcomes = [
      await apply(project, checkpoint, "everything"),
      await apply(project, checkpoint, { paths: ["train.py", "model.bin"] }),
      await undoRestore(project.project, project.hasher),
    ];
    for (const outcome of outcomes) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.problem.reason, "operation-under-way");
      assert.match(
        outcome.problem.message,
        new RegExp(`^A ${name} is under way .* finish or abort the ${name} first`),
      );
    }
    assert.deepEqual(await snapshotOfFolder(project.root), before);
    assert.ok((await apply(project, checkpoint, "outputs")).ok);
    assert.equal(await project.read("model.bin"), "model after epoch 1");
    assert.deepEqual(await readFile(project.path(".git/index")), index);
  });
}

test("safety copies go only when they are many and two weeks old", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  const checkpoint = await recordOne(project);
  const refOf = (time: number) => `refs/savepoint/undo/${new Date(time).toISOString().replace(/[:.]/g, "-")}`;
  const day = 24 * 60 * 60 * 1000;
  const older = Array.from({ length: 60 }, (_, index) => refOf(Date.now() - (15 + index) * day));
  const newer = Array.from({ length: 60 }, (_, index) => refOf(Date.now() - index * 1000));
  for (const ref of [...older, ...newer]) await project.git("update-ref", ref, checkpoint.sha);
  await project.write({ "model.bin": "mine" });
  assert.ok((await apply(project, checkpoint, "outputs")).ok);
  const left = (await project.git("for-each-ref", "--format=%(refname)", "refs/savepoint/undo")).split("\n");
  assert.equal(left.length, 61);
  assert.ok(newer.every((ref) => left.includes(ref)));
});
