import * as vscode from "vscode";

/** Milliseconds for which refreshes of a view are gathered. */
const gatherTime = 100;

/** Tells a tree view which rows to draw again: the smallest set, and not more often than a person can see. */
export class ViewRefresh<Row> implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly event = this.#changed.event;
  readonly #stale = new Set<Row>();
  #isAllStale = false;
  #timer: NodeJS.Timeout | null = null;

  row(row: Row): void {
    this.#stale.add(row);
    this.#schedule();
  }

  all(): void {
    this.#isAllStale = true;
    this.#schedule();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#changed.dispose();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#changed.fire(this.#isAllStale ? undefined : [...this.#stale]);
      this.#isAllStale = false;
      this.#stale.clear();
    }, gatherTime);
  }
}
