import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { preferOwnTools, runWithNode24 } from "./node24.mjs";
import { installPackages } from "./npmPackages.mjs";
import { SetupError } from "./say.mjs";

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Runs `work`; a {@link SetupError} is told in one line and ends the program with exit code 1. */
export async function orExplain(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`[setup] ${error.message}`);
    process.exit(1);
  }
}

/** Makes npm packages and Node 24 ready. May run this script again and end this process. */
export async function prepareTools() {
  await orExplain(() => installPackages(root));
  preferOwnTools(root);
  await runWithNode24(root);
}
