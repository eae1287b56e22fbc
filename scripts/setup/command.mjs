import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Runs a command that a person may watch. Resolves to its exit code; 127 when it can't be started. */
export function runVisibly(command, args, options = {}) {
  return new Promise((resolve) => {
    // Standard output is ours to keep clean: what an installer prints goes to stderr.
    const child = spawn(command, args, { stdio: ["ignore", 2, 2], ...options });
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Whether a command ends with exit code 0 within ten seconds. */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/** The absolute path of a program on the PATH, or null. */
export function findProgram(name) {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`, name] : [name];
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(Boolean)) {
    for (const candidate of names) {
      try {
        accessSync(join(folder, candidate), constants.X_OK);
        return join(folder, candidate);
      } catch {
        // Not there: look on.
      }
    }
  }
  return null;
}

/** How to call npm on this platform: command, arguments, options. */
export function npmCommand(args) {
  return process.platform === "win32" ? ["npm.cmd", args, { shell: true }] : ["npm", args, {}];
}
