import type { Disposable } from "../event.ts";
import type { WatchedSets } from "../store/watchedSets.ts";
import { WatchTrigger, type WatchTriggerOptions } from "./watchTrigger.ts";

export interface StageTriggersOptions extends WatchTriggerOptions {
  /** Where the training stands, as far as it said so. */
  readonly progress: () => { readonly step: number | null; readonly total: number | null };
}

/** Checkpoints of one launched stage that its code does not ask for: by files that it writes, and by time. */
export class StageTriggers implements Disposable {
  readonly #options: StageTriggersOptions;
  readonly #watch: WatchTrigger | null;
  #timer: NodeJS.Timeout | null = null;
  #recording: Promise<unknown> = Promise.resolve();

  constructor(options: StageTriggersOptions) {
    this.#options = options;
    this.#watch = options.stage.settings.watch.length > 0 ? new WatchTrigger(options) : null;
  }

  /** To be called before the code starts. */
  async begin(): Promise<void> {
    await this.#watch?.begin();
    const { interval } = this.#options.stage.settings;
    if (interval === null) return;
    let isRecording = false;
    this.#timer = setInterval(() => {
      // One that takes longer than the interval leaves turns out; they must not queue up behind it.
      if (isRecording) return;
      isRecording = true;
      this.#recording = this.#recordInterval()
        .catch(() => {})
        .finally(() => {
          isRecording = false;
        });
    }, interval);
    this.#timer.unref();
  }

  /** What a snapshot may take of a stage whose code goes on meanwhile; `null` for all that there is. */
  async completeSets(): Promise<WatchedSets | null> {
    return (await this.#watch?.completeSets()) ?? null;
  }

  /** To be called when the code has ended. */
  async finish(succeeded: boolean): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#recording;
    await this.#watch?.finish(succeeded);
  }

  dispose(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#watch?.dispose();
  }

  async #recordInterval(): Promise<void> {
    const { stage, record, now } = this.#options;
    const { step, total } = this.#options.progress();
    const sets = (await this.completeSets()) ?? nothingWatched;
    await record(
      {
        ...{ stage, kind: "interval", step, total, name: null, metrics: {}, metadata: {}, warning: null },
        time: now(),
      },
      sets,
    );
  }
}

const nothingWatched: WatchedSets = { patterns: [], complete: [], due: [] };
