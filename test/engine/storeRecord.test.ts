import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { test } from "node:test";
import { statusOf } from "../../src/engine/run/stageStatus.ts";
import { recordingProject, request } from "../support/recording.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

test("a checkpoint becomes a commit with dvc.lock, cache objects and params", async (t) => {
  const project = await recordingProject(t);
  const recorder = await project.open();
  await project.train(1);
  const taken = await recorder.snapshot(request(project.stage, { step: 1 }));
  assert.deepEqual(taken, {
    ok: true,
    value: { id: "run-1/1", sequence: 1, label: "amber-heron@1" },
  });
  assert.deepEqual(await recorder.drain(), { ok: true, value: undefined });
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  assert.equal(await project.git("rev-parse", project.ref), checkpoint.sha);
  assert.equal(await project.git("rev-parse", `${checkpoint.sha}^`), project.baseline);
  assert.deepEqual(checkpoint.metrics, { "metrics.json": { loss: 1 } });
  assert.deepEqual(checkpoint.params, { "params.yaml": { lr: 0.1, epochs: 3 } });
  assert.deepEqual((await project.git("ls-tree", "-r", "--name-only", checkpoint.sha)).split("\n"), [
    ".dvc/.gitignore",
    ".dvc/config",
    ".dvcignore",
    ".gitignore",
    "dvc.lock",
    "dvc.yaml",
    "metrics.json",
    "notes.txt",
    "params.yaml",
    "train.py",
  ]);
  assert.equal(
    await project.git("show", `${checkpoint.sha}:dvc.lock`),
    [
      "schema: '2.0'",
      "stages:",
      "  train:",
      "    cmd: python3 train.py",
      "    deps:",
      "    - path: train.py",
      "      hash: md5",
      "      md5: c19453656efc29deac9a4bd3f14a9e6c",
      "      size: 9",
      "    params:",
      "      params.yaml:",
      "        lr: 0.1",
      "    outs:",
      "    - path: metrics.json",
      "      hash: md5",
      "      md5: c81aa6c0495687fb45d1e7cc03f27501",
      "      size: 10",
      "    - path: model.bin",
      "      hash: md5",
      "      md5: fed852acf3ae65c9692568210449eeae",
      "      size: 19",
      "    - path: weights",
      "      hash: md5",
      "      md5: 1f0c50dee888c6273c2bc080d8790a9f.dir",
      "      size: 20",
      "      nfiles: 2",
    ].join("\n"),
  );
});

test("dependencies and params outside the project are recorded, and seen when they change", async (t) => {
  const outside = await temporaryFolder({ "data.txt": "x\n", "near.txt": "y\n", "p.yaml": "a: 1\n" });
  t.after(outside.dispose);
  const folder = `../${basename(outside.root)}`;
  const project = await recordingProject(t, {
    "dvc.yaml": [
      "stages:",
      "  train:",
      "    cmd: run",
      `    deps: [${outside.path("data.txt")}, ${folder}/near.txt]`,
      `    params: [${folder}/p.yaml: [a]]`,
      "    outs: [model.bin]",
    ].join("\n"),
  });
  const recorder = await project.open();
  await project.train(1);
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  const lock = await project.git("show", `${project.recorded[0]?.sha}:dvc.lock`);
  await project.write({ "dvc.lock": `${lock}\n` });
  assert.deepEqual(await statusOf(project, project.stage), { kind: "up-to-date" });
  await outside.write({ "data.txt": "other\n", "p.yaml": "a: 2\n" });
  const status = await statusOf(project, project.stage);
  assert.deepEqual(status?.kind === "changed" && status.reasons, [
    `dependency '${outside.path("data.txt")}' changed`,
    `parameter 'a' in ${folder}/p.yaml changed from 1 to 2`,
  ]);
});

test("a pipe where a params file outside the project should be is not waited for", {
  skip: process.platform === "win32",
}, async (t) => {
  const outside = await temporaryFolder({});
  t.after(outside.dispose);
  execFileSync("mkfifo", [outside.path("p.yaml")]);
  const project = await recordingProject(t, {
    "dvc.yaml": `stages: {train: {cmd: run, params: [../${basename(outside.root)}/p.yaml: [a]], outs: [model.bin]}}`,
  });
  const recorder = await project.open();
  await project.train(1);
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.length, 1);
});
