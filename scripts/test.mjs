/**
 * `npm test`: sets up what is missing, builds, and runs the suites. `npm test -- unit engine` runs those only.
 * Ends with one line over all suites, and with a non-zero exit code if a test failed or a suite ran no test.
 * Starts under Node 20 without any package; the rest is loaded once Node 24 is there.
 */
import { prepareTools } from "./setup/prepare.mjs";

await prepareTools();
const { runSuites } = await import("./suites/main.ts");
process.exitCode = await runSuites(process.argv.slice(2));
