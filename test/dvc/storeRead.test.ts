import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type CommandLine, commandLine } from "../support/commandLine.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { shownExperiments } from "../support/dvcShow.ts";
import { contentsOf, trainingOutputs, trainingPipeline } from "../support/dvcTraining.ts";
import {
  type TemporaryFolder,
  type TemporaryProject,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

describe("what DVC 3 recorded, in the hands of Savepoint", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let dvc: DvcEnvironment;
  let line: CommandLine;
  let project: TemporaryProject;

  before(async () => {
    home = await temporaryFolder();
    dvc = await dvcEnvironment(home.root);
    line = await commandLine(home.path("savepoint"), dvc.variables);
    project = await temporaryProject(trainingPipeline);
    await dvc.dvc(project.root, ["init", "--quiet"]);
    await project.commit("Use DVC");
    await dvc.dvc(project.root, ["exp", "run", "--quiet", "--name", "theirs"]);
    // What training did by hand, saved without a run of the pipeline.
    await project.write({
      "params.yaml": (await project.read("params.yaml")).replace("lr: 0.5", "lr: 0.25"),
      "training code/model final.json": '{"step": 3, "weight": 100.0}',
    });
    await dvc.dvc(project.root, [
      ...["exp", "save", "--quiet", "--force", "--name", "saved"],
      ...["--include-untracked", "training code/metrics.json"],
    ]);
  });

  after(async () => {
    await project?.dispose();
    await home?.dispose();
  });

  test("is listed, shown and compared", async () => {
    const experiments = await line.list(project.root);
    const summary = experiments.map(({ name, status, checkpoints }) => [
      name,
      status,
      checkpoints.map(({ kind, sequence }) => `${kind} ${sequence}`),
    ]);
    assert.deepEqual(summary.sort(), [
      ["saved", "recorded", ["foreign 1"]],
      ["theirs", "recorded", ["foreign 1"]],
    ]);
    for (const { checkpoints } of experiments) {
      const [checkpoint] = checkpoints;
      assert.deepEqual(checkpoint?.metrics, {
        "training code/metrics.json": { loss: 1 / 3, val: { acc: 0.3, "per class": { a: 0.5, ß: 3 } } },
      });
      assert.deepEqual(
        checkpoint?.outs.map(({ path, available }) => [path, available]),
        [...trainingOutputs].sort().map((path) => [path, true]),
      );
    }
    assert.match(
      await line.savepoint(project.root, "show", "theirs"),
      /param +params\.yaml:train\.lr = 0\.5/,
    );
    const compared = await line.savepoint(project.root, "compare", "theirs", "saved", "--csv");
    assert.match(compared, /^experiment,.*,train\.lr\r?\ntheirs,.*,0\.5\r?\nsaved,.*,0\.25$/m);
  });

  test("is applied, forked and resumed, and DVC reads what comes of it", async () => {
    await line.savepoint(project.root, "apply", "theirs");
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});
    assert.deepEqual(JSON.parse(await project.read("training code/model final.json")), {
      step: 3,
      weight: 0.5 * 8 * 3,
    });

    await line.savepoint(project.root, "fork", "theirs", "--name", "ours", "--set", "train.steps=5");
    assert.deepEqual(JSON.parse(await project.read("training code/model final.json")), {
      step: 5,
      weight: 0.5 * 8 * 5,
    });
    await line.savepoint(project.root, "resume", "saved");
    assert.deepEqual(JSON.parse(await project.read("training code/model final.json")), {
      step: 5,
      weight: 100 + 0.5 * 8 * 2,
    });
    const contents = await contentsOf(project.root, trainingOutputs);

    const experiments = await line.list(project.root);
    const shown = await shownExperiments(dvc, project.root);
    for (const [name, kinds] of [
      ["theirs", ["foreign"]],
      ["ours", ["foreign", "signal", "signal"]],
      ["saved", ["foreign", "signal", "signal"]],
    ] as const) {
      const experiment = experiments.find((one) => one.name === name) ?? assert.fail();
      assert.deepEqual(
        experiment.checkpoints.map(({ kind }) => kind),
        kinds,
      );
      assert.deepEqual(
        shown.get(name)?.map(({ rev }) => rev),
        experiment.checkpoints.map(({ sha }) => sha),
      );
    }
    const ours = experiments.find(({ name }) => name === "ours");
    assert.equal(ours?.resumedFrom?.experiment, "theirs");

    await dvc.dvc(project.root, ["exp", "apply", "ours"]);
    assert.equal(JSON.parse(await project.read("training code/model final.json")).weight, 0.5 * 8 * 5);
    await dvc.dvc(project.root, ["exp", "apply", "saved"]);
    assert.deepEqual(await contentsOf(project.root, trainingOutputs), contents);
    assert.deepEqual(JSON.parse(await dvc.dvc(project.root, ["status", "--json"])), {});
  });

  test("is there in a pipeline that DVC goes on with after Savepoint", async () => {
    // The lock file that Savepoint wrote tells DVC that nothing has to run.
    assert.match(await dvc.dvc(project.root, ["repro"]), /Data and pipelines are up to date\./);
    await dvc.dvc(project.root, ["exp", "run", "--quiet", "--name", "again", "--set-param", "train.steps=6"]);
    const again = (await line.list(project.root)).find(({ name }) => name === "again") ?? assert.fail();
    assert.equal(again.checkpoints.at(-1)?.kind, "foreign");
    const stages = JSON.parse(await line.savepoint(project.root, "stages", "--json"));
    const statuses = stages.stages.map((stage: { status: { kind: string } }) => stage.status.kind);
    assert.deepEqual(statuses, ["up-to-date", "up-to-date"]);
  });
});
