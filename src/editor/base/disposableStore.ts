import type { Disposable } from "../../engine/event.ts";

/**
 * Owns disposables. What is added after the store was disposed is disposed at once, so that work that ends late (an
 * engine that opens while the window closes) leaves nothing behind.
 */
export class DisposableStore implements Disposable {
  readonly #owned = new Set<Disposable>();
  #isDisposed = false;

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  add<Item extends Disposable>(item: Item): Item {
    if (this.#isDisposed) item.dispose();
    else this.#owned.add(item);
    return item;
  }

  addAll(...items: readonly Disposable[]): void {
    for (const item of items) this.add(item);
  }

  /** Disposes all, last added first. One that throws does not keep the others from being disposed. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const errors: unknown[] = [];
    for (const item of [...this.#owned].reverse()) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#owned.clear();
    if (errors.length > 0) throw new AggregateError(errors, "Disposing failed");
  }
}
