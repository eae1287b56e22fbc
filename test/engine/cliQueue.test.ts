import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { testCommandLine } from "../support/badInput.ts";
import { until } from "../support/poll.ts";
import { committedProject, runLimit, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();

test("run --isolated leaves the workspace alone; --queue and queue run go through several at a time", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const isolated = await cli().attempt(repository.root, [
    "run",
    "train",
    "--isolated",
    "--name",
    "amber-heron",
  ]);
  assert.equal(isolated.code, 0, isolated.stderr);
  assert.equal(existsSync(repository.path("model.json")), false);
  const log = await cli().attempt(repository.root, ["show", "amber-heron", "--log"]);
  assert.match(log.stdout, /train · amber-heron · fresh run/, log.stderr);
  const rates = ["2.0", "3.0", "4.0"];
  for (const rate of rates) {
    const set = `params.json:rate=${rate}`;
    const queued = await cli().attempt(repository.root, [
      "run",
      "train",
      "--queue",
      "--name",
      `r${rate[0]}`,
      "--set",
      set,
    ]);
    assert.equal(queued.code, 0, queued.stderr);
    assert.match(queued.stderr, /queued r\d: run train, params\.json:rate=\d\.0/);
  }
  assert.equal((await cli().attempt(repository.root, ["queue", "cancel", "r3"])).code, 0);
  assert.equal((await cli().attempt(repository.root, ["queue", "move", "r4", "r2"])).code, 0);
  const worked = await cli().attempt(repository.root, ["queue", "run", "-j", "2"]);
  assert.equal(worked.code, 0, worked.stderr);
  assert.match(worked.stderr, /recorded r2@3/);
  assert.match(worked.stderr, /r4 succeeded; 5 checkpoints recorded/);
  const list = JSON.parse(await cli().savepoint(repository.root, "queue", "--json"));
  assert.equal(list.paused, true);
  assert.deepEqual(
    list.runs.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
    ["r4 succeeded", "r2 succeeded", "r3 cancelled"],
  );
  const names = (await cli().list(repository.root)).map(({ name, status }) => `${name} ${status}`);
  assert.deepEqual(names.toSorted(), ["amber-heron succeeded", "r2 succeeded", "r4 succeeded"]);
  assert.match(
    await cli().savepoint(repository.root, "queue"),
    /r3 +cancelled +train +params\.json:rate=3\.0/,
  );
  await cli().attempt(repository.root, ["queue", "clear"]);
  assert.match((await cli().attempt(repository.root, ["queue"])).stderr, /the queue is empty/);
  assert.equal(await repository.git("status", "--porcelain"), "");
});

test("a fork with the checkpoint's own code does not see what was done to the workspace since", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  assert.equal((await cli().attempt(repository.root, ["run", "train", "--name", "amber-heron"])).code, 0);
  await repository.write({ "train.py": "raise SystemExit(9)\n", "params.json": '{"epochs": 1}' });
  const forked = await cli().attempt(repository.root, [
    "fork",
    "amber-heron@2",
    "--code",
    "checkpoint",
    "--name",
    "own",
  ]);
  assert.equal(forked.code, 0, forked.stderr);
  const [own] = (await cli().list(repository.root)).filter(({ name }) => name === "own");
  assert.deepEqual(
    own?.checkpoints.slice(0, 5).map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
  assert.equal(await repository.read("train.py"), "raise SystemExit(9)\n");
  const wrong = await cli().attempt(repository.root, ["fork", "amber-heron", "--code", "mine"]);
  assert.deepEqual(
    [wrong.code, wrong.stderr],
    [2, 'savepoint: --code takes workspace or checkpoint, not "mine"\n'],
  );
});

test("Ctrl-C stops all that the queue runs; what waits stays in the queue", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  // An ignored file, which the isolated runs see as well.
  await repository.write({ "hold-1": "" });
  for (const name of ["a", "b", "c"]) {
    await cli().savepoint(repository.root, "run", "train", "--queue", "--name", name);
  }
  const work = cli().start(repository.root, ["queue", "run", "-j", "2"]);
  t.after(() => work.process.kill("SIGKILL"));
  await until(
    () => ["recorded a@1", "recorded b@1"].every((line) => work.output().includes(line)),
    runLimit,
    "both",
  );
  work.process.kill("SIGINT");
  assert.equal(await work.exited, 130, work.output());
  const list = JSON.parse(await cli().savepoint(repository.root, "queue", "--json"));
  assert.deepEqual(
    list.runs.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
    ["a interrupted", "b interrupted", "c waiting"],
  );
  assert.equal(list.paused, true);
});

test("a second command that is to work the queue waits for the end of what the first one does", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  await cli().savepoint(repository.root, "run", "train", "--queue", "--name", "a");
  const first = cli().start(repository.root, ["queue", "run"]);
  t.after(() => first.process.kill("SIGKILL"));
  await until(() => first.output().includes("recorded a@1"), runLimit, "the run to be held");
  const second = cli().start(repository.root, ["queue", "run"]);
  t.after(() => second.process.kill("SIGKILL"));
  await until(() => second.output().includes("at work in another window"), runLimit, "the second to wait");
  await rm(repository.path(".dvc/tmp/exps/a/hold-1"));
  assert.deepEqual([await first.exited, await second.exited], [0, 0], second.output());
  assert.match(second.output(), /a succeeded/);
  const moved = await cli().attempt(repository.root, ["queue", "move", "a"]);
  assert.equal(moved.code, 1);
  assert.match(moved.stderr, /a does not wait any more \(succeeded\), so it is not moved/);
  const cancelled = await cli().attempt(repository.root, ["queue", "cancel", "a", "b"]);
  assert.equal(cancelled.code, 2);
  assert.match(cancelled.stderr, /savepoint queue cancel does not know what to do with "b"/);
});

test("an isolated run whose command was killed is gone on with by the next command, to its end", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-2": "" });
  const run = cli().start(repository.root, ["run", "train", "--isolated", "--name", "amber-heron"]);
  t.after(() => run.process.kill("SIGKILL"));
  await until(() => run.output().includes("recorded amber-heron@2"), runLimit, "the second checkpoint");
  run.process.kill("SIGKILL");
  await run.exited;
  const [left] = await cli().list(repository.root);
  assert.equal(left?.status, "running");
  for (const folder of ["", ".dvc/tmp/exps/amber-heron/"]) await rm(repository.path(`${folder}hold-2`));
  const next = await cli().attempt(repository.root, ["run", "train", "--name", "calm-otter"]);
  assert.equal(next.code, 0, next.stderr);
  assert.match(next.stderr, /going on with amber-heron, which an earlier command left/);
  assert.match(next.stderr, /amber-heron succeeded; 5 checkpoints recorded/);
  assert.equal(existsSync(repository.path(".dvc/tmp/exps/amber-heron")), false);
});
