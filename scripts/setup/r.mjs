import { findProgram } from "./command.mjs";
import { installDebianPackages } from "./debian.mjs";
import { SetupError, say } from "./say.mjs";

/** Makes R ready for the tests of its client. Where it can't be installed it says so, and those tests are skipped. */
export async function installR() {
  if (findProgram("Rscript")) return;
  try {
    await installDebianPackages(["r-base-core"], "R, for the tests of its client,");
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message} Until then the R client is not tested.`);
  }
}
