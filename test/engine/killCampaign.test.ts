import assert from "node:assert/strict";
import { test } from "node:test";
import { closingLine, countKills, killAgainAndAgain } from "../support/kills/campaign.ts";

const kills = 50;

// The same with 1,000 kills: npm run test:kill
test(`what was released survives ${kills} kills of who listens, and nothing hangs or is left behind`, async (t) => {
  const report = await killAgainAndAgain({ kills, seed: Date.now() % 1_000_000 });
  t.diagnostic(closingLine(report));
  assert.deepEqual(report.problems, []);
  assert.equal(countKills(report), kills);
  assert.equal(report.recorded, report.released);
  assert.ok(report.released > 0, "a training that never gets on shows nothing");
  assert.equal(report.hangs, 0);
});
