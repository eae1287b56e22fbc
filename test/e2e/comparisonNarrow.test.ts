import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ComparisonHarness } from "../support/comparison/harness.ts";
import { sampleExperiments, sampleSnapshot } from "../support/comparison/sample.ts";

let harness: ComparisonHarness;

before(async () => {
  harness = await ComparisonHarness.start();
});

after(() => harness?.dispose());

test("in a narrow panel the names keep their room", async () => {
  const panel = await harness.open({ width: 400 });
  await panel.receive(sampleSnapshot(sampleExperiments()));
  const name = panel.page.locator(".cell.name .text", { hasText: "calm-otter" }).first();
  const [shown = 0, whole = 0] = await name.evaluate((text) => [text.clientWidth, text.scrollWidth]);
  assert.ok(shown > 0.75 * whole && whole > 0, `${shown} of ${whole} pixels`);
  assert.deepEqual(await panel.violations(), []);
  await panel.close();
});
