/** Anything that holds a resource. Has the shape of a `vscode.Disposable`, so that the editor can own it. */
export interface Disposable {
  dispose(): void;
}

/** Registers a listener and returns the means to remove it. Has the shape of a `vscode.Event`. */
export type Event<Value> = (listener: (value: Value) => void) => Disposable;

/** The sending end of an {@link Event}. A listener that throws never keeps the others from being called. */
export class Emitter<Value> implements Disposable {
  readonly #listeners = new Set<(value: Value) => void>();

  readonly event: Event<Value> = (listener) => {
    // A wrapper of its own, so that one function that is registered twice is called twice.
    const entry = (value: Value) => listener(value);
    this.#listeners.add(entry);
    return { dispose: () => this.#listeners.delete(entry) };
  };

  fire(value: Value): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        // Reported as an uncaught error of its own, after the remaining listeners have run.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
