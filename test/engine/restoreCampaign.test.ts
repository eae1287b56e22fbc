import assert from "node:assert/strict";
import { test } from "node:test";
import { restoreAgainAndAgain } from "../support/restoring/campaign.ts";

const runs = 20;
/** The same sequences each time: what fails here is a change's fault. The campaign draws others. */
const seed = 1;

// The same with 500 sequences: npm run test:restore
test(`${runs} sequences of work, restores and Git surgery: no byte is lost, and the folder is as it must be`, async () => {
  const report = await restoreAgainAndAgain({ runs, seed, longest: 20 });
  assert.deepEqual(report.fault, null);
  assert.equal(report.sequences, runs);
});
