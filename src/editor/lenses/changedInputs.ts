import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { Checkpoint } from "../../engine/model.ts";
import type { Pipeline, StageCause } from "../../engine/pipeline/stage.ts";
import { inBackground, type Log } from "../base/messages.ts";

/** What is known of a checkpoint, and the pipeline for which it was last asked: each refresh makes a new one. */
interface Known {
  readonly pipeline: Pipeline;
  readonly causes: readonly StageCause[];
}

/**
 * What stages use that is other than at their newest checkpoints, for lenses, which can't wait: what is known is told at
 * once, and asked for again in the background when files of the pipeline changed.
 */
export class ChangedInputs implements vscode.Disposable {
  readonly #log: Log;
  readonly #known = new WeakMap<Checkpoint, Known>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(log: Log) {
    this.#log = log;
  }

  of(engine: Engine, checkpoint: Checkpoint): readonly StageCause[] {
    const { pipeline } = engine.pipeline;
    const known = this.#known.get(checkpoint);
    if (known?.pipeline !== pipeline) {
      this.#known.set(checkpoint, { pipeline, causes: known?.causes ?? [] });
      inBackground(
        this.#ask(engine, checkpoint, pipeline),
        "Telling what changed since a checkpoint",
        this.#log,
      );
    }
    return known?.causes ?? [];
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #ask(engine: Engine, checkpoint: Checkpoint, pipeline: Pipeline): Promise<void> {
    const causes = await engine.inputsChangedSince(checkpoint);
    const known = this.#known.get(checkpoint);
    if (known?.pipeline !== pipeline) return;
    this.#known.set(checkpoint, { pipeline, causes });
    const isSame =
      causes.length === known.causes.length &&
      causes.every(({ text }, at) => text === known.causes[at]?.text);
    if (!isSame) this.#changed.fire();
  }
}
