import type { CheckpointTarget, ExperimentTarget } from "../contract.ts";
import { type Disposable, Emitter } from "../engine/event.ts";

type Selectable = ExperimentTarget | CheckpointTarget;

/** What is ticked for comparison. No filter, refresh or folding ever changes it. */
export class CompareSelection implements Disposable {
  readonly #targets = new Map<string, Selectable>();
  readonly #changed = new Emitter<void>();
  readonly #cleared = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  /** All ticks were taken away other than by a person at the boxes. */
  readonly onDidClear = this.#cleared.event;

  get targets(): readonly Selectable[] {
    return [...this.#targets.values()];
  }

  has(target: Selectable): boolean {
    return this.#targets.has(keyOf(target));
  }

  set(changes: readonly { readonly target: Selectable; readonly isSelected: boolean }[]): void {
    for (const { target, isSelected } of changes) {
      if (isSelected) this.#targets.set(keyOf(target), target);
      else this.#targets.delete(keyOf(target));
    }
    this.#changed.fire();
  }

  clear(): void {
    this.#targets.clear();
    this.#changed.fire();
    this.#cleared.fire();
  }

  dispose(): void {
    this.#changed.dispose();
    this.#cleared.dispose();
  }
}

function keyOf(target: Selectable): string {
  return JSON.stringify([target.root, target.experiment, target.kind === "checkpoint" ? target.sha : null]);
}
