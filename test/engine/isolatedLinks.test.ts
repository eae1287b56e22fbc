import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { createWorktree } from "../../src/engine/isolated/worktree.ts";
import { exportCheckpoint } from "../../src/engine/store/exportCheckpoint.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { finishIsolated, runsDesk } from "../support/isolated.ts";
import { cleanUp, committedProject, experimentNamed, trainingFiles } from "../support/runs.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

const pipeline = `stages:
  train:
    cmd: python3 train.py && mkdir -p models && cp model.json models/model.json
    deps: [train.py]
    params: [{params.json: [epochs, rate]}]
    outs: [{models/model.json: {checkpoint: true}}]
`;

/** A project whose folder of models is a link to a folder elsewhere, as large data often is. */
async function linkedProject(t: TestContext, isTracked: boolean) {
  const elsewhere = await temporaryFolder();
  cleanUp(t, () => elsewhere.dispose());
  const ignored = `${trainingFiles[".gitignore"]}/model.json\n/metrics.json\n${isTracked ? "" : "/models\n"}`;
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": pipeline,
    "params.json": '{"epochs": 1, "rate": 0.5}\n',
    ".gitignore": ignored,
  });
  await symlink(elsewhere.root, repository.path("models"));
  await repository.git("add", "--all");
  await repository.git("commit", "--quiet", "--allow-empty", "--message", "Models are elsewhere");
  await writeFile(elsewhere.path("model.json"), "hours of work");
  return { repository, elsewhere };
}

for (const isTracked of [true, false]) {
  const kind = isTracked ? "tracked" : "ignored";
  test(`an isolated run does not reach files behind a link that is ${kind}`, async (t) => {
    const { repository, elsewhere } = await linkedProject(t, isTracked);
    const desk = await runsDesk(t, repository);
    const run = await finishIsolated(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
    assert.equal(await readFile(elsewhere.path("model.json"), "utf8"), "hours of work");
    assert.equal(run.state, "failed");
    assert.match(run.stages[0]?.reason ?? "", /models.* leads out of the worktree/);
  });
}

test("a link in a checkpoint leads none of its outputs to somewhere else", async (t) => {
  const { repository, elsewhere } = await linkedProject(t, true);
  const desk = await runsDesk(t, repository);
  const started = await desk.runs.start({ verb: "run", stages: ["train"], name: "amber-heron" });
  assert.ok(started.ok, JSON.stringify(started));
  assert.equal((await desk.runs.whenEnded(started.value.id)).state, "succeeded");
  const last = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1);
  assert.ok(last);
  // As somebody may make one who can push: in its tree the folder of its output is a link.
  await repository.git("read-tree", last.sha);
  await repository.git("rm", "--quiet", "--force", "--cached", "-r", "models");
  await repository.git("add", "models");
  const tree = await repository.git("write-tree");
  const sha = await repository.git("commit-tree", tree, "-p", last.sha, "-m", "Made by hand");
  const checkpoint = { ...last, sha };
  await writeFile(elsewhere.path("model.json"), "newer work");
  const before = await snapshotOfFolder(elsewhere.root);

  const folder = await temporaryFolder();
  cleanUp(t, () => folder.dispose());
  const { project, hasher } = desk.services;
  const exported = await exportCheckpoint(project, checkpoint, folder.path("export"), hasher);
  assert.ok(exported.ok, JSON.stringify(exported));
  assert.match(await readFile(folder.path("export/models/model.json"), "utf8"), /"epoch": 1/);
  assert.deepEqual(await snapshotOfFolder(elsewhere.root), before);

  const directory = folder.path("worktree");
  const made = await createWorktree(desk.services, { kind: "checkpoint", checkpoint }, directory);
  assert.deepEqual(await snapshotOfFolder(elsewhere.root), before);
  assert.ok(!made.ok);
  assert.match(made.problem.message, /^models leads out of the worktree/);
  assert.equal(existsSync(directory), false);
});
