import assert from "node:assert/strict";
import { test } from "node:test";
import { RunnerFolder } from "../../src/engine/run/runnerRecord.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

/** Lets promises settle that are settled already. */
const settled = Symbol("not yet");

test("a machine that slept while a stage was starting does not give it up", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const directory = await temporaryFolder();
  t.after(directory.dispose);
  const wait = new RunnerFolder(directory.path("launch")).wait(1_000);
  t.after(() => wait.dispose());
  const outcome = () => Promise.race([wait.outcome, Promise.resolve(settled)]);

  const woken = Date.now() + 8 * 3_600_000;
  t.mock.method(Date, "now", () => woken);
  t.mock.timers.tick(250);
  assert.equal(await outcome(), settled);
  for (let look = 0; look < 4; look++) t.mock.timers.tick(250);
  assert.deepEqual(await outcome(), {
    kind: "lost",
    message: "The stage showed no sign of life after its start.",
  });
});
