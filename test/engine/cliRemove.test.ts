import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { steppedFiles, takeWorkLog } from "../support/keyedSteps.ts";
import { until } from "../support/poll.ts";
import { committedProject, runLimit, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();

async function names(root: string): Promise<readonly string[]> {
  return (await cli().list(root)).map(({ name }) => name).toSorted();
}

/** A project with experiments of one checkpoint or two, and a fork of one of them. */
async function threeExperiments(t: TestContext) {
  const repository = await committedProject(t, trainingFiles);
  const { root } = repository;
  const run = (name: string) =>
    cli().savepoint(root, "run", "train", "--force", "--name", name, "--set", "params.json:epochs=2");
  await run("lr-high");
  await run("lr-low");
  await cli().savepoint(root, "fork", "lr-low@1", "--name", "other");
  return repository;
}

describe("savepoint rm", () => {
  test("removes what fits and is not excluded, and brings it back with its checkpoints", async (t) => {
    const { root, git } = await threeExperiments(t);
    const before = await cli().list(root);
    const dry = await cli().savepoint(root, "rm", "*", "--exclude", "*-high", "--dry-run");
    assert.match(dry, /^other {2}\d checkpoints?, .*\nlr-low {2}2 checkpoints, .*\n$/);
    assert.equal((await names(root)).length, 3);

    const removed = await cli().savepoint(root, "rm", "lr-*", "--exclude", "*-high", "--yes");
    assert.match(removed, /^Removed 1 experiment\. .*rm --undo/);
    assert.deepEqual(await names(root), ["lr-high", "other"]);
    // The fork has all its checkpoints, also those that it shares with what is gone.
    const fork = (await cli().list(root)).find(({ name }) => name === "other");
    assert.deepEqual(
      fork?.checkpoints.map(({ sha }) => sha),
      before.find(({ name }) => name === "other")?.checkpoints.map(({ sha }) => sha),
    );
    await cli().savepoint(root, "rm", "lr-high", "other", "-y");
    assert.deepEqual(await names(root), []);
    assert.equal((await git("for-each-ref", "refs/exps/")).trim(), "");

    assert.match(
      await cli().savepoint(root, "rm", "--undo"),
      /^Brought back (other, lr-high|lr-high, other)\./,
    );
    assert.deepEqual(await names(root), ["lr-high", "other"]);
    await cli().savepoint(root, "rm", "--undo", "lr-low");
    assert.deepEqual(await cli().list(root), before);
    assertRefused(await cli().attempt(root, ["rm", "--undo"]), /no removed experiment/);
    assert.equal((await git("for-each-ref", "refs/savepoint/removed/")).trim(), "");
  });

  test("asks before, and removes nothing where nobody can be asked", async (t) => {
    const { root } = await threeExperiments(t);
    const { code, stdout, stderr } = await cli().attempt(root, ["rm", "lr-*"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^lr-low .*\nlr-high .*\nsavepoint: Nothing was removed, .* --yes to agree\.\n$/);

    const asked = cli().start(root, ["rm", "lr-*"], true);
    await until(() => asked.output().includes("Remove 2 experiments? [y/N]"), runLimit, "the question");
    asked.process.stdin.write("n\n");
    assert.equal(await asked.exited, 1);
    const interrupted = cli().start(root, ["rm", "lr-*"], true);
    await until(() => interrupted.output().includes("[y/N]"), runLimit, "the question");
    interrupted.process.stdin.write("\u0003");
    assert.equal(await interrupted.exited, 130);
    assert.equal((await names(root)).length, 3);

    const agreed = cli().start(root, ["rm", "lr-*"], true);
    await until(() => agreed.output().includes("[y/N]"), runLimit, "the question");
    agreed.process.stdin.write("y\n");
    assert.equal(await agreed.exited, 0);
    assert.deepEqual(await names(root), ["other"]);
  });

  test("refuses what runs, what is not there and no pattern at all", async (t) => {
    const repository = await committedProject(t, trainingFiles);
    const { root } = repository;
    await repository.write({ "hold-1": "" });
    const running = cli().start(root, ["run", "train", "--name", "amber-heron"]);
    await until(async () => (await cli().list(root)).length === 1, runLimit, "a checkpoint");
    assertRefused(await cli().attempt(root, ["rm", "*", "--yes"]), /amber-heron is running/);
    assertRefused(
      await cli().attempt(root, ["apply", "amber-heron"]),
      /amber-heron is running and writes to the same files/,
    );
    assert.deepEqual(await names(root), ["amber-heron"]);
    running.process.kill("SIGTERM");
    await running.exited;
    // An isolated run of another process is known from its worktree only.
    const isolated = cli().start(root, ["run", "train", "--force", "--name", "dry-finch", "--isolated"]);
    await until(async () => (await names(root)).includes("dry-finch"), runLimit, "a checkpoint");
    assertRefused(await cli().attempt(root, ["rm", "dry-finch", "--yes"]), /dry-finch is running/);
    isolated.process.kill("SIGTERM");
    await isolated.exited;
    await cli().savepoint(root, "rm", "dry-finch", "--yes");
    assertRefused(await cli().attempt(root, ["rm", "nobody", "--yes"]), /No experiment fits nobody/);
    assertRefused(await cli().attempt(root, ["rm"]), /'\*' stands for all/, 2);
    await cli().savepoint(root, "rm", "amber-heron", "--yes");
    assert.deepEqual(await names(root), []);
  });

  test("does not put a removed experiment over one that has taken its name", async (t) => {
    const { root } = await threeExperiments(t);
    await cli().savepoint(root, "rm", "lr-low", "--yes");
    await cli().savepoint(root, "fork", "lr-high@1", "--name", "lr-low");
    const before = await cli().list(root);
    assertRefused(await cli().attempt(root, ["rm", "--undo"]), /There is an experiment lr-low again/);
    assert.deepEqual(await cli().list(root), before);
  });

  test("prints JSON for programs", async (t) => {
    const { root } = await threeExperiments(t);
    const json = async (...args: string[]) => JSON.parse(await cli().savepoint(root, ...args, "--json"));
    assert.deepEqual(await json("rm", "o*", "--dry-run"), { version: 1, wouldRemove: ["other"] });
    assert.deepEqual(await json("rm", "o*", "--yes"), { version: 1, removed: ["other"] });
    assert.deepEqual(await json("rm", "--undo"), { version: 1, broughtBack: ["other"] });
  });
});

describe("keyed steps", () => {
  test("are listed, and forgotten by key until undo or the next run does them again", async (t) => {
    const repository = await committedProject(t, {
      ...steppedFiles,
      "dvc.yaml": String(steppedFiles["dvc.yaml"]).replaceAll("checkpoint: true", "persist: true"),
    });
    const { root } = repository;
    await cli().savepoint(root, "run", "--name", "first");
    await takeWorkLog(repository);

    const table = await cli().savepoint(root, "steps");
    assert.match(
      table,
      /^STEP +STAGE +DONE +TOOK +WHERE\none +train +\S.* train\.py:\d+\nthree .*\ntwo .*\n$/,
    );
    const { steps } = JSON.parse(await cli().savepoint(root, "steps", "t*", "--json"));
    assert.deepEqual(
      steps.map(({ key, stage, path }: { [name: string]: string }) => [key, stage, path]),
      [
        ["three", "train", "steps/three.step.json"],
        ["two", "train", "steps/two.step.json"],
      ],
    );

    const forget = ["rm", "--steps", "*", "--exclude", "o*"];
    assert.equal(await cli().savepoint(root, ...forget, "--dry-run"), "train  three\ntrain  two\n");
    assert.match(
      await cli().savepoint(root, ...forget, "--yes"),
      /^Forgot 2 steps; savepoint undo .* --forget PATTERN\.\n$/,
    );
    assert.ok(existsSync(repository.path("steps/one.step.json")));
    assert.ok(!existsSync(repository.path("steps/two.step.json")));
    await cli().savepoint(root, "undo");
    assert.equal(JSON.parse(await cli().savepoint(root, "steps", "--json")).steps.length, 3);

    await cli().savepoint(root, ...forget, "--yes");
    await cli().savepoint(root, "run", "--force", "--name", "second");
    assert.deepEqual(await takeWorkLog(repository), ["two", "from None", "three"]);
    await cli().savepoint(root, "fork", "second", "--name", "third", "--forget", "one");
    assert.deepEqual(await takeWorkLog(repository), ["one", "from 1"]);
    const isolated = ["fork", "second", "--name", "fourth", "--isolated", "--forget", "o*"];
    const { code, stdout, stderr } = await cli().attempt(root, isolated);
    assert.equal(code, 0, stderr);
    assert.deepEqual(`${stdout}${stderr}`.match(/step "\w+"( is done already)?/g), [
      'step "one"',
      'step "two" is done already',
      'step "three" is done already',
    ]);
    assertRefused(await cli().attempt(root, ["rm", "--steps", "nothing"]), /No step fits nothing/);
  });

  test("are shown whatever is in their files", async (t) => {
    const repository = await committedProject(t, steppedFiles);
    const record = (key: unknown) =>
      JSON.stringify({ version: 1, key, finishedAt: 5, seconds: -1, where: [] });
    await repository.write({
      "steps/fold-1%2Fa.step.json": "{",
      "steps/odd.step.json": record("\u001b[31mred"),
      "steps/%zz.step.json": record(7),
      "steps/notes.json": "{}",
    });
    const table = await cli().savepoint(repository.root, "steps");
    assert.deepEqual(
      table
        .trim()
        .split("\n")
        .map((line) => line.split(/ {2,}/)[0]),
      ["STEP", "?[31mred", "%zz", "fold-1/a"],
    );
    assert.match(await cli().savepoint(repository.root, "steps", "fold-1"), /fold-1\/a/);
  });
});
