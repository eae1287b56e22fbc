import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { ExperimentJson } from "../../src/engine/compare/listJson.ts";
import { type CommandLine, commandLine } from "../support/commandLine.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { readable, shownExperiments } from "../support/dvcShow.ts";
import { contentsOf, trainingOutputs, trainingPipeline } from "../support/dvcTraining.ts";
import {
  type TemporaryFolder,
  type TemporaryProject,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

const execute = promisify(execFile);

describe("what Savepoint recorded, in the hands of DVC 3", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let dvc: DvcEnvironment;
  let line: CommandLine;
  let project: TemporaryProject;
  let first: ExperimentJson;

  before(async () => {
    home = await temporaryFolder({ "remote.git/x": "" });
    dvc = await dvcEnvironment(home.root);
    line = await commandLine(home.path("savepoint"), dvc.variables);
    project = await temporaryProject(trainingPipeline);
    await line.savepoint(project.root, "init");
    await rm(home.path("remote.git"), { recursive: true });
    await project.git("init", "--quiet", "--bare", "--initial-branch=main", home.path("remote.git"));
    await project.git("remote", "add", "origin", home.path("remote.git"));
    await dvc.dvc(project.root, ["remote", "add", "--quiet", "--default", "store", home.path("store")]);
    await project.commit("Use DVC's formats");
    await project.git("push", "--quiet", "origin", "main");
    await line.savepoint(project.root, "run", "--name", "first");
    const found = (await line.list(project.root))[0];
    assert.ok(found);
    first = found;
  });

  after(async () => {
    await project?.dispose();
    await home?.dispose();
  });

  test("is shown with every checkpoint, its params, metrics and outputs", async () => {
    assert.deepEqual(
      first.checkpoints.map(({ kind, stage, step }) => [kind, stage, step]),
      [
        ["stage-end", "prepare", null],
        ["signal", "train", 1],
        ["signal", "train", 2],
        ["signal", "train", 3],
      ],
    );
    const shown = (await shownExperiments(dvc, project.root)).get("first") ?? assert.fail();
    assert.deepEqual(
      shown.map(({ rev, name, error }) => [rev, name, error]),
      first.checkpoints.map(({ sha }, index) => [sha, index === 3 ? "first" : null, null]),
    );
    for (const [index, { data }] of shown.entries()) {
      const checkpoint = first.checkpoints[index] ?? assert.fail();
      assert.ok(data);
      assert.deepEqual(readable(data.params), checkpoint.params);
      assert.deepEqual(readable(data.metrics), checkpoint.metrics);
      // DVC names the outputs of all stages, but not the metrics; a checkpoint those of its own stage.
      const cached = checkpoint.outs.filter(({ path }) => data.outs[path] !== undefined);
      assert.equal(cached.length, checkpoint.stage === "prepare" ? 1 : 2);
      for (const { path, hash } of cached) assert.equal(data.outs[path]?.hash, hash, path);
    }
    const last = shown.at(-1)?.data ?? assert.fail();
    assert.deepEqual(readable(last.metrics), {
      "training code/metrics.json": { loss: 1 / 3, val: { acc: 0.3, "per class": { a: 0.5, ß: 3 } } },
    });
    assert.deepEqual(readable(last.params)["params.yaml"]?.train, { lr: 0.5, steps: 3, sizes: [1, 2] });
    assert.match(await dvc.dvc(project.root, ["exp", "list"]), /^main:\n\t\w+ \[first\]\s*$/);
  });

  test("is applied by name and by commit, with the right bytes, and nothing is left to do", async () => {
    const after3 = await contentsOf(project.root, trainingOutputs);
    await dvc.dvc(project.root, ["exp", "apply", first.checkpoints[2]?.sha ?? ""]);
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});
    const after2 = await contentsOf(project.root, trainingOutputs);
    assert.equal((await project.read("training code/weights ünï/it's step 2.txt")).length, 6);
    assert.deepEqual(JSON.parse(await project.read("training code/model final.json")).step, 2);
    assert.equal(after2["training code/weights ünï/it's step 3.txt"], undefined);

    await dvc.dvc(project.root, ["exp", "apply", "first"]);
    assert.deepEqual(await contentsOf(project.root, trainingOutputs), after3);
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});

    // The same files as Savepoint's own way back.
    await line.savepoint(project.root, "apply", "first@step:2");
    assert.deepEqual(await contentsOf(project.root, trainingOutputs), after2);
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});
    await line.savepoint(project.root, "undo");
    assert.deepEqual(await contentsOf(project.root, trainingOutputs), after3);
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});
  });

  test("is pushed and pulled by DVC, and Savepoint goes on in the other clone", async () => {
    await dvc.dvc(project.root, ["exp", "push", "--quiet", "origin", "first"]);
    const clone = home.path("clone");
    await execute("git", ["clone", "--quiet", home.path("remote.git"), clone]);
    await dvc.dvc(clone, ["exp", "pull", "--quiet", "origin", "first"]);
    const [pulled] = await line.list(clone);
    assert.equal(pulled?.status, "recorded");
    assert.deepEqual(
      pulled?.checkpoints.map(({ sha, outs }) => [sha, outs.filter(({ available }) => !available)]),
      first.checkpoints.map(({ sha }) => [sha, []]),
    );

    await line.savepoint(clone, "fork", "first@step:2", "--name", "second", "--set", "train.steps=5");
    const second = (await line.list(clone)).find(({ name }) => name === "second") ?? assert.fail();
    assert.deepEqual(
      second.checkpoints.map(({ step }) => step),
      [null, 1, 2, 3, 4, 5],
    );
    // 0.5 for each of 8 characters, five times: the weight of step 2 was really taken over.
    const model = JSON.parse(await readFile(`${clone}/training code/model final.json`, "utf8"));
    assert.deepEqual(model, { step: 5, weight: 0.5 * 8 * 5 });
    assert.deepEqual(JSON.parse(await dvc.dvc(clone, ["status", "--json"])), {});

    const shown = (await shownExperiments(dvc, clone)).get("second") ?? assert.fail();
    assert.deepEqual(
      shown.map(({ rev }) => rev),
      second.checkpoints.map(({ sha }) => sha),
    );
    const contents = await contentsOf(clone, trainingOutputs);
    await dvc.dvc(clone, ["exp", "push", "--quiet", "origin", "second"]);
    await dvc.dvc(project.root, ["exp", "pull", "--quiet", "origin", "second"]);
    await dvc.dvc(project.root, ["exp", "apply", "second"]);
    assert.deepEqual(await contentsOf(project.root, trainingOutputs), contents);
  });
});
