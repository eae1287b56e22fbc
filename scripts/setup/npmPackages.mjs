import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npmCommand, runVisibly } from "./command.mjs";
import { SetupError, say } from "./say.mjs";

/** The packages of a lock file: versions by path. Empty when the file is missing or unreadable. */
function lockedVersions(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, "utf8"));
    return new Map(Object.entries(packages).filter(([path]) => path !== ""));
  } catch {
    return new Map();
  }
}

/** What is wrong with node_modules, as a phrase, or null when it holds what the lock file names. */
function whyStale(root) {
  if (!existsSync(join(root, "node_modules"))) return "node_modules is missing";
  const wanted = lockedVersions(join(root, "package-lock.json"));
  const installed = lockedVersions(join(root, "node_modules/.package-lock.json"));
  for (const [path, { version, optional }] of wanted) {
    // Optional packages are for other platforms.
    if (optional) continue;
    if (installed.get(path)?.version !== version) return `${path} is not at ${version}`;
  }
  return existsSync(nodeBinary(root)) ? null : "the package `node` holds no program";
}

/** Where the npm package `node` puts the program. */
export function nodeBinary(root) {
  return join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
}

/** Installs the npm packages of the lock file, unless they are there. */
export async function installPackages(root) {
  const reason = whyStale(root);
  if (!reason) return;
  say(`Installing the npm packages of package-lock.json (${reason}) …`);
  const [command, args, options] = npmCommand(["ci", "--no-audit", "--no-fund"]);
  const code = await runVisibly(command, args, { ...options, cwd: root });
  const still = whyStale(root);
  if (code === 0 && !still) return;
  throw new SetupError(
    `npm ci ${code === 0 ? `left something out: ${still}` : `ended with code ${code}`}. ` +
      "Check that the machine reaches an npm registry (npm ping), then run the command again.",
  );
}
