import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { committedProject, experimentNamed, finishRun, testDesk } from "../support/runs.ts";

const files = {
  "dvc.yaml": `stages:
  prepare:
    cmd: mkdir -p data && cp raw.txt data/a.txt && cp raw.txt other.txt
    deps: [raw.txt]
    outs: [data, other.txt]
  train:
    cmd: cat data/a.txt data/a.txt | head -n $(cat lines.txt) > model.txt
    deps: [data, lines.txt]
    outs:
    - model.txt: {persist: true}
`,
  "raw.txt": "one\ntwo\n",
  "lines.txt": "1\n",
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
};

test("what a stage needs from earlier stages and is not there comes with the checkpoint, as in a clone", async (t) => {
  const repository = await committedProject(t, files);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  const first = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1) ?? assert.fail();
  const lock = await repository.read("dvc.lock");

  for (const path of ["data", "other.txt", "model.txt", "dvc.lock", ".gitignore"]) {
    await rm(repository.path(path), { recursive: true });
  }
  await repository.write({ "lines.txt": "3\n" });
  const run = await finishRun(desk, { verb: "resume", checkpoint: first });

  assert.equal(run.state, "succeeded");
  assert.equal(await repository.read("model.txt"), "one\ntwo\none\n");
  assert.equal(existsSync(repository.path("other.txt")), false, "nothing depends on it");
  assert.equal((await repository.read("dvc.lock")).split("  train:")[0], lock.split("  train:")[0]);
  assert.doesNotMatch(await repository.git("status", "--short"), /data|model/);
});

test("what is there is left as it is", async (t) => {
  const repository = await committedProject(t, files);
  const desk = await testDesk(t, repository);
  await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  const first = (await experimentNamed(desk, "amber-heron")).checkpoints.at(-1) ?? assert.fail();
  await repository.write({ "data/a.txt": "mine\n", "model.txt": "overwritten" });

  const run = await finishRun(desk, { verb: "resume", checkpoint: first });

  assert.equal(run.state, "succeeded");
  assert.equal(await repository.read("data/a.txt"), "mine\n");
  assert.equal(await repository.read("model.txt"), "mine\n");
});
