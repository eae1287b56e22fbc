import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, readFile, stat, truncate } from "node:fs/promises";
import { test } from "node:test";
import { pruneOutput, readRunOutput } from "../../src/engine/run/runOutput.ts";
import { logParts } from "../../src/runner/files.ts";
import { limitLog } from "../../src/runner/logFile.ts";
import { committedProject, finishRun, testDesk, trainingFiles } from "../support/runs.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

test("the output of a run is read launch by launch, with how each went", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    "evaluate.py": `print("evaluating")\n${trainingFiles["evaluate.py"]}`,
  });
  const desk = await testDesk(t, repository);
  await repository.write({ "fail-2": "" });
  const run = await finishRun(desk, { verb: "run", stages: [], name: "amber-heron", retries: 1 });
  assert.equal(run.state, "succeeded");
  const output = await readRunOutput(desk.services.project, run);
  if (!output.ok) throw new Error(output.problem.message);
  const titles = output.value.split("\n").filter((line) => line.startsWith("=== "));
  assert.deepEqual(
    titles.map((line) => line.replace(/\d{4}-.* UTC/, "TIME")),
    [
      "=== train · TIME · failed: exit code 3",
      "=== train · launch 2 · TIME · from amber-heron@2, step 2/5 (the run's own latest) · succeeded",
      "=== evaluate · TIME · succeeded",
    ],
  );
  assert.match(output.value, /train failed with exit code 3 after/);
  assert.match(output.value, /\nevaluating\nSavepoint: evaluate finished/);
  const missing = await readRunOutput(desk.services.project, { ...run, id: "20260101T000000-none" });
  assert.equal(missing.ok ? "" : missing.problem.reason, "no-run");
});

test("old output goes when all of it takes too much room; that of newer runs and the records stay", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "model.json": '{"history": []}' });
  const desk = await testDesk(t, repository);
  const runs = [];
  for (const name of ["one", "two", "three"]) {
    runs.push(
      await finishRun(desk, { verb: "run", stages: ["evaluate"], reach: "single", name, force: true }),
    );
  }
  const logs = runs.map(({ id }) => repository.path(`.dvc/tmp/savepoint/runs/${id}/stage-1-1/log`));
  // Sparse: it takes no room on the disk.
  for (const log of logs) await truncate(log, 100 * 1024 * 1024);
  pruneOutput(desk.services.project);
  assert.deepEqual(logs.map(existsSync), [false, true, true]);
  const [first] = runs;
  assert.ok(first);
  const output = await readRunOutput(desk.services.project, first);
  assert.match(output.ok ? output.value : "", /its output is not kept any more/);
});

test("a log that grows too large keeps its beginning and its end, and says what is missing", async (t) => {
  const folder = await temporaryFolder({ log: "" });
  t.after(folder.dispose);
  const log = folder.path("log");
  const line = (number: number) => `line ${String(number).padStart(7, "0")}`;
  const block = (from: number) =>
    `${Array.from({ length: 100_000 }, (_, index) => line(from + index)).join("\n")}\n`;
  let blocks = 0;
  for (; blocks < 30; blocks++) {
    await appendFile(log, block(blocks * 100_000));
    limitLog(log);
  }
  const sizes = await Promise.all(logParts(log).map(async (part) => (await stat(part)).size));
  assert.ok(sizes.reduce((sum, size) => sum + size) < 20 * 1024 * 1024, sizes.join());
  const text = (await Promise.all(logParts(log).map((part) => readFile(part, "utf8")))).join("");
  assert.ok(text.startsWith(line(0)));
  assert.ok(text.endsWith(`${line(blocks * 100_000 - 1)}\n`));
  assert.match(text, /a part of the output was left out here/);
  const broken = text.split("\n").filter((one) => one !== "" && !/^line \d{7}$|^\[Savepoint: /.test(one));
  assert.deepEqual(broken, []);
});
