import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { nodeBinary } from "./npmPackages.mjs";

/** The Node that runs TypeScript files directly and that the VS Code server was built for. */
const neededMajor = 24;

/** Puts the project's own tools, its Node among them, before everything else on the PATH. */
export function preferOwnTools(root) {
  const own = join(root, "node_modules/.bin");
  const rest = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== own);
  process.env.PATH = [own, ...rest].join(delimiter);
}

/**
 * Runs this very script again with the project's Node when the present one is older, and ends this process with its
 * exit code. Returns only when the present Node is new enough.
 */
export async function runWithNode24(root) {
  preferOwnTools(root);
  if (Number.parseInt(process.versions.node, 10) >= neededMajor) return;
  const child = spawn(nodeBinary(root), process.argv.slice(1), { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; the child decides when to end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT") child.kill(signal);
    });
  }
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`The project's Node could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("close", (exitCode, signal) => resolve(exitCode ?? (signal === "SIGINT" ? 130 : 1)));
  });
  process.exit(code);
}
