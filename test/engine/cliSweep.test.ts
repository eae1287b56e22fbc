import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { committedProject, trainingFiles } from "../support/runs.ts";

const cli = testCommandLine();

test("several values of --set become runs of the queue, each with a name that says its values", async (t) => {
  const { root } = await committedProject(t, trainingFiles);
  const savepoint = (line: string) => cli().attempt(root, line.split(" "));
  assertRefused(
    await savepoint("run train --set params.json:rate=2.0,3.0"),
    /That makes 2 runs: add -j N .*, or --queue .*; .* --set 'rate="2\.0,3\.0"'/,
    2,
  );
  assertRefused(
    await savepoint("run train --queue --set params.json:rate=2.0,fast"),
    /'rate' in params\.json is a number, but 'fast' is not/,
    1,
  );
  assertRefused(
    await savepoint("run train --queue --samples 3 --set params.json:rate=2.0"),
    /--samples draws from several values/,
    2,
  );
  const grid = await savepoint("run train -j 2 --name grid --set params.json:rate=range(2,4)");
  assert.equal(grid.code, 0, grid.stderr);
  const names = (await cli().list(root)).map(({ name, status }) => `${name} ${status}`);
  assert.deepEqual(names.toSorted(), ["grid-rate-2 succeeded", "grid-rate-3 succeeded"]);

  const resumed = await savepoint("resume grid-rate-2 --queue --set params.json:rate=5.0,6.0");
  assert.equal(resumed.code, 2);
  assert.match(resumed.stderr, /can go on with one value of each parameter only\. Fork it/);
  const forks = await savepoint("fork grid-rate-2@1 --queue --name deep --set params.json:rate=5.0,6.0");
  assert.equal(forks.code, 0, forks.stderr);
  assert.match(forks.stderr, /queued deep-rate-5\.0: fork grid-rate-2@1, params\.json:rate=5\.0/);
});

test("runs are drawn at random, the same for the same seed; very many have to be meant", async (t) => {
  const { root } = await committedProject(t, trainingFiles);
  const draw = async (seed: string) => {
    const line = `run train --queue --set params.json:rate=loguniform(1e-3,1) --samples 3 ${seed}`.trim();
    const drawn = await cli().attempt(root, line.split(" "));
    assert.equal(drawn.code, 0, drawn.stderr);
    return drawn.stderr;
  };
  const ratesOf = (text: string) => [...text.matchAll(/params\.json:rate=(\S+)/g)].map(([, rate]) => rate);
  const first = await draw("");
  const [, seed = ""] = /--seed (\d+)/.exec(first) ?? [];
  assert.equal(ratesOf(first).length, 3);
  assert.deepEqual(ratesOf(await draw(`--seed ${seed}`)), ratesOf(first));

  const savepoint = (line: string) => cli().attempt(root, line.split(" "));
  assertRefused(
    await savepoint("run train --queue --set params.json:rate=uniform(0,1)"),
    /rate is drawn at random, .*--samples N/,
    2,
  );
  assertRefused(await savepoint("run train --queue --seed 3"), /--seed is for runs that are drawn/, 2);
  assertRefused(await savepoint("run train --samples 0"), /--samples takes a whole number from 1/, 2);
  assertRefused(
    await savepoint("run train --queue --set params.json:rate=range(0,101)"),
    /That makes 101 runs; add --yes/,
    1,
  );
});
