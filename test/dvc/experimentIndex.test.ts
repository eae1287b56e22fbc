import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValuesByFile } from "../../src/engine/model.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { dvcEnvironment } from "../support/dvcEnvironment.ts";
import { checkpointMessage, projectAt, writeLines } from "../support/experimentHistory.ts";
import { temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

const train = `import json, yaml
params = yaml.safe_load(open("params.yaml"))
json.dump({"loss": params["lr"] * 2, "val": {"acc": 0.5}}, open("metrics.json", "w"))
open("model.bin", "w").write("model %s" % params["lr"])
`;

/** What of `dvc exp show --json` both sides show. */
interface ShownExperiments {
  readonly experiments:
    | readonly {
        readonly name: string;
        readonly revs: readonly {
          readonly rev: string;
          readonly data: {
            readonly params: { readonly [file: string]: { readonly data: ValuesByFile[string] } };
            readonly metrics: { readonly [file: string]: { readonly data: ValuesByFile[string] } };
            readonly outs: {
              readonly [path: string]: { readonly hash: string; readonly use_cache: boolean };
            };
          };
        }[];
      }[]
    | null;
}

test("what DVC 3 shows of its experiments and of ours is what the index has", {
  timeout: 20 * 60_000,
}, async (t) => {
  const home = await temporaryFolder();
  t.after(home.dispose);
  const dvc = await dvcEnvironment(home.root);
  const project = await temporaryProject({
    "train.py": train,
    "params.yaml": "lr: 0.1\nseed: 3\n",
    "dvc.yaml":
      "stages:\n  train:\n    cmd: python train.py\n    deps: [train.py]\n    params: [lr]\n" +
      "    outs: [model.bin]\n    metrics:\n    - metrics.json: {cache: false}\n",
  });
  t.after(project.dispose);
  await dvc.dvc(project.root, ["init", "--quiet"]);
  const baseline = await project.commit("Use DVC");
  await dvc.dvc(project.root, ["exp", "run", "--name", "theirs", "--set-param", "lr=0.25"]);

  const index = new ExperimentIndex(projectAt(project.root));
  t.after(() => index.dispose());
  await index.refresh();
  const theirs = index.experiments.find(({ name }) => name === "theirs")?.checkpoints.at(-1) ?? assert.fail();
  assert.equal(theirs.kind, "foreign");
  assert.equal((await index.fileAt(theirs.sha, "model.bin"))?.toString(), "model 0.25");

  const metrics = { "metrics.json": { loss: 0.5, val: { acc: 0.75 } } };
  const values = { metrics, params: { "params.yaml": { lr: 0.4, seed: 3 } }, outs: theirs.outs };
  const files = {
    "params.yaml": "lr: 0.4\nseed: 3\n",
    "metrics.json": JSON.stringify(metrics["metrics.json"]),
  };
  const commits = [1, 2].map((sequence) => ({
    message: checkpointMessage({ experiment: "ours", sequence, values }),
    time: 1_767_000_000 + sequence,
    files: sequence === 1 ? files : {},
  }));
  await writeLines(project.root, [{ ref: experimentRef(baseline, "ours"), from: theirs.sha, commits }]);
  await index.refresh();

  const shown = JSON.parse(
    await dvc.dvc(project.root, ["exp", "show", "--json"]),
  ) as readonly ShownExperiments[];
  const lines = shown.flatMap(({ experiments }) => experiments ?? []);
  assert.deepEqual(lines.map(({ name }) => name).sort(), ["ours", "theirs"]);
  for (const { name, revs } of lines) {
    const experiment = index.experiments.find((one) => one.name === name) ?? assert.fail(name);
    const newestFirst = experiment.checkpoints.toReversed();
    assert.deepEqual(
      newestFirst.map(({ sha }) => sha),
      revs.map(({ rev }) => rev),
    );
    for (const [position, { data }] of revs.entries()) {
      const checkpoint = newestFirst[position] ?? assert.fail();
      assert.deepEqual(checkpoint.params, contents(data.params));
      assert.deepEqual(checkpoint.metrics, contents(data.metrics));
      assert.deepEqual(
        // DVC does not list metrics among the outputs.
        checkpoint.outs.flatMap(({ path, hash, cached }) => (cached ? [[path, hash, cached]] : [])),
        Object.entries(data.outs)
          .map(([path, { hash, use_cache }]) => [path, hash, use_cache])
          .sort(),
      );
    }
  }
});

function contents(files: { readonly [file: string]: { readonly data: ValuesByFile[string] } }): ValuesByFile {
  return Object.fromEntries(Object.entries(files).map(([file, { data }]) => [file, data]));
}
