/**
 * `npm run test:restore`: edits, records, restores, undoes and uses Git in generated sequences, and checks after each
 * step that nothing is lost and that the folder is as it must be.
 *
 *   npm run test:restore -- --runs 200 --seed 7
 *
 * A fault is printed with the shortest sequence that shows it and with what shows it again. Exit code 1 then.
 */
import { devNull } from "node:os";
import { parseArgs } from "node:util";
import { restoreAgainAndAgain } from "../../test/support/restoring/campaign.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "500" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    longest: { type: "string", default: "25" },
    path: { type: "string" },
  },
});
const [runs, seed, longest] = [Number(values.runs), Number(values.seed), Number(values.longest)];
if (
  ![runs, longest].every((number) => Number.isSafeInteger(number) && number > 0) ||
  !Number.isSafeInteger(seed)
) {
  console.error(
    "Usage: npm run test:restore -- [--runs N] [--seed S] [--longest ACTIONS] [--path P], whole numbers.",
  );
  process.exit(2);
}

// Nothing may depend on the Git settings of whoever runs it.
Object.assign(process.env, { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" });
console.log(`${runs} sequences of up to ${longest} actions with seed ${seed}`);
const report = await restoreAgainAndAgain({
  runs,
  seed,
  longest,
  ...(values.path === undefined ? {} : { path: values.path }),
  onProgress: (count) => count % 25 === 0 && console.log(`… ${count} sequences`),
});
if (report.fault === null) {
  console.log(`${report.sequences} sequences, nothing lost and all as it must be (seed ${seed})`);
} else {
  const { actions, message, path } = report.fault;
  console.error(
    `${message}\n\nThe shortest sequence that shows it:\n${actions.map((line) => `  ${line}\n`).join("")}`,
  );
  console.error(
    `Again: npm run test:restore -- --seed ${report.fault.seed} --path ${path} --longest ${longest}`,
  );
  process.exitCode = 1;
}
