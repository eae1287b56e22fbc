import assert from "node:assert/strict";
import { test } from "node:test";
import { restoreAgainAndAgain } from "../support/restoring/campaign.ts";

const runs = 25;

// The same with 500 sequences: npm run test:restore
test(`${runs} sequences of work, restores and Git surgery: no byte is lost, and the folder is as it must be`, async (t) => {
  const seed = Date.now() % 1_000_000;
  t.diagnostic(`seed ${seed}`);
  const report = await restoreAgainAndAgain({ runs, seed, longest: 20 });
  assert.deepEqual(report.fault, null);
  assert.equal(report.sequences, runs);
});
