/**
 * `npm run test:kill`: lets trainings run and kills the process that records their checkpoints, again and again.
 *
 *   npm run test:kill -- --kills 200 --seed 7
 *
 * Ends with one line that sums up what was released and what is in the store, and with exit code 1 if anything was not
 * as it must be.
 */
import { devNull } from "node:os";
import { parseArgs } from "node:util";
import { closingLine, killAgainAndAgain } from "../../test/support/kills/campaign.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
if (!Number.isSafeInteger(kills) || kills < 1 || !Number.isSafeInteger(seed)) {
  console.error("Usage: npm run test:kill -- [--kills N] [--seed S], both whole numbers.");
  process.exit(2);
}

// Nothing may depend on the Git settings of whoever runs it.
Object.assign(process.env, { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" });
console.log(`${kills} kills with seed ${seed}`);
const report = await killAgainAndAgain({
  kills,
  seed,
  onProgress: (progress) => console.log(`… ${closingLine(progress)}`),
});
for (const [name, count] of Object.entries(report.kills).toSorted()) console.log(`  ${count} × ${name}`);
for (const problem of report.problems) console.error(`- ${problem}`);
console.log(`${closingLine(report)} (${report.runs} runs, seed ${seed})`);
process.exitCode = report.problems.length === 0 ? 0 : 1;
