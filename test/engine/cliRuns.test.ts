import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { testCommandLine } from "../support/badInput.ts";
import { until } from "../support/poll.ts";
import { committedProject, runLimit, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();

test("an eager load is refused without a terminal, with what changed, until it is agreed to", async (t) => {
  const { root, write } = await committedProject(t, trainingFiles);
  await cli().savepoint(root, "run", "train", "--name", "amber-heron");
  await write({ "params.json": '{"epochs": 7, "rate": 0.5}\n' });
  const refused = await cli().attempt(root, ["run", "train", "--policy", "eager", "--name", "calm-otter"]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /train would go on from amber-heron@5 .*'epochs' in params\.json changed from 5 to 7\./,
  );
  assert.match(refused.stderr, /Agree with --yes, or start afresh with --policy fresh\.\n$/);
  const agreed = await cli().attempt(root, [
    "run",
    "train",
    "--policy",
    "eager",
    "--yes",
    "--name",
    "calm-otter",
  ]);
  assert.equal(agreed.code, 0, agreed.stderr);
  assert.match(agreed.stdout, /Savepoint: loaded amber-heron@5, step 5\/5 \(the latest checkpoint of train;/);
  assert.match(
    agreed.stdout,
    /changed since amber-heron@5: parameter 'epochs' in params\.json changed from 5 to 7/,
  );

  const named = ["run", "train", "--from", "amber-heron@2", "-y", "--name", "dry-finch"];
  const from = await cli().attempt(root, named);
  assert.equal(from.code, 0, from.stderr);
  assert.match(from.stdout, /loaded amber-heron@2, step 2\/5 \(as asked for\)/);
  const shown = await cli().savepoint(root, "show", "dry-finch");
  assert.match(shown, /\nlaunch +train 1: .* from amber-heron@2, step 2\/5 \(as asked for\), succeeded\n/);
});

test("retries, their launches and their output are shown; also of a run without any checkpoint", async (t) => {
  const { root, write } = await committedProject(t, trainingFiles);
  await write({ "fail-2": "" });
  const run = await cli().attempt(root, ["run", "train", "--retries", "1", "--name", "amber-heron"]);
  assert.equal(run.code, 0, run.stderr);
  const log = await cli().savepoint(root, "show", "amber-heron", "--log");
  assert.match(log, /^=== train · .* · failed: exit code 3\n\nSavepoint: train · amber-heron · fresh run\n/);
  assert.match(log, /=== train · launch 2 · .* from amber-heron@2, .* · succeeded\n/);
  assert.match(await cli().savepoint(root, "show", "amber-heron@1", "--log"), /launch 2/);

  await write({ "train.py": "import sys\nprint('nothing works', file=sys.stderr)\nsys.exit(9)\n" });
  assert.equal((await cli().attempt(root, ["run", "train", "--name", "dry-finch"])).code, 1);
  assert.match(
    await cli().savepoint(root, "show", "dry-finch", "--log"),
    /exit code 9\n[\s\S]*nothing works\n/,
  );
  const list = await cli().attempt(root, ["list"]);
  assert.match(list.stderr, /dry-finch failed before its first checkpoint; savepoint show dry-finch --log/);
  const unknown = await cli().attempt(root, ["show", "no-such", "--log"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no-such/);
});

test("a run says of each stage why it runs, is skipped or is tried again, and how to go on after a failure", async (t) => {
  const { root, write } = await committedProject(t, trainingFiles);
  await cli().savepoint(root, "run", "train");
  await write({ "evaluate.py": "raise SystemExit(4)\n" });
  const failed = await cli().attempt(root, ["run", "--name", "dry-finch"]);
  assert.match(failed.stderr, /^savepoint: train skipped: up to date\nsavepoint: evaluate runs: never run\n/);

  await write({ "params.json": '{"epochs": 5, "rate": 0.25}\n', "fail-2": "" });
  const retried = await cli().attempt(root, ["run", "--retries", "1", "--name", "calm-otter"]);
  assert.match(retried.stderr, /train runs: parameter 'rate' in params\.json changed from 0\.5 to 0\.25\n/);
  assert.match(retried.stderr, /\nsavepoint: train runs again: exit code 3; retry 1 of 1\n/);
  assert.match(retried.stderr, /\nsavepoint: evaluate runs again: exit code 4; retry 1 of 1\n/);
  assert.match(retried.stderr, /go on with savepoint resume calm-otter\.\n$/);
  const resumed = await cli().attempt(root, ["resume", "calm-otter"]);
  assert.match(resumed.stderr, /train skipped: ended with calm-otter@\d+\n/);
  assert.match(resumed.stderr, /0 checkpoints recorded; go on with savepoint resume calm-otter\.\n$/);
});

test("a run that has no checkpoint yet is in the list", async (t) => {
  const held = "import os, time\nwhile os.path.exists('hold-0'): time.sleep(0.01)\n";
  const repository = await committedProject(t, {
    ...trainingFiles,
    "train.py": `${held}${trainingFiles["train.py"]}`,
  });
  await repository.write({ "hold-0": "" });
  const run = cli().start(repository.root, ["run", "train", "--name", "amber-heron"]);
  t.after(() => run.process.kill("SIGKILL"));
  const list = async () => (await cli().attempt(repository.root, ["list", "amber-*"])).stderr;
  const line = "savepoint: amber-heron is running and has no checkpoint yet.\n";
  await until(async () => (await list()) === line, runLimit, "the run in the list");
  await rm(repository.path("hold-0"));
  assert.equal(await run.exited, 0, run.output());
  assert.equal(await list(), "");
});

test("one stage alone, what depends on it, and options that exclude each other", async (t) => {
  const { root, write } = await committedProject(t, trainingFiles);
  await cli().savepoint(root, "run", "--name", "amber-heron");
  assert.match(await cli().savepoint(root, "show", "amber-heron"), /\ncompleted +train, evaluate\n/);
  await write({ "params.json": '{"epochs": 6, "rate": 0.5}\n' });
  const stagesOf = async (name: string) =>
    (await cli().list(root)).find((experiment) => experiment.name === name)?.stages;
  await cli().savepoint(root, "run", "evaluate", "--single", "--force", "--name", "one");
  assert.deepEqual(await stagesOf("one"), ["evaluate"]);
  await cli().savepoint(root, "run", "train", "--downstream", "--name", "two");
  assert.deepEqual(await stagesOf("two"), ["train", "evaluate"]);
  for (const args of [
    ["--single", "--downstream"],
    ["--policy", "lazy"],
    ["--retries", "-1"],
    ["--grace", "soon"],
  ]) {
    const wrong = await cli().attempt(root, ["run", "train", ...args]);
    assert.equal(wrong.code, 2, args.join(" "));
    assert.match(wrong.stderr, /^savepoint: .+\n$/);
  }
  assert.equal((await cli().attempt(root, ["run", "--single"])).code, 2);
});

test("list: filtered by an expression, sorted by a key, with errors that say where", async (t) => {
  const { root } = await committedProject(t, trainingFiles);
  for (const [name, rate] of [
    ["one", "0.1"],
    ["two", "0.3"],
    ["three", "0.2"],
  ] as const) {
    await cli().savepoint(root, "run", "train", "--name", name, "--set", `params.json:rate=${rate}`);
  }
  const names = async (...args: string[]) => {
    const text = await cli().savepoint(root, "list", "--json", ...args);
    return JSON.parse(text).experiments.map(({ name }: { name: string }) => name);
  };
  assert.deepEqual(await names("--sort", "rate"), ["one", "three", "two"]);
  assert.deepEqual(await names("--sort", "-params.rate"), ["two", "three", "one"]);
  assert.deepEqual(await names("--filter", "rate > 0.1 and status == succeeded", "--sort", "name"), [
    "three",
    "two",
  ]);
  assert.deepEqual(await names("t*", "--filter", "params.json:rate < 0.3"), ["three"]);
  const wrong = async (...args: string[]) => (await cli().attempt(root, ["list", ...args])).stderr;
  assert.match(
    await wrong("--filter", "rate >"),
    /^savepoint: --filter: it ends where a value should follow\n$/,
  );
  assert.match(
    await wrong("--filter", "rat > 1"),
    /no experiment has a param or metric "rat"; did you mean rate\?/,
  );
  assert.match(await wrong("--sort", "nonsense"), /--sort: no experiment has a param or metric "nonsense"/);
  assert.match(
    (await cli().attempt(root, ["list", "--filter", "rate > 9"])).stderr,
    /lets no experiment through/,
  );
});

test("-C stands before or after the command, and --version tells the package's", async (t) => {
  const { root } = await committedProject(t, trainingFiles);
  const before = await cli().savepoint("/", "-C", root, "stages");
  assert.equal(await cli().savepoint("/", "stages", "-C", root), before);
  const { version } = JSON.parse(await readFile(resolve(import.meta.dirname, "../../package.json"), "utf8"));
  assert.equal(await cli().savepoint("/", "--version"), `savepoint ${version}\n`);
});

test("the times that a stage has to end are those that are set", async (t) => {
  const { root } = await committedProject(t, {
    ...trainingFiles,
    "train.py":
      "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nopen('ready', 'w').close()\ntime.sleep(600)\n",
  });
  const run = cli().start(root, ["run", "train", "--grace", "100ms,100ms"]);
  t.after(() => run.process.kill("SIGKILL"));
  await until(() => existsSync(`${root}/ready`), runLimit, "the training to be ready");
  run.process.kill("SIGTERM");
  assert.equal(await run.exited, 130, run.output());
  const id = readdirSync(`${root}/.dvc/tmp/savepoint/runs`)[0];
  const spec = await readFile(`${root}/.dvc/tmp/savepoint/runs/${id}/stage-1-1/spec.json`, "utf8");
  assert.deepEqual(JSON.parse(spec).grace, { interrupt: 100, terminate: 100 });
});
