import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { Emitter } from "../event.ts";
import type { Launched, Launcher, LaunchSpec } from "./launcher.ts";

export interface ProcessLauncherOptions {
  /** `inherit` gives the stage the terminal of this process; see `child_process.spawn` for others. */
  readonly stdio: StdioOptions;
  /** Whether stages outlive this process, and its Ctrl-C does not reach them: they get a process group of their own. */
  readonly isDetached: boolean;
}

/** Starts stages as child processes: for the command line, and wherever there is no editor. */
export class ProcessLauncher implements Launcher {
  readonly sharesVariables = true;
  readonly #options: ProcessLauncherOptions;

  constructor(options: ProcessLauncherOptions) {
    this.#options = options;
  }

  async launch(spec: LaunchSpec): Promise<Launched> {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      stdio: this.#options.stdio,
      detached: this.#options.isDetached,
    });
    const closed = new Emitter<void>();
    child.once("exit", () => closed.fire());
    await started(child);
    return { reveal: () => {}, onDidClose: closed.event, dispose: () => closed.dispose() };
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}
