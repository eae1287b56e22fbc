import assert from "node:assert/strict";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { type TestContext, test } from "node:test";
import { driftText } from "../../src/engine/environment/drift.ts";
import { driftSince } from "../../src/engine/environment/driftSince.ts";
import { Environments } from "../../src/engine/environment/environments.ts";
import { recordedEnvironment } from "../../src/engine/environment/recordedEnvironment.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import type { Launcher } from "../../src/engine/run/launcher.ts";
import { ProcessLauncher } from "../../src/engine/run/processLauncher.ts";
import { committedProject, experimentNamed, finishRun, testDesk, trainingFiles } from "../support/runs.ts";
import type { Files } from "../support/temporaryProject.ts";
import { VirtualEnvironment } from "../support/virtualEnvironment.ts";

const ignored = `${trainingFiles[".gitignore"]}/.venv\n/other\n`;

/** The training project whose stage is started with a command, and a way to look at what it runs in. */
async function environmentsOf(t: TestContext, command: string, more: Files = {}, isShared = true) {
  const pipeline = String(trainingFiles["dvc.yaml"]).replaceAll("python3 train.py", command);
  const files = { ...trainingFiles, ".gitignore": ignored, "dvc.yaml": pipeline, ...more };
  const repository = await committedProject(t, files);
  const project = await openProject(repository.root);
  assert.ok(project.ok);
  const open = () => {
    const environments = new Environments(project.value, isShared);
    t.after(() => environments.dispose());
    return environments;
  };
  const { stages } = await loadPipeline(project.value);
  const stage = stages.find(({ name }) => name === "train");
  assert.ok(stage);
  return { repository, project: project.value, stage, open };
}

const pythonVersion = /^\d+\.\d+\.\d+/;

test("lists the packages of the virtual environment that a command names, and again after an installation", async (t) => {
  const { repository, stage, open } = await environmentsOf(t, ".venv/bin/python train.py");
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0", Other_Thing: "3.1" });
  const environments = open();
  const found = await environments.now(stage);
  assert.match(found?.python ?? "", pythonVersion);
  assert.deepEqual(found?.packages, { "other-thing": "3.1", tiny: "1.0" });
  await venv.install("tiny", "2.0");
  assert.equal((await environments.now(stage))?.packages?.tiny, "2.0");
  await venv.remove("tiny");
  assert.deepEqual((await open().now(stage))?.packages, { "other-thing": "3.1" });
});

test("a Python is asked once, and not again while nothing was installed", async (t) => {
  const { repository, stage, open } = await environmentsOf(t, ".venv/bin/python train.py");
  await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0" });
  await open().now(stage);
  // What it answers from then on is what was kept, also in another process.
  const file = repository.path(".dvc/tmp/savepoint/environments.json");
  await writeFile(file, (await readFile(file, "utf8")).replace('"1.0"', '"1.0-kept"'));
  assert.equal((await open().now(stage))?.packages?.tiny, "1.0-kept");
  await writeFile(file, '{"version":1,"pythons":{"x":3},"nodes":null');
  assert.equal((await open().now(stage))?.packages?.tiny, "1.0");
});

test("a virtual environment is one and the same through a link, as isolated runs have it", async (t) => {
  const { repository, stage, open } = await environmentsOf(t, ".venv/bin/python train.py");
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0" });
  const environments = open();
  await environments.now(stage);
  await mkdir(repository.path("other"));
  await symlink(venv.bin, repository.path("other/bin"));
  const linked = await environments.now({ ...stage, commands: ["other/bin/python train.py"] });
  assert.equal(linked?.packages?.tiny, "1.0");
  const kept = JSON.parse(await readFile(repository.path(".dvc/tmp/savepoint/environments.json"), "utf8"));
  assert.equal(Object.keys(kept.pythons).length, 1);
});

test("finds the Python of scripts, activations, tools and managers", async (t) => {
  const script = { "train.sh": "set -e\n. .venv/bin/activate\nexec python train.py\n" };
  const { repository, stage, open } = await environmentsOf(t, "sh train.sh", script);
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0" });
  const tool = `${venv.bin}/tinyrun`;
  await writeFile(tool, `#!${venv.python}\nprint(1)\n`, { mode: 0o755 });
  const environments = open();
  for (const command of [
    "sh train.sh",
    ".venv/bin/tinyrun",
    "uv run train.py",
    "make train",
    "cd . && .venv/bin/python -u train.py",
  ]) {
    const environment = await environments.now({ ...stage, commands: [command] });
    assert.equal(environment?.packages?.tiny, "1.0", command);
  }
});

test("asks for the version of Node where a stage runs Node, and for nothing where it runs neither", async (t) => {
  const { stage, open } = await environmentsOf(t, "node train.js");
  const environments = open();
  const found = await environments.now(stage);
  assert.deepEqual([found?.python, found?.packages], [null, null]);
  assert.match(found?.node ?? "", pythonVersion);
  assert.equal(await environments.now({ ...stage, commands: ["echo python"] }), null);
  assert.equal(await environments.now({ ...stage, commands: ["/no/such/python train.py"] }), null);
});

test("a broken Python, and one that imports the project's files, do no harm", async (t) => {
  const { repository, stage, open } = await environmentsOf(t, "./python train.py");
  await repository.write({ "json.py": "raise SystemExit('imported from the project')\n" });
  await writeFile(repository.path("python"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const environments = open();
  assert.equal(await environments.now(stage), null);
  assert.match(
    (await environments.now({ ...stage, commands: ["python3 train.py"] }))?.python ?? "",
    pythonVersion,
  );
  assert.ok(!(await repository.git("status", "--porcelain", "--ignored")).includes("__pycache__"));
});

test("a run notes its environment once for each stage, and drift is told by what it would run in now", async (t) => {
  const { repository, project, open } = await environmentsOf(t, ".venv/bin/python train.py");
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0", same: "5" });
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  const first = await experimentNamed(desk, "amber-heron");
  const noted = first.checkpoints.filter(({ environment }) => environment !== undefined);
  assert.deepEqual(
    noted.map(({ sequence, stage }) => `${sequence} ${stage}`),
    ["1 train", "6 evaluate"],
  );
  const third = first.checkpoints[2];
  assert.ok(third);
  assert.equal(recordedEnvironment(first.checkpoints, third)?.packages?.tiny, "1.0");
  const environments = open();
  assert.deepEqual((await driftSince(project, environments, first, third)).items, []);

  await venv.install("tiny", "2.0");
  await venv.install("extra", "0.1");
  await venv.remove("same");
  const drift = await driftSince(project, environments, first, third);
  assert.equal(driftText(drift.items), "tiny 1.0 → 2.0; same 5 removed; extra 0.1 added");

  // Another virtual environment in its place, as after a change of the branch.
  await rename(repository.path(".venv"), repository.path("other"));
  await VirtualEnvironment.make(repository.path(".venv"), { tiny: "3.0" });
  await finishRun(desk, { verb: "fork", checkpoint: third, name: "brisk-wren" });
  const fork = await experimentNamed(desk, "brisk-wren");
  const [inherited, own] = [fork.checkpoints[2], fork.checkpoints[3]];
  assert.ok(inherited && own);
  assert.equal(recordedEnvironment(fork.checkpoints, inherited)?.packages?.tiny, "1.0");
  assert.equal(recordedEnvironment(fork.checkpoints, own)?.packages?.tiny, "3.0");
});

test("the terminal's own variables decide which Python it is, also for what would run now", async (t) => {
  const { repository, project, stage, open } = await environmentsOf(t, "python3 train.py", {}, false);
  const venv = await VirtualEnvironment.make(repository.path("other"), { tiny: "1.0" });
  const plain = new ProcessLauncher({ stdio: "ignore", isDetached: true });
  const launcher: Launcher = {
    launch: (spec) => {
      const PATH = `${venv.bin}${delimiter}${process.env.PATH}`;
      return plain.launch({ ...spec, env: { ...spec.env, PATH, VIRTUAL_ENV: venv.folder } });
    },
  };
  const environments = open();
  const { services } = await testDesk(t, repository);
  const desk = await testDesk(t, repository, { environments, launch: { ...services.launch, launcher } });
  const before = await environments.now(stage);
  assert.equal(before?.packages?.tiny, undefined);
  await finishRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const experiment = await experimentNamed(desk, "amber-heron");
  const [checkpoint] = experiment.checkpoints;
  assert.ok(checkpoint);
  assert.equal(checkpoint.environment?.packages?.tiny, "1.0");
  assert.deepEqual((await driftSince(project, open(), experiment, checkpoint)).items, []);
});

test("a stage without Python or Node has no environment, and none stands in its commits", async (t) => {
  const files = { "train.sh": "echo 1 > model.json; echo '{}' > metrics.json\n" };
  const { repository, project, open } = await environmentsOf(t, "sh train.sh", files);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: ["train"], name: "amber-heron" });
  const experiment = await experimentNamed(desk, "amber-heron");
  const [checkpoint] = experiment.checkpoints;
  assert.ok(checkpoint);
  assert.equal(recordedEnvironment(experiment.checkpoints, checkpoint), null);
  assert.deepEqual((await driftSince(project, open(), experiment, checkpoint)).items, []);
  assert.ok(!(await repository.git("log", "-1", "--format=%B", checkpoint.sha)).includes("Environment"));
});
