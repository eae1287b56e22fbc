import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isList, isMap } from "../../src/engine/pipeline/data.ts";
import { stageGraph } from "../../src/engine/pipeline/graph.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import { type LockItem, writeLockEntry } from "../../src/engine/pipeline/lock.ts";
import { pickData } from "../../src/engine/pipeline/params.ts";
import type { Pipeline, Stage } from "../../src/engine/pipeline/stage.ts";
import { readYaml } from "../../src/engine/pipeline/yaml.ts";
import type { Project } from "../../src/engine/project.ts";
import { Git } from "../../src/engine/system/git.ts";
import { dvcEnvironment } from "../support/dvcEnvironment.ts";

const corpus = join(import.meta.dirname, "corpus");

interface DvcStage {
  readonly cmd: string | readonly string[];
  readonly wdir: string;
  readonly deps: readonly string[];
  readonly params: { readonly [file: string]: readonly string[] | null };
  readonly outs: readonly { path: string; kind: string; cache: boolean; persist: boolean }[];
  readonly frozen: boolean;
  readonly always_changed: boolean;
  readonly desc: string | null;
  readonly lock_paths: readonly string[];
}

interface DvcProject {
  readonly crash?: string;
  readonly files: readonly string[];
  readonly file_errors: { readonly [file: string]: string };
  readonly stages: { readonly [address: string]: DvcStage };
  readonly stage_errors: { readonly [address: string]: string };
  readonly edges: readonly (readonly [string, string])[];
  readonly graph_error: string | null;
  readonly top: {
    readonly [file: string]: { readonly metrics: readonly string[]; readonly params: readonly string[] };
  };
}

/** Where Savepoint differs on purpose: it refuses what DVC takes. Everything else in these projects is compared. */
const stricter: { readonly [project: string]: string } = {
  "out-outside": "Git can't hold a file outside the project, so such a checkpoint could not be restored",
  "cmd-empty": "DVC loads a stage without a command and fails when it runs it",
  "mapping-alone": "DVC loads a command that is a mapping and fails when it runs it",
  "cmd-list-null": "DVC loads a list of commands with nothing in it and fails when it runs it",
  "flow-not-indented":
    "YAML 1.2 wants what is in brackets to stand further in than its key; DVC does not mind",
  "foreach-matrix-inside": "DVC takes a matrix inside 'do' and passes over it in silence",
};

let folder = "";
let oracle: { readonly [project: string]: DvcProject } = {};

before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "savepoint-corpus-")));
  const projects = join(folder, "projects");
  await cp(corpus, projects, { recursive: true });
  for (const name of await readdir(projects)) {
    const config = join(projects, name, ".dvc", "config");
    await mkdir(join(config, ".."), { recursive: true });
    // Without Git, DVC need not ask it about each file.
    if (!existsSync(config)) await writeFile(config, "[core]\n    no_scm = True\n");
  }
  const environment = await dvcEnvironment(folder);
  oracle = JSON.parse(await environment.script(folder, [join(import.meta.dirname, "resolve.py"), projects]));
  await new Git(projects).bytes(["init", "--quiet"]);
});

after(() => rm(folder, { recursive: true, force: true }));

const names = await readdir(corpus);

test("the corpus is as large as it should be", () =>
  assert.ok(names.length >= 60, `${names.length} projects`));

for (const name of names) {
  test(`resolves ${name} as DVC does`, async () => {
    const expected = oracle[name];
    assert.ok(expected && expected.crash === undefined, `DVC could not look at it: ${expected?.crash}`);
    const pipeline = await loadPipeline(projectAt(join(folder, "projects", name)));
    compare(name, pipeline, expected);
  });
}

function projectAt(root: string): Project {
  const workTree = join(folder, "projects");
  const gitDirectory = join(workTree, ".git");
  const prefix = `${root.slice(workTree.length + 1)}/`;
  return { root, workTree, gitDirectory, commonDirectory: gitDirectory, prefix, objectFormat: "sha1" };
}

function compare(name: string, pipeline: Pipeline, expected: DvcProject): void {
  const errors = pipeline.problems.filter(({ severity }) => severity === "error");
  const seen = errors
    .map(({ file, range, message }) => `${file}:${range.start.line + 1}: ${message}`)
    .join("\n");
  const wrong = [
    ...Object.values(expected.file_errors),
    ...Object.values(expected.stage_errors),
    expected.graph_error ?? [],
  ].flat();
  if (wrong.length > 0) assert.ok(errors.length > 0, `DVC says:\n${wrong.join("\n")}`);
  else if (!(name in stricter)) assert.equal(seen, "", "DVC finds nothing wrong");
  else assert.ok(errors.length > 0, `${name} is listed as stricter, but nothing is wrong with it`);

  for (const file of Object.keys(expected.file_errors)) {
    assert.ok(
      errors.some((problem) => problem.file === file),
      `DVC refuses ${file}; problems:\n${seen}`,
    );
  }
  const byAddress = new Map(pipeline.stages.map((stage) => [stage.address, stage]));
  for (const address of Object.keys(expected.stage_errors)) {
    assert.ok(!byAddress.has(address), `DVC refuses stage ${address}: ${expected.stage_errors[address]}`);
  }
  const excluded = new Set(
    errors.map(({ file, stage }) => (file === "dvc.yaml" ? stage : `${file}:${stage}`)),
  );
  for (const [address, stage] of Object.entries(expected.stages)) {
    const ours = byAddress.get(address);
    if (ours) {
      assert.deepEqual(describe(ours), normal(stage), `stage ${address}`);
      assert.deepEqual(lockPaths(ours), unique(stage.lock_paths), `paths of ${address} in dvc.lock`);
    } else
      assert.ok(
        [...excluded].some((one) => one === address || address.startsWith(`${one}@`)),
        `${address} is missing; problems:\n${seen}`,
      );
  }
  for (const { address, file } of pipeline.stages) {
    const known = address in expected.stages || file in expected.file_errors;
    assert.ok(known, `stage ${address} is not in DVC's pipeline`);
  }
  if (wrong.length === 0 && !(name in stricter)) {
    const edges = [...stageGraph(pipeline.stages).upstream].flatMap(([from, targets]) =>
      [...targets].map((to) => [from, to]),
    );
    // A `.dvc` file is a stage to DVC; Savepoint knows what it holds without one.
    const stageEdges = expected.edges.filter((edge) => !edge.some((address) => address.endsWith(".dvc")));
    assert.deepEqual(edges.map(String).sort(), stageEdges.map(String).sort(), "edges of the graph");
    assert.deepEqual([...pipeline.files].sort(), [...expected.files].sort(), "pipeline files");
    const top = expected.top["dvc.yaml"];
    if (top) {
      assert.deepEqual(pipeline.shown?.metrics, top.metrics);
      assert.deepEqual(pipeline.shown?.params, top.params);
    }
  }
}

function describe(stage: Stage): unknown {
  return {
    cmd: stage.lockedCommand,
    wdir: stage.workingDirectory,
    deps: [...stage.dependencies].sort(),
    params: Object.fromEntries(stage.params.map(({ file, keys }) => [file, keys && [...keys].sort()])),
    outs: stage.outputs
      .map(({ path, kind, cache, persist }) => ({ path, kind, cache, persist }))
      .sort(byPath),
    frozen: stage.frozen,
    always: stage.alwaysChanged,
    description: stage.description,
  };
}

function normal(stage: DvcStage): unknown {
  const clean = (path: string) => (path === "." ? "" : path);
  return {
    cmd: stage.cmd,
    wdir: clean(stage.wdir),
    deps: [...new Set(stage.deps.map(clean))].sort(),
    params: Object.fromEntries(
      Object.entries(stage.params).map(([file, keys]) => [file, keys && [...new Set(keys)].sort()]),
    ),
    outs: [...stage.outs].sort(byPath),
    frozen: stage.frozen,
    always: stage.always_changed,
    description: stage.desc,
  };
}

/** The paths that Savepoint writes into `dvc.lock`, by which DVC finds what was recorded. */
function lockPaths(stage: Stage): readonly string[] {
  const item = (path: string): LockItem => {
    return { path, hash: "00", legacy: false, size: null, fileCount: null, isExecutable: false };
  };
  const text = writeLockEntry(null, stage, {
    command: stage.lockedCommand,
    dependencies: stage.dependencies.map(item),
    params: Object.fromEntries(stage.params.map(({ file }) => [file, {}])),
    outputs: stage.outputs.map(({ path }) => item(path)),
  });
  const stages = pickData(readYaml(text).data, "stages");
  const entry = isMap(stages) ? stages.get(stage.name) : undefined;
  const listed = ["deps", "outs"].flatMap((section) => {
    const items = isMap(entry) ? (entry.get(section) ?? []) : [];
    return isList(items) ? items.map((one) => String(pickData(one, "path"))) : [];
  });
  const params = isMap(entry) ? entry.get("params") : undefined;
  return unique([...listed, ...(isMap(params) ? params.keys() : [])].map(String));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : 1;
}
