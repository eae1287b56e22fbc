import { spawn } from "node:child_process";
import type { Failure, Tally } from "./tally.ts";

/** Runs a command as one test of a suite. What it prints is shown only if it fails. */
export function runAsTest(
  tally: Tally,
  command: readonly [string, ...string[]],
  options: { readonly root: string; readonly onFailure: (failure: Failure) => void },
): Promise<void> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(program, args, {
      cwd: options.root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      tally.milliseconds += Date.now() - started;
      if (code === 0) tally.passed += 1;
      else {
        const failure = { title: [tally.name, command.join(" ")], text: output };
        tally.failures.push(failure);
        options.onFailure(failure);
      }
      resolve();
    });
  });
}
