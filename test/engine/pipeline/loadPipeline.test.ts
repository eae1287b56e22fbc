import assert from "node:assert/strict";
import { chmod, rm } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import { loadPipeline } from "../../../src/engine/pipeline/load.ts";
import { writeLockEntry } from "../../../src/engine/pipeline/lock.ts";
import type { StageStatus } from "../../../src/engine/pipeline/stage.ts";
import { type PathHasher, stageStatuses } from "../../../src/engine/pipeline/status.ts";
import type { Project } from "../../../src/engine/project.ts";
import { HashMemory, hashPath } from "../../../src/engine/store/hashPath.ts";
import { type Files, type TemporaryProject, temporaryProject } from "../../support/temporaryProject.ts";

async function make(
  t: TestContext,
  files: Files,
): Promise<{ folder: TemporaryProject; project: Project; hash: PathHasher }> {
  const folder = await temporaryProject(files);
  t.after(folder.dispose);
  const gitDirectory = folder.path(".git");
  const project: Project = {
    root: folder.root,
    workTree: folder.root,
    gitDirectory,
    commonDirectory: gitDirectory,
    prefix: "",
    objectFormat: "sha1",
  };
  const memory = new HashMemory();
  return { folder, project, hash: async (path, legacy) => hashPath(folder.path(path), legacy, memory) };
}

const stage = (name: string) => `stages:\n  ${name}:\n    cmd: run\n    outs: [${name}.out]\n`;

describe("loading the pipeline of a project", () => {
  test("takes every file that neither Git nor DVC ignores, committed or not", async (t) => {
    const { folder, project } = await make(t, {
      "dvc.yaml": stage("top"),
      "a b/ü/dvc.yaml": stage("named"),
      ".gitignore": "/private/\n",
      ".dvcignore": "old/\n",
      "private/dvc.yaml": stage("x"),
      "old/dvc.yaml": stage("x"),
      "node_modules/pkg/dvc.yaml": stage("x"),
      ".dvc/tmp/dvc.yaml": stage("x"),
      "inner/.dvc/config": "",
      "inner/dvc.yaml": stage("x"),
      "gone/dvc.yaml": stage("x"),
    });
    await folder.git("rm", "--quiet", "-r", "gone");
    await folder.write({ "new/dvc.yaml": stage("new") });
    const pipeline = await loadPipeline(project);
    assert.deepEqual(pipeline.problems, []);
    assert.deepEqual(pipeline.files, ["dvc.yaml", "new/dvc.yaml", "a b/ü/dvc.yaml"]);
    assert.deepEqual(
      pipeline.stages.map(({ address }) => address),
      ["top", "new/dvc.yaml:new", "a b/ü/dvc.yaml:named"],
    );
  });

  test("goes on when one file is broken", async (t) => {
    const { project } = await make(t, {
      "dvc.yaml": stage("top"),
      "sub/dvc.yaml": "stages: [",
      "x.dvc": "{",
      "y.dvc": "outs:\n- path: y\n",
    });
    const pipeline = await loadPipeline(project);
    assert.deepEqual(
      pipeline.stages.map(({ name }) => name),
      ["top"],
    );
    assert.deepEqual(
      pipeline.dataFiles?.map(({ path }) => path),
      ["y"],
    );
    assert.deepEqual([...new Set(pipeline.problems.map(({ file }) => file))].sort(), [
      "sub/dvc.yaml",
      "x.dvc",
    ]);
  });

  test("says that the project's own file is ignored", async (t) => {
    const { project } = await make(t, { "dvc.yaml": stage("top"), ".gitignore": "dvc.yaml\n" });
    const pipeline = await loadPipeline(project);
    assert.match(pipeline.problems[0]?.message ?? "", /is ignored by Git; take it out of \.gitignore/);
  });

  test("of a project without a pipeline is empty", async (t) => {
    const { project } = await make(t, { readme: "x" });
    assert.deepEqual((await loadPipeline(project)).stages, []);
  });
});

describe("the status of stages", () => {
  const text =
    "stages:\n  first:\n    cmd: run\n    deps: [in]\n    outs: [mid]\n  second:\n    cmd: run\n    deps: [mid]\n    params: [lr, whole.json:]\n    outs: [out]\n";
  const files = { "dvc.yaml": text, in: "1", "params.yaml": "lr: 0.1\n", "whole.json": '{"a": 1}' };

  async function lockAll(folder: TemporaryProject, project: Project, hash: PathHasher): Promise<void> {
    let lock: string | null = null;
    for (const one of (await loadPipeline(project)).stages) {
      const item = async (path: string) => {
        const found = await hash(path, false);
        assert.ok(found);
        return { path, legacy: false, ...found };
      };
      lock = writeLockEntry(lock, one, {
        command: one.lockedCommand,
        dependencies: await Promise.all(one.dependencies.map(item)),
        params: one.params.length > 0 ? { "params.yaml": { lr: 0.1 }, "whole.json": { a: 1 } } : {},
        outputs: await Promise.all(one.outputs.map(({ path }) => item(path))),
      });
    }
    await folder.write({ "dvc.lock": lock ?? "" });
  }

  async function statusOf(
    project: Project,
    hash: PathHasher,
  ): Promise<{ readonly [address: string]: ReturnType<typeof withoutCauses> }> {
    const statuses = [...(await stageStatuses(project, await loadPipeline(project), hash))];
    return Object.fromEntries(statuses.map(([address, status]) => [address, withoutCauses(status)]));
  }

  test("is never-run before the first lock, and says what is not there yet", async (t) => {
    const { folder, project, hash } = await make(t, files);
    assert.deepEqual(await statusOf(project, hash), {
      first: { kind: "never-run" },
      second: { kind: "never-run" },
    });
    await folder.git("rm", "--quiet", "in");
    assert.deepEqual((await statusOf(project, hash)).first, {
      kind: "blocked",
      reason: "Its dependency 'in' is not there; create it, or correct 'deps' in dvc.yaml",
    });
    await folder.write({ "in.dvc": "outs:\n- md5: 2094b601daac3d68f5aed51d3c20f7cd\n  path: in\n" });
    assert.match(
      JSON.stringify((await statusOf(project, hash)).first),
      /in\.dvc keeps track of it; get it with 'dvc pull'/,
    );
  });

  test("names each thing that changed", async (t) => {
    const { folder, project, hash } = await make(t, files);
    await folder.write({ mid: "2", out: "3" });
    await lockAll(folder, project, hash);
    assert.deepEqual(await statusOf(project, hash), {
      first: { kind: "up-to-date" },
      second: { kind: "up-to-date" },
    });
    await folder.write({
      mid: "changed",
      "params.yaml": "lr: 0.2\n",
      "whole.json": '{"b": 1}',
      "dvc.yaml": text.replace("run", "other"),
    });
    assert.deepEqual(await statusOf(project, hash), {
      first: { kind: "changed", reasons: ["the command changed", "output 'mid' changed"] },
      second: {
        kind: "changed",
        reasons: [
          "dependency 'mid' changed",
          "parameter 'lr' changed from 0.1 to 0.2",
          "parameter 'b' in whole.json is new",
          "parameter 'a' in whole.json was removed",
        ],
      },
    });
  });

  test("tells a missing output from a missing dependency that a stage makes", async (t) => {
    const { folder, project, hash } = await make(t, files);
    await folder.write({ mid: "2", out: "3" });
    await lockAll(folder, project, hash);
    await folder.git("clean", "--quiet", "--force", "mid", "out");
    assert.deepEqual(await statusOf(project, hash), {
      first: { kind: "changed", reasons: ["output 'mid' is missing"] },
      second: {
        kind: "changed",
        reasons: ["dependency 'mid' is missing; stage 'first' makes it", "output 'out' is missing"],
      },
    });
  });

  test("is blocked by a missing parameter, params file, working directory or lock that nobody can read", async (t) => {
    const { folder, project, hash } = await make(t, {
      "dvc.yaml":
        "stages:\n  a: {cmd: run, params: [nope]}\n  b: {cmd: run, params: [{no.yaml: [x]}]}\n  c: {cmd: run, wdir: no/where}\n  d: {cmd: run, params: [{broken.json: [x]}]}\n",
      "params.yaml": "lr: 1\n",
      "broken.json": "{",
    });
    const reasons = Object.values(await statusOf(project, hash)).map((status) =>
      status.kind === "blocked" ? status.reason : status.kind,
    );
    assert.match(reasons[0] ?? "", /'nope' is not in params\.yaml; add it/);
    assert.match(reasons[1] ?? "", /'no\.yaml' is not there; create it/);
    assert.match(reasons[2] ?? "", /working directory 'no\/where' is not there; create it/);
    assert.match(reasons[3] ?? "", /broken\.json, line 1: Invalid JSON/);
    await folder.write({ "dvc.yaml": stage("a"), "dvc.lock": "<<<<<<< ours\n" });
    assert.match(JSON.stringify(await statusOf(project, hash)), /conflict marks; restore the file with Git/);
  });

  test("holds a frozen stage by its outputs alone, and runs what has nothing to compare", async (t) => {
    const { folder, project, hash } = await make(t, {
      ...files,
      "dvc.yaml": `${text.replace("cmd: run", "frozen: true\n    cmd: run")}  bare:\n    cmd: run\n  always:\n    cmd: run\n    always_changed: true\n    deps: [in]\n`,
    });
    await folder.write({ mid: "2", out: "3" });
    await lockAll(folder, project, hash);
    await folder.write({ in: "changed" });
    const statuses = await statusOf(project, hash);
    assert.deepEqual(statuses.first, { kind: "up-to-date" });
    assert.deepEqual(statuses.bare, {
      kind: "changed",
      reasons: ["it always runs, as it has no dependencies and no outputs"],
    });
    assert.deepEqual(statuses.always, {
      kind: "changed",
      reasons: ["it always runs (always_changed)", "dependency 'in' changed"],
    });
    await rm(folder.path("in"));
    assert.deepEqual((await statusOf(project, hash)).first, { kind: "up-to-date" });
  });

  test("says of what can't be read that it can't", {
    skip: process.getuid?.() === 0 && "root may read everything",
  }, async (t) => {
    const { folder, project, hash } = await make(t, files);
    await folder.write({ mid: "2", out: "3" });
    await lockAll(folder, project, hash);
    await chmod(folder.path("mid"), 0);
    await folder.write({});
    assert.match(JSON.stringify((await statusOf(project, hash)).first), /can't be read/);
  });
});

/** The reasons say the same; see the test of the causes. */
function withoutCauses(status: StageStatus) {
  if (status.kind !== "changed") return status;
  const { causes: _, ...rest } = status;
  return rest;
}

test("each cause of a run names its file, and what was and is there", async (t) => {
  const folder = await temporaryProject({
    "dvc.yaml": "stages:\n  a:\n    cmd: run 2\n    deps: [in]\n    params: [lr]\n",
    "dvc.lock":
      "schema: '2.0'\nstages:\n  a:\n    cmd: run 1\n    deps:\n    - {path: in, hash: md5, md5: aa}\n" +
      "    params:\n      params.yaml: {lr: 0.1}\n",
    in: "changed",
    "params.yaml": "lr: 0.2\n",
  });
  t.after(folder.dispose);
  const project = { root: folder.root } as Project;
  const hash: PathHasher = async () => ({ hash: "bb", size: 7, fileCount: null, isExecutable: false });
  const status = (await stageStatuses(project, await loadPipeline(project), hash)).get("a");
  assert.deepEqual(status?.kind === "changed" && status.causes, [
    { text: "the command changed", path: "dvc.yaml", before: "run 1", now: "run 2" },
    { text: "dependency 'in' changed", path: "in", before: "aa", now: "bb" },
    { text: "parameter 'lr' changed from 0.1 to 0.2", path: "params.yaml", before: "0.1", now: "0.2" },
  ]);
});
