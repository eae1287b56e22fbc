import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createWorktree, removeWorktree } from "../../src/engine/isolated/worktree.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { finishIsolated, runsDesk, startIsolated } from "../support/isolated.ts";
import { until } from "../support/poll.ts";
import { committedProject, experimentNamed, runLimit, trainingFiles } from "../support/runs.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

/** All that a user could see of a change: bytes, modes, times, what Git says, HEAD, the index and the undo points. */
async function stateOf(repository: TemporaryProject) {
  const files = await snapshotOfFolder(repository.root);
  const times = Object.fromEntries(
    Object.keys(files).map((path) => [
      path,
      statSync(repository.path(path), { throwIfNoEntry: false })?.mtimeMs,
    ]),
  );
  return {
    files,
    times,
    status: await repository.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
    index: await repository.git("ls-files", "--stage"),
    head: await repository.git("rev-parse", "HEAD"),
    undo: await repository.git("for-each-ref", "refs/savepoint"),
  };
}

test("an isolated run sees the workspace as it is, and nothing that it does reaches it", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": `stages:
  train:
    cmd: python3 train.py && echo new > data/input.txt && echo more >> notes.txt && cat notes.txt helper.txt > seen.log
    deps: [train.py, data]
    params: [{params.json: [epochs, rate]}]
    outs: [{model.json: {checkpoint: true}}]
`,
    ".gitignore": `${trainingFiles[".gitignore"]}/data/\n*.log\n.venv/\n`,
    "notes.txt": "committed\n",
  });
  await repository.write({
    "data/input.txt": "data\n",
    "notes.txt": "changed\n",
    "helper.txt": "untracked\n",
    ".venv/pyvenv.cfg": "home = /usr\n",
    ".venv/lib/site.py": "",
    "model.json": '{"epoch": 1, "history": [7]}',
    ".env": "SECRET=1\n",
  });
  await repository.git("add", "helper.txt");
  const before = await stateOf(repository);
  const desk = await runsDesk(t, repository);
  const run = await finishIsolated(desk, {
    verb: "run",
    stages: ["train"],
    name: "amber-heron",
    set: [{ file: "params.json", key: "epochs", value: "2" }],
  });
  assert.deepEqual(
    [run.state, run.place, run.stages.map(({ reason }) => reason)],
    ["succeeded", "isolated", ["done"]],
  );
  assert.deepEqual(await stateOf(repository), before);
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  const signals = checkpoints.filter(({ kind }) => kind === "signal");
  assert.deepEqual(
    signals.map(({ step }) => step),
    [1, 2],
  );
  const last = checkpoints.at(-1)?.sha ?? "";
  assert.equal(await repository.git("show", `${last}:notes.txt`), "changed\nmore");
  assert.match(await repository.git("show", `${last}:params.json`), /"epochs": 2/);
  const listed = await repository.git("ls-tree", "-r", "--name-only", last);
  assert.doesNotMatch(listed, /venv|\.log/);
  assert.equal(checkpoints[0]?.parent, before.head);
  assert.equal(existsSync(run.directory), false);
  assert.equal(
    await repository
      .git("worktree", "list", "--porcelain")
      .then((text) => text.match(/^worktree /gm)?.length),
    1,
  );
  assert.deepEqual(readdirSync(repository.path(".dvc/tmp/savepoint/isolated")), []);
  await repository.git("fsck", "--strict");
});

test("a worktree of a checkpoint has its code, params and outputs, and none that came later", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await runsDesk(t, repository);
  await repository.write({ "train.py": `${trainingFiles["train.py"]}# mine\n` });
  const started = await desk.runs.start({ verb: "run", stages: [], name: "amber-heron" });
  assert.ok(started.ok);
  assert.equal((await desk.runs.whenEnded(started.value.id)).state, "succeeded");
  const { checkpoints } = await experimentNamed(desk, "amber-heron");
  const second = checkpoints.find(({ step }) => step === 2);
  assert.ok(second);
  await repository.write({
    "train.py": "raise SystemExit(9)\n",
    "model.json": "other",
    "data.tmp": "ignored",
  });
  const before = await stateOf(repository);
  const directory = repository.path(".dvc/tmp/exps/look");
  const made = await createWorktree(desk.services, { kind: "checkpoint", checkpoint: second }, directory);
  assert.ok(made.ok, JSON.stringify(made));
  const read = (path: string) => readFileSync(join(directory, path), "utf8");
  assert.match(read("train.py"), /# mine\n$/);
  assert.deepEqual(JSON.parse(read("model.json")).history, [0.5, 1]);
  assert.deepEqual(
    ["scores.json", "metrics.json", "data.tmp"].map((path) => existsSync(join(directory, path))),
    [false, true, true],
  );
  await removeWorktree(desk.services.project, directory);
  assert.deepEqual(await stateOf(repository), before);

  const fork = await finishIsolated(desk, {
    verb: "fork",
    checkpoint: second,
    code: "checkpoint",
    name: "own",
  });
  assert.equal(fork.state, "succeeded", JSON.stringify(fork.stages));
  const own = await experimentNamed(desk, "own");
  assert.equal(own.resumedFrom?.sha, second.sha);
  assert.equal(own.checkpoints.at(-1)?.stage, "evaluate");
  assert.match(await repository.git("show", `${own.checkpoints.at(-1)?.sha}:train.py`), /# mine$/);
  assert.deepEqual(await stateOf(repository), before);
});

test("an isolated run that ends while its last checkpoint can't be stored yet loses none", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await runsDesk(t, repository);
  await repository.write({ "hold-2": "" });
  const run = await startIsolated(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const hold = join(run.directory, "hold-2");
  await until(
    () => desk.runs.runs.some(({ progress }) => progress.checkpoints === 2),
    runLimit,
    "two checkpoints",
  );
  // Somebody else's lock keeps the ref from being moved.
  const lock = repository.path(
    `.git/refs/exps/${run.baseline.slice(0, 2)}/${run.baseline.slice(2)}/amber-heron.lock`,
  );
  await writeFile(lock, "");
  await rm(hold);
  await until(() => waitingCheckpoints(run.directory) > 0, runLimit, "one to wait");
  assert.equal(existsSync(run.directory), true);
  await rm(lock);
  assert.equal((await desk.runs.whenEnded(run.id)).state, "succeeded");
  assert.equal(existsSync(run.directory), false);
  const steps = (await experimentNamed(desk, "amber-heron")).checkpoints.map(({ step }) => step);
  assert.deepEqual(steps.slice(0, 5), [1, 2, 3, 4, 5]);
});

/** Checkpoints of a worktree that are safe and not in the store yet. */
function waitingCheckpoints(directory: string): number {
  return globSync(join(directory, ".dvc/tmp/savepoint/recording/*/*.json")).filter((path) =>
    /\/\d+\.json$/.test(path),
  ).length;
}
