import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { type Files, temporaryProject } from "../support/temporaryProject.ts";

const cli = testCommandLine();

async function projectOf(t: TestContext, files: Files) {
  const project = await temporaryProject(files);
  t.after(project.dispose);
  await project.commit("Files");
  return project;
}

test("invalid YAML", async (t) => {
  const { root } = await projectOf(t, { "dvc.yaml": "stages:\n  a:\n    cmd: [echo\n  b: {cmd: x" });
  assertRefused(await cli().attempt(root, ["run"]), /dvc\.yaml, line 3: Invalid YAML/);
  const stages = await cli().attempt(root, ["stages"]);
  assert.equal(stages.code, 1);
  assert.match(
    stages.stderr,
    /^savepoint: dvc\.yaml:3: Invalid YAML.*\nsavepoint: dvc\.yaml:4: Invalid YAML.*\n$/,
  );
});

test("a stage without cmd, an output outside the project: named, and the others run by their names", async (t) => {
  const { root } = await projectOf(t, {
    "dvc.yaml":
      "stages:\n  ok:\n    cmd: echo 1 > model.txt\n    outs: [model.txt]\n" +
      "  a:\n    deps: [x]\n  b:\n    cmd: touch ../out\n    outs: [../out]\n",
  });
  assertRefused(
    await cli().attempt(root, ["run", "a"]),
    /'a' can't be run: dvc\.yaml, line 6: 'a' has no 'cmd'; add it/,
  );
  assertRefused(
    await cli().attempt(root, ["run", "b"]),
    /line 9: The output '\.\.\/out' is outside the project; move it/,
  );
  assertRefused(await cli().attempt(root, ["run"]), /line 6: 'a' has no 'cmd'; add it\. Until then/);
  assert.equal(existsSync(`${root}/model.txt`), false);
  assertRefused(await cli().attempt(root, ["run", "ghost"]), /no stage 'ghost'; the stages are ok/);
  const { stdout, stderr, code } = await cli().attempt(root, ["stages"]);
  assert.match(stdout, /^ok +never run/m);
  assert.equal(stderr.trim().split("\n").length, 2);
  assert.equal(code, 1);
  assert.equal((await cli().attempt(root, ["run", "ok"])).code, 0);
});

test("a missing dependency or params file, and params of the wrong type", async (t) => {
  const { root, write, git } = await projectOf(t, {
    "dvc.yaml":
      "stages:\n  a:\n    cmd: cat data.csv\n    deps: [data.csv]\n  b:\n    cmd: echo\n    params: [rate]\n",
  });
  assertRefused(
    await cli().attempt(root, ["run", "a"]),
    /dependency 'data\.csv' is not there; create it, or correct 'deps'/,
  );
  assertRefused(
    await cli().attempt(root, ["run", "b"]),
    /params file 'params\.yaml' is not there; create it/,
  );
  const { stdout } = await cli().attempt(root, ["stages"]);
  assert.match(stdout, /^a +cannot run: Its dependency 'data\.csv' is not there/m);

  const params = "rate: 0.1 # how fast\ngroup: {size: 3}\n";
  await write({ "params.yaml": params });
  for (const [change, message] of [
    ["rate=fast", /'rate' in params\.yaml is a number, but 'fast' is not/],
    ["group.size=1.5", /'group\.size' in params\.yaml is a whole number/],
    ["group=4", /'group' in params\.yaml is a group; set one of group\.size/],
    ["rat=1", /no parameter 'rat'; did you mean 'rate'\?/],
    ["../x.yaml:rate=1", /\.\.\/x\.yaml is not in the project/],
    ["nowhere.yaml:rate=1", /no params file nowhere\.yaml/],
  ] as const) {
    assertRefused(await cli().attempt(root, ["run", "b", "--set", change]), message);
  }
  assert.equal(await git("status", "--porcelain", "params.yaml"), "?? params.yaml");
  await write({ "params.yaml": "just text" });
  assertRefused(await cli().attempt(root, ["run", "b"]), /params\.yaml holds a text, not names with values/);
});

test("a command that fails at once: its exit code, no checkpoint, and what was there stays", async (t) => {
  const { root, git } = await projectOf(t, {
    "dvc.yaml": "stages:\n  a: {cmd: exit 3}\n  b: {cmd: no-such-program}\n  c: {cmd: kill -9 $$}\n",
  });
  for (const [stage, reason] of [
    ["a", /failed at a: exit code 3; 0 checkpoints recorded\.$/m],
    ["b", /failed at b: exit code 127/],
    ["c", /failed at c: ended by SIGKILL/],
  ] as const) {
    const { code, stderr } = await cli().attempt(root, ["run", stage]);
    assert.equal(code, 1);
    assert.match(stderr, reason);
  }
  assert.equal(await git("for-each-ref", "refs/exps"), "");
});

test("a stage that ends without its output says so", async (t) => {
  const { root } = await projectOf(t, { "dvc.yaml": "stages:\n  a: {cmd: echo, outs: [never.txt]}\n" });
  const { stderr } = await cli().attempt(root, ["run", "--name", "amber-heron"]);
  assert.match(stderr, /ended without 'never\.txt', which dvc\.yaml names as its output/);
  assert.match(
    await cli().savepoint(root, "show", "amber-heron"),
    /warning +The stage ended without 'never\.txt'/,
  );
});

test("an experiment's name that Git refuses, or that is taken", async (t) => {
  const { root, git } = await projectOf(t, { "dvc.yaml": "stages:\n  a: {cmd: echo}\n" });
  for (const name of ["a b", "x..y", "a/b", "x.lock", "a~b", "", "@{", "e\x1b[31m", "a".repeat(300)]) {
    const outcome = await cli().attempt(root, ["run", `--name=${name}`]);
    assertRefused(outcome, /can't be an experiment's name\. A name must not/);
    assert.equal(outcome.stderr.includes("\x1b"), false);
  }
  assert.equal(await git("for-each-ref", "refs/exps"), "");
  assert.equal((await cli().attempt(root, ["run", "--name", "ähre"])).code, 0);
  assertRefused(await cli().attempt(root, ["run", "--force", "--name", "ähre"]), /ähre/);
});

test("garbage in signals, and a stale signal, cost nothing", async (t) => {
  const ask = (content: string) =>
    `s=$DVC_ROOT/.dvc/tmp/DVC_CHECKPOINT; ${content} > $s.x; mv $s.x $s; while [ -e $s ]; do sleep 0.01; done`;
  const { root, write } = await projectOf(t, {
    "train.sh": [
      "echo 1 > m.txt",
      ask("printf '{garbage \\033[31m'"),
      "echo 2 > m.txt",
      ask("head -c 2000000 /dev/zero"),
      "echo 3 > m.txt",
      ask(`echo '{"step":"nine"}'`),
    ].join("\n"),
    "dvc.yaml": "stages:\n  a: {cmd: sh train.sh, outs: [m.txt]}\n",
    ".dvc/.gitignore": "/tmp\n/cache\n",
  });
  await write({ ".dvc/tmp/DVC_CHECKPOINT": '{"step":99}' });
  const { code, stdout, stderr } = await cli().attempt(root, ["run", "--name", "amber-heron"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /removed a checkpoint signal of .* that was left behind/);
  assert.match(stderr, /amber-heron@1 .*not JSON, so its content was ignored/);
  assert.match(stderr, /amber-heron@2 .*larger than 1 MiB/);
  assert.match(stderr, /amber-heron@3 .*"step" must be a number/);
  assert.equal(stderr.includes("\x1b"), false);
  const [experiment] = await cli().list(root);
  assert.deepEqual(
    experiment?.checkpoints.slice(0, 3).map(({ step }) => step),
    [null, null, null],
  );
});
