import type { Disposable, Event } from "../event.ts";
import type { Stage } from "../pipeline/stage.ts";

/** One stage to start: a process that is the runner, which starts the stage's own commands. */
export interface LaunchSpec {
  readonly runId: string;
  readonly stage: Stage;
  readonly experiment: string;
  /** For the terminal's tab: `train · amber-heron`. */
  readonly title: string;
  /** Absolute path of the executable. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Whether it runs beside the person's own work, often one of many: nothing to put in front of them. */
  readonly isIsolated: boolean;
  /** Added to the environment of the runner; the stage's own variables travel in the runner's file. */
  readonly env: { readonly [name: string]: string };
}

/** The place where a launched stage shows its output. Disposing it gives the handle up and ends nothing. */
export interface Launched extends Disposable {
  reveal(): void;
  /** The terminal or process is gone. Only a hint to look at the runner's record: how it ended stands there. */
  readonly onDidClose: Event<void>;
}

/** Starts stages where a person sees them: a VS Code task, or a child of the command line. */
export interface Launcher {
  /** Whether stages see this process's own variables, and not those of a terminal that the editor opens. */
  readonly sharesVariables?: boolean;
  /** Rejects when the place for the process can't be made at all. */
  launch(spec: LaunchSpec): Promise<Launched>;
}
