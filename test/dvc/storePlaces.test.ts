import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ExperimentJson } from "../../src/engine/compare/listJson.ts";
import { type CommandLine, commandLine } from "../support/commandLine.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { readable, shownExperiments } from "../support/dvcShow.ts";
import {
  type TemporaryFolder,
  type TemporaryProject,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

const files = {
  "other/notes.txt": "of another project",
  "sub/dvc.yaml":
    "stages:\n  train:\n    cmd: sh train.sh\n    deps: [train.sh]\n    params: [lr]\n    outs: [model folder]\n" +
    "    metrics:\n    - metrics.json: {cache: false}\n",
  "sub/params.yaml": "lr: 1\n",
  "sub/train.sh": `mkdir -p 'model folder/deep'
for step in 1 2 3; do
  echo "weights $step" > 'model folder/deep/a.txt'
  printf '{"step": %s}' $step > metrics.json
  signal="$DVC_ROOT/.dvc/tmp/DVC_CHECKPOINT"
  if [ -n "$DVC_CHECKPOINT" ]; then : > "$signal"; while [ -e "$signal" ]; do sleep 0.01; done; fi
done
`,
};

describe("a project below the repository's top, with its cache elsewhere", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let dvc: DvcEnvironment;
  let line: CommandLine;
  let repository: TemporaryProject;
  let root: string;
  let first: ExperimentJson;

  const status = async () => JSON.parse(await dvc.dvc(root, ["status", "--json"]));
  const model = () => repository.read("sub/model folder/deep/a.txt");

  before(async () => {
    home = await temporaryFolder();
    dvc = await dvcEnvironment(home.root);
    line = await commandLine(home.path("savepoint"), dvc.variables);
    repository = await temporaryProject(files);
    root = repository.path("sub");
    await dvc.dvc(root, ["init", "--quiet", "--subdir"]);
    await dvc.dvc(root, ["cache", "dir", "--quiet", "--local", home.path("shared cache")]);
    await repository.commit("Use DVC in a folder");
    // As in a fresh clone: DVC makes it when it needs it.
    await rm(join(root, ".dvc", "tmp"), { recursive: true });
    await line.savepoint(root, "run", "--name", "first");
    first = (await line.list(root))[0] ?? assert.fail();
  });

  after(async () => {
    await repository?.dispose();
    await home?.dispose();
  });

  test("has its objects where DVC's are, as DVC trusts them", async () => {
    assert.equal(existsSync(join(root, ".dvc", "cache")), false);
    const objects = await readdir(home.path("shared cache"), { recursive: true, withFileTypes: true });
    const found = objects.filter((entry) => entry.isFile());
    assert.equal(found.length, 6, "three models, each a file in a folder");
    for (const { parentPath, name } of found) {
      assert.match(join(parentPath, name), /shared cache\/files\/md5\/[0-9a-f]{2}\/[0-9a-f]{30}(\.dir)?$/);
      assert.equal((await stat(join(parentPath, name))).mode & 0o777, 0o444);
    }
  });

  test("is shown and applied by DVC", async () => {
    const shown = (await shownExperiments(dvc, root)).get("first") ?? assert.fail();
    assert.deepEqual(
      shown.map(({ rev, data }) => [rev, readable(data?.metrics ?? {}), readable(data?.params ?? {})]),
      first.checkpoints.map(({ sha }, index) => [
        sha,
        { "metrics.json": { step: index + 1 } },
        { "params.yaml": { lr: 1 } },
      ]),
    );
    await dvc.dvc(root, ["exp", "apply", first.checkpoints[0]?.sha ?? ""]);
    assert.equal(await model(), "weights 1\n");
    assert.deepEqual(await status(), {});
    await line.savepoint(root, "apply", "first");
    assert.equal(await model(), "weights 3\n");
    assert.deepEqual(await status(), {});
  });

  test("gets a damaged object right again when it is recorded once more", async () => {
    const [output] = first.checkpoints[0]?.outs ?? [];
    assert.ok(output);
    const object = home.path("shared cache", "files", "md5", output.hash.slice(0, 2), output.hash.slice(2));
    await chmod(object, 0o644);
    await writeFile(object, "[]");
    await line.savepoint(root, "run", "--force", "--name", "again");
    assert.equal((await stat(object)).mode & 0o777, 0o444);
    await dvc.dvc(root, ["exp", "apply", first.checkpoints[0]?.sha ?? ""]);
    assert.equal(await model(), "weights 1\n");
  });

  test("keeps all checkpoints when DVC collects garbage for all experiments; else says what is gone", async () => {
    const available = async () =>
      (await line.list(root))
        .find(({ name }) => name === "first")
        ?.checkpoints.map(({ outs }) => outs.every((output) => output.available));
    await dvc.dvc(root, ["gc", "--quiet", "--force", "--all-experiments"]);
    assert.deepEqual(await available(), [true, true, true]);

    await line.savepoint(root, "apply", "first");
    await dvc.dvc(root, ["gc", "--quiet", "--force", "--workspace"]);
    assert.deepEqual(await available(), [false, false, true]);
    await assert.rejects(line.savepoint(root, "apply", "first@2"), (error: { readonly stderr: string }) => {
      assert.match(error.stderr, /^savepoint: first@2: model folder .* is not in the cache/);
      return true;
    });
    assert.equal(await model(), "weights 3\n");
    assert.deepEqual(await status(), {});
  });
});
