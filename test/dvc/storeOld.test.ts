import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type CommandLine, commandLine } from "../support/commandLine.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { readable, shownExperiments } from "../support/dvcShow.ts";
import {
  type TemporaryFolder,
  type TemporaryProject,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

/** Code that was written for DVC 2 and knows nothing of Savepoint. Its model has the line ends of DOS. */
const files = {
  "raw/größe.txt": "one\r\ntwo\r\n",
  "raw/deep/b.bin": new Uint8Array([0, 13, 10, 255]),
  "params.yaml": "train: {steps: 2}\n",
  "dvc.yaml": `stages:
  prepare:
    cmd: cp -r raw data
    deps: [raw]
    outs: [data]
  train:
    cmd: python train.py
    deps: [data, train.py]
    params: [train]
    outs:
    - model.txt: {checkpoint: true}
    metrics:
    - metrics.json: {cache: false}
  live:
    cmd: python live.py
    deps: [live.py, model.txt]
    outs:
    - weights.bin: {checkpoint: true}
    metrics:
    - live/metrics.json: {cache: false}
`,
  "train.py": `import json, os
from dvc.api import make_checkpoint
from ruamel.yaml import YAML

steps = YAML(typ="safe").load(open("params.yaml"))["train"]["steps"]
lines = open("model.txt", newline="").read().split() if os.path.exists("model.txt") else []
for step in range(len(lines) + 1, steps + 1):
    with open("model.txt", "a", newline="") as model:
        model.write("line%d\\r\\n" % step)
    with open("metrics.json", "w") as metrics:
        json.dump({"step": step}, metrics)
    make_checkpoint()
`,
  "live.py": `from dvclive import Live

live = Live("live", resume=True, report=None)
while live.step < 3:
    with open("weights.bin", "w") as weights:
        weights.write("weights of step %d" % live.step)
    live.log_metric("loss", 1 / (live.step + 1))
    live.next_step()
live.end()
`,
};

describe("a project of DVC 2", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let old: DvcEnvironment;
  let dvc: DvcEnvironment;
  let line: CommandLine;
  let project: TemporaryProject;

  const status = async (path?: string) =>
    JSON.parse(await dvc.dvc(project.root, ["status", "--json", ...(path === undefined ? [] : [path])]));
  const stages = async () => {
    const listed = JSON.parse(await line.savepoint(project.root, "stages", "--json"));
    return Object.fromEntries(
      listed.stages.map((stage: { address: string; status: { kind: string } }) => [
        stage.address,
        stage.status.kind,
      ]),
    );
  };

  before(async () => {
    home = await temporaryFolder({ "2/.keep": "", "3/.keep": "" });
    // One keeps the other's databases apart.
    old = await dvcEnvironment(home.path("2"), "2.58.2");
    dvc = await dvcEnvironment(home.path("3"));
    line = await commandLine(home.path("savepoint"), old.variables);
    project = await temporaryProject(files);
    await old.dvc(project.root, ["init", "--quiet"]);
    await project.commit("Use DVC 2");
    await old.dvc(project.root, ["exp", "run", "--quiet", "--name", "theirs", "train"]);
    await project.commit("Train with DVC 2");
  });

  after(async () => {
    await project?.dispose();
    await home?.dispose();
  });

  test("is read as it is: up to date, with its checkpoints, which can be applied", async () => {
    assert.doesNotMatch(await project.read("dvc.lock"), /hash: md5/);
    assert.deepEqual(await status("train"), {});
    assert.deepEqual(await stages(), { prepare: "up-to-date", train: "up-to-date", live: "never-run" });

    const [theirs] = await line.list(project.root);
    assert.equal(theirs?.name, "theirs");
    assert.deepEqual(
      // DVC 2 ends with one more commit, which repeats the last.
      theirs.checkpoints.map(({ kind, metrics }) => [kind, metrics["metrics.json"]]),
      [1, 2, 2].map((step) => ["foreign", { step }]),
    );
    await line.savepoint(project.root, "apply", "theirs@1");
    assert.equal(await project.read("model.txt"), "line1\r\n");
    assert.equal(await project.read("data/größe.txt"), "one\r\ntwo\r\n");
    assert.deepEqual(await status("train"), {});
    await line.savepoint(project.root, "undo");
    assert.equal(await project.read("model.txt"), "line1\r\nline2\r\n");
    assert.deepEqual(await status("train"), {});
  });

  test("goes on under Savepoint, with make_checkpoint() and next_step() as they are", async () => {
    await line.savepoint(project.root, "run", "--name", "ours", "--set", "train.steps=3");
    const ours = (await line.list(project.root)).find(({ name }) => name === "ours") ?? assert.fail();
    const steps = (stage: string, file: string) =>
      ours.checkpoints
        .filter((one) => one.stage === stage && one.kind === "signal")
        .map((one) => one.metrics[file]);
    assert.deepEqual(steps("train", "metrics.json"), [{ step: 1 }, { step: 2 }, { step: 3 }]);
    assert.equal(steps("live", "live/metrics.json").length, 3);
    assert.deepEqual(await stages(), { prepare: "up-to-date", train: "up-to-date", live: "up-to-date" });
    assert.deepEqual(await status(), {});
  });

  test("can still be read by DVC 2, and by DVC 3: its lock file and cache keep their form", async () => {
    assert.doesNotMatch(await project.read("dvc.lock"), /hash: md5/);
    const ours = (await line.list(project.root)).find(({ name }) => name === "ours") ?? assert.fail();
    const outs = ours.checkpoints.flatMap((checkpoint) => checkpoint.outs);
    for (const { path, hash } of outs.filter((output) => /^(model|weights)\./.test(output.path))) {
      assert.ok(existsSync(project.path(".dvc/cache", hash.slice(0, 2), hash.slice(2))), `${path} ${hash}`);
    }
    for (const version of [old, dvc]) {
      const shown = (await shownExperiments(version, project.root)).get("ours") ?? assert.fail();
      assert.deepEqual(
        shown.map(({ rev, data }) => [rev, readable(data?.metrics ?? {})["metrics.json"]]),
        ours.checkpoints.map(({ sha, metrics }) => [sha, metrics["metrics.json"]]),
      );
      // DVC 3 complains of a checkpoint of `train`, as of its own ones, that `live` has not made anything by then.
      const early = ours.checkpoints.find(({ stage }) => stage === "live");
      await version.dvc(project.root, ["exp", "apply", early?.sha ?? ""]);
      assert.equal(await project.read("weights.bin"), "weights of step 0");
      assert.equal(await project.read("model.txt"), "line1\r\nline2\r\nline3\r\n");
      assert.deepEqual(await status(), {});
      await version.dvc(project.root, ["exp", "apply", "ours"]);
      assert.equal(await project.read("weights.bin"), "weights of step 2");
      assert.deepEqual(await status(), {});
    }
  });
});
