/**
 * Runs a command in a process group of its own, and ends the whole group when standard input closes. Whoever started
 * this holds the other end, so the group ends with them even if they are killed.
 *
 *   node guard.mjs COMMAND ARGUMENT…
 */
import { spawn } from "node:child_process";

/** Milliseconds between the polite signal and the other one. */
const grace = 3_000;

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

function signalGroup(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}

function end() {
  signalGroup("SIGTERM");
  setTimeout(() => signalGroup("SIGKILL"), grace).unref();
}

process.stdin.on("end", end).on("error", end).resume();
// Ctrl-C in the terminal is for the one who started this; they close our input when they are ready.
process.on("SIGINT", () => {});
process.on("SIGTERM", end);
child.on("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on("exit", (code) => {
  // What the command left behind: hosts and terminals.
  signalGroup("SIGKILL");
  process.exit(code ?? 1);
});
