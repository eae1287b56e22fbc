/**
 * Work that many ask for and that is never done twice at once: who asks while it is under way shares the next round,
 * which sees what has changed since.
 */
export class SharedWork<Value> {
  readonly #work: () => Promise<Value>;
  #running: Promise<Value> | null = null;
  #successor: Promise<Value> | null = null;

  constructor(work: () => Promise<Value>) {
    this.#work = work;
  }

  run(): Promise<Value> {
    if (this.#running === null) {
      this.#running = this.#work().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#successor ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#successor = null;
        return this.run();
      });
    return this.#successor;
  }
}
