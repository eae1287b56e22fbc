import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DataMap } from "../../src/engine/pipeline/data.ts";
import { compareText } from "../../src/engine/pipeline/data.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import {
  type LockEntry,
  type LockItem,
  lockPathOfStage,
  writeLockEntry,
} from "../../src/engine/pipeline/lock.ts";
import { orderStages } from "../../src/engine/pipeline/order.ts";
import { lockedParams } from "../../src/engine/pipeline/params.ts";
import type { Stage } from "../../src/engine/pipeline/stage.ts";
import { type PathHasher, stageStatuses } from "../../src/engine/pipeline/status.ts";
import type { Project } from "../../src/engine/project.ts";
import { HashMemory, hashPath } from "../../src/engine/store/hashPath.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import {
  type TemporaryFolder,
  type TemporaryProject,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

const pipelineText = `
vars:
  - words: [one, two]
stages:
  prepare:
    cmd:
      - mkdir -p data/deep
      - cp raw.txt data/deep/a.txt && cp raw.txt 'data/ü b.txt'
    deps: [raw.txt]
    params: [size]
    outs: [data]
  train:
    cmd: |
      cat data/deep/a.txt > model.bin
      echo "it's: {\\"loss\\": 0.5}" > /dev/null; echo '{"loss": 0.5}' > metrics.json
    wdir: .
    deps: [./data, code.sh]
    params:
      - lr
      - net
      - big
      - labels
      - conf.json: [text, list]
      - whole.toml:
      - consts.py: [Model.width, NAMES]
    outs:
      - ./model.bin
    metrics:
      - metrics.json: {cache: false}
  words:
    foreach: \${words}
    do:
      wdir: sub
      cmd: echo this is a long command line that has to be folded over more than one line of the lock file \${item} > \${item}.txt
      deps: [../raw.txt]
      outs: ["\${item}.txt"]
  executable:
    cmd: cp code.sh tool.sh
    deps: [code.sh]
    outs: [tool.sh]
`;

const files = {
  "dvc.yaml": pipelineText,
  "params.yaml":
    "lr: 1.0\nsize: 1e-05\nbig: 123456789012345678901234567890\nnet: {layers: [1, 2.0, x], act: relu, deep: {z: null, a: true}}\n" +
    "labels: {0: cat, 1: '1', 2: 'a: b'}\n",
  "conf.json": '{"text": "1e3", "list": [{"a": []}, {}, "#x"]}\n',
  "whole.toml": 'title = "x"\n[t]\nnumber = 3\n',
  "consts.py": "NAMES = ('a', 'b')\nclass Model:\n    width = 64\n",
  "raw.txt": "raw\r\nlines\n",
  "code.sh": "#!/bin/sh\n",
  "sub/.keep": "",
  "sub/dvc.yaml":
    "stages:\n  below:\n    cmd: cp ../raw.txt own.txt\n    deps: [../raw.txt]\n    params: [k]\n    outs: [own.txt]\n",
  "sub/params.yaml": "k: text\n",
};

describe("a lock file", () => {
  let home: TemporaryFolder;
  let folder: TemporaryProject;
  let dvc: DvcEnvironment;
  let project: Project;
  let memory: HashMemory;
  const hash: PathHasher = async (path, legacy) => hashPath(folder.path(path), legacy, memory);

  before(async () => {
    home = await temporaryFolder();
    dvc = await dvcEnvironment(home.root);
    folder = await temporaryProject(files);
    memory = new HashMemory();
    const gitDirectory = folder.path(".git");
    project = {
      root: folder.root,
      workTree: folder.root,
      gitDirectory,
      commonDirectory: gitDirectory,
      prefix: "",
      objectFormat: "sha1",
    };
    await dvc.dvc(folder.root, ["init", "--quiet"]);
    await dvc.dvc(folder.root, ["repro", "--all-pipelines"]);
  });

  after(async () => {
    await folder?.dispose();
    await home?.dispose();
  });

  test("of DVC makes every stage up to date", async () => {
    const pipeline = await loadPipeline(project);
    assert.deepEqual(pipeline.problems, []);
    const statuses = await stageStatuses(project, pipeline, hash);
    const expected = ["executable", "prepare", "sub/dvc.yaml:below", "train", "words@one", "words@two"];
    assert.deepEqual([...statuses.keys()].sort(), expected);
    for (const [address, status] of statuses) assert.deepEqual(status, { kind: "up-to-date" }, address);
  });

  test("of ours is what DVC wrote, and DVC finds nothing to do", async () => {
    const written = new Map<string, string>();
    for (const stage of await orderedStages()) {
      const path = lockPathOfStage(stage);
      written.set(path, writeLockEntry(written.get(path) ?? null, stage, await entryOf(stage, false)));
    }
    for (const [path, text] of written) {
      const theirs = await folder.read(path);
      // Each text is its own order of entries, as it grew with the run; what they say is the same.
      assert.deepEqual(sections(text), sections(theirs), path);
      await folder.write({ [path]: text });
    }
    assert.deepEqual(JSON.parse(await dvc.dvc(folder.root, ["status", "--json"])), {});
  });

  test("of ours in DVC 2's form makes DVC find nothing to do, either", async () => {
    const original = await folder.read("dvc.lock");
    let text: string | null = null;
    for (const stage of await orderedStages()) {
      if (stage.file === "dvc.yaml") text = writeLockEntry(text, stage, await entryOf(stage, true));
    }
    assert.doesNotMatch(text ?? "", /hash: md5/);
    try {
      await folder.write({ "dvc.lock": text ?? "" });
      const status = JSON.parse(await dvc.dvc(folder.root, ["status", "--json"]));
      // The cache holds DVC 3's objects only, so that cached outputs are right but "not in cache" at the old place.
      const reasons = Object.values(status)
        .flat()
        .map((reason) => JSON.stringify(reason));
      for (const reason of reasons) assert.match(reason, /not in cache/);
      const statuses = await stageStatuses(project, await loadPipeline(project), hash);
      for (const [address, found] of statuses) assert.deepEqual(found, { kind: "up-to-date" }, address);
    } finally {
      await folder.write({ "dvc.lock": original });
    }
  });

  test("says the same as DVC about what changed", async () => {
    await folder.write({
      "raw.txt": "other\n",
      "params.yaml": files["params.yaml"].replace("layers: [1, 2.0, x]", "layers: [1, 2, y]"),
      "sub/params.yaml": "k: other\n",
      "dvc.yaml": pipelineText.replace("cmd: cp code.sh tool.sh", "cmd: cp -f code.sh tool.sh"),
      "sub/one.txt": "changed by hand\n",
    });
    const theirs: { readonly [address: string]: unknown } = JSON.parse(
      await dvc.dvc(folder.root, ["status", "--json"]),
    );
    const statuses = await stageStatuses(project, await loadPipeline(project), hash);
    const changed = [...statuses].filter(([, { kind }]) => kind !== "up-to-date").map(([address]) => address);
    assert.deepEqual(changed.sort(), Object.keys(theirs).sort());
    const reasonsOf = (address: string) => {
      const status = statuses.get(address);
      return status?.kind === "changed" ? status.reasons : status?.kind;
    };
    assert.deepEqual(reasonsOf("train"), ["parameter 'net' changed"]);
    assert.deepEqual(reasonsOf("executable"), ["the command changed"]);
    assert.deepEqual(reasonsOf("sub/dvc.yaml:below"), [
      "dependency 'raw.txt' changed",
      "parameter 'k' in sub/params.yaml changed from text to other",
    ]);
  });

  async function orderedStages(): Promise<readonly Stage[]> {
    const ordered = orderStages(await loadPipeline(project));
    assert.ok(ordered.ok);
    return ordered.value;
  }

  async function entryOf(stage: Stage, legacy: boolean): Promise<LockEntry> {
    const item = async (path: string): Promise<LockItem> => {
      const found = await hash(path, legacy);
      assert.ok(found, path);
      return { path, legacy, ...found };
    };
    const exactParams = new Map<string, DataMap>();
    for (const dependency of stage.params) {
      const locked = lockedParams(dependency, await folder.read(dependency.file));
      assert.ok(locked.ok);
      exactParams.set(dependency.file, locked.value.values);
    }
    return {
      command: stage.lockedCommand,
      dependencies: await Promise.all(stage.dependencies.map(item)),
      params: {},
      exactParams,
      outputs: await Promise.all(stage.outputs.map(({ path }) => item(path))),
    };
  }
});

/** The entries of a lock file in one order, and what stands before them. */
function sections(text: string): readonly string[] {
  return text.split(/^(?= {2}\S)/m).sort(compareText);
}
