import { constants } from "node:os";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { RunEnd } from "../../engine/model.ts";

/**
 * The terminal of a task that was started through "Tasks: Run Task" or `tasks.json`. It starts a run as every other
 * command does, waits for its end, and ends with the stage's true exit code, so that compound tasks can build on it.
 */
export class StageTaskTerminal implements vscode.Pseudoterminal {
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;
  readonly #engine: Engine | null;
  readonly #stage: string;
  #runId: string | null = null;

  constructor(engine: Engine | null, stage: string) {
    this.#engine = engine;
    this.#stage = stage;
  }

  open(): void {
    this.#run().then(
      (code) => this.#closed.fire(code),
      (error: unknown) =>
        this.#closed.fire(this.#fail(error instanceof Error ? error.message : String(error))),
    );
  }

  /** The task was terminated or its terminal was closed. */
  close(): void {
    if (this.#runId !== null) void this.#engine?.runs.stop(this.#runId, "now");
  }

  async #run(): Promise<number> {
    const engine = this.#engine;
    if (!vscode.workspace.isTrusted) {
      return this.#fail(
        l10n.t("Stages run in trusted workspaces only. Use “Workspaces: Manage Workspace Trust”."),
      );
    }
    if (engine === null) {
      return this.#fail(l10n.t("There is no project with a dvc.yaml at the place that this task names."));
    }
    const started = await engine.runs.start({ verb: "run", stages: [this.#stage] });
    if (!started.ok && started.problem.reason === "up-to-date") {
      this.#written.fire(`${l10n.t("{0} is up to date.", this.#stage)}\r\n`);
      return 0;
    }
    if (!started.ok) return this.#fail(started.problem.message);
    this.#runId = started.value.id;
    this.#written.fire(
      l10n.t("{0} runs as {1}, in a terminal of its own.", this.#stage, started.value.experiment) + "\r\n",
    );
    const ended = await engine.runs.whenEnded(started.value.id);
    this.#runId = null;
    return exitCode(ended.end);
  }

  #fail(message: string): number {
    this.#written.fire(`${message}\r\n`);
    void vscode.window.showErrorMessage(message);
    return 1;
  }
}

/** As a shell tells it: 128 and the number of the signal for a process that a signal ended. */
function exitCode(end: RunEnd | null): number {
  if (end?.signal) return 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0);
  return end?.code ?? (end?.state === "succeeded" ? 0 : 1);
}
