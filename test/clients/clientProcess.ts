import { spawn } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real process of training code, with what it printed so far. */
export class ClientProcess {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;
  readonly #child;

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv, directory?: string) {
    const [executable = "", ...args] = command;
    this.#child = spawn(executable, args, {
      env: environment,
      cwd: directory,
      // In a process group of its own, which can be killed as a whole.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
  }

  /** Closes the reading end of its standard error, as the death of a `| tee` does. */
  stopReading(): void {
    this.#child.stderr.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it at once, with all that it started. */
  killAll(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
  }
}
