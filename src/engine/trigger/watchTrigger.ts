import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "../event.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Result } from "../result.ts";
import type { SnapshotRequest } from "../store/journal.ts";
import type { SnapshotTaken } from "../store/recorder.ts";
import type { WatchedSets } from "../store/watchedSets.ts";
import { hasMark, isFolder, markOf, nothingObserved, observe, quietSets } from "./completion.ts";
import { describeSets, isWholeState } from "./describeSets.ts";
import { wholeness } from "./fileFormat.ts";
import { type FileSet, scanSets } from "./scanSets.ts";
import type { WatchRecord } from "./watchRecord.ts";

/** How a trigger records: once, for code that goes on meanwhile. Fails with `unchanged` when there is nothing (left). */
export type RecordUnasked = (request: SnapshotRequest, sets: WatchedSets) => Promise<Result<SnapshotTaken>>;

export interface WatchTriggerOptions {
  /** The project's root. */
  readonly root: string;
  readonly stage: Stage;
  readonly record: RecordUnasked;
  /** What was written down of this launch; `null` for one that has not begun. */
  readonly known: WatchRecord | null;
  readonly note: (record: WatchRecord) => void;
  /** A set is gone that was never recorded. */
  readonly onLost: (message: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const longestPause = 1_000;
const shortestPause = 50;
/** Sets that become complete one after another are waited for this many times the settling time. */
const patience = 5;

/**
 * Watches what a stage's code writes when it saves, and has a checkpoint taken when a set of files is complete. Looks at
 * the files again and again: on network file systems, and while files grow, events say too little.
 */
export class WatchTrigger implements Disposable {
  readonly #options: WatchTriggerOptions;
  #seen: { readonly [path: string]: string };
  #observation = nothingObserved;
  #sets: ReadonlyMap<string, FileSet> = new Map();
  /** Since when something is due. */
  #dueSince: number | null = null;
  #warning: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: WatchTriggerOptions) {
    this.#options = options;
    this.#seen = options.known?.seen ?? {};
  }

  /** Begins to watch. What is there before the code starts is not due; resolves when that is known. */
  async begin(): Promise<void> {
    if (this.#options.known === null) {
      await this.#scan();
      this.#seen = Object.fromEntries([...this.#sets.values()].map(({ path, digest }) => [path, digest]));
      this.#options.note({ seen: this.#seen, taking: null });
    }
    this.#plan();
  }

  /** What a snapshot may take now of what is watched. */
  async completeSets(): Promise<WatchedSets> {
    await this.#scan();
    return this.#toTake(await this.#quiet(), []);
  }

  /**
   * The last look, after the code has ended: nothing changes any more, so what is whole is complete. After a failure, a
   * set counts only if it was quiet before or shows by itself that it is whole.
   */
  async finish(succeeded: boolean): Promise<void> {
    this.#stop();
    await this.#looking;
    await this.#scan();
    const quiet = await this.#quiet();
    const complete: FileSet[] = [];
    for (const set of this.#sets.values()) {
      if (quiet.includes(set) || (await this.#isFinal(set, succeeded))) complete.push(set);
    }
    const due = complete.filter((set) => this.#isNew(set));
    if (due.length > 0) await this.#take(complete, due);
    if (this.#warning !== null) this.#options.onLost(this.#warning);
  }

  dispose(): void {
    this.#stop();
  }

  #stop(): void {
    this.#isOver = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #plan(): void {
    if (this.#isOver) return;
    const { settle } = this.#options.stage.settings;
    const pause = Math.min(longestPause, Math.max(shortestPause, settle / 4));
    this.#timer = setTimeout(() => {
      // What fails now may work at the next look.
      this.#looking = this.#look()
        .catch(() => {})
        .finally(() => this.#plan());
    }, pause);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    await this.#scan();
    const quiet = await this.#quiet();
    const due = quiet.filter((set) => this.#isNew(set));
    if (due.length === 0) {
      this.#dueSince = null;
      return;
    }
    const now = performance.now();
    this.#dueSince ??= now;
    const isSettled = [...this.#sets.values()].every((set) => quiet.includes(set) || !this.#isNew(set));
    const hasWaited = now - this.#dueSince >= patience * this.#options.stage.settings.settle;
    if (this.#isOver || !(isSettled || hasWaited)) return;
    await this.#take(quiet, due);
  }

  async #take(complete: readonly FileSet[], due: readonly FileSet[]): Promise<void> {
    const { stage, root, record, note, now } = this.#options;
    const named = await Promise.all(
      due.map(async ({ path }) => ({ path, state: await readOrNull(join(root, markOf(path))) })),
    );
    const { step, total, name, metrics } = describeSets(named);
    const time = now();
    const present = Object.entries(this.#seen).filter(([path]) => this.#sets.has(path));
    const seen = Object.fromEntries([...present, ...due.map(({ path, digest }) => [path, digest])]);
    note({ seen: this.#seen, taking: { time, seen } });
    const request: SnapshotRequest = {
      ...{ stage, kind: "watch", step, total: total ?? stage.settings.total, name, metrics, metadata: {} },
      ...{ warning: this.#warning, time },
    };
    const taken = await record(request, this.#toTake(complete, due));
    if (!taken.ok) return;
    this.#seen = seen;
    this.#warning = null;
    this.#dueSince = null;
    note({ seen, taking: null });
  }

  #toTake(complete: readonly FileSet[], due: readonly FileSet[]): WatchedSets {
    return {
      patterns: this.#options.stage.settings.watch,
      complete: complete.map(({ path, files }) => ({ path, files })),
      due: due.map(({ path }) => path),
    };
  }

  async #scan(): Promise<void> {
    const { root, stage } = this.#options;
    const before = this.#sets;
    this.#sets = await scanSets(root, stage.settings.watch);
    this.#observation = observe(this.#observation, this.#sets, performance.now());
    const files = new Set([...this.#sets.values()].flatMap(inodes));
    const lost = [...before.values()].filter(
      (set) =>
        this.#isNew(set) && !this.#sets.has(set.path) && !inodes(set).some((inode) => files.has(inode)),
    );
    if (lost.length === 0) return;
    const what = `${lost.map(({ path }) => path).join(", ")} was deleted before it could be recorded`;
    this.#warning = this.#warning === null ? what : `${this.#warning}; ${what}`;
    this.#options.onLost(what);
  }

  #isNew({ path, digest }: FileSet): boolean {
    return this.#seen[path] !== digest;
  }

  /** The sets that are complete. What is recorded already is not read again. */
  async #quiet(): Promise<readonly FileSet[]> {
    const { settle } = this.#options.stage.settings;
    const quiet: FileSet[] = [];
    for (const set of quietSets(this.#observation, this.#sets, performance.now(), settle)) {
      if (!this.#isNew(set) || (await this.#isWhole(set))) quiet.push(set);
    }
    return quiet;
  }

  async #isFinal(set: FileSet, succeeded: boolean): Promise<boolean> {
    if (hasMark(set)) return this.#isWhole(set);
    if (isFolder(set)) return succeeded && !this.#observation.usesMark && (await this.#isWhole(set));
    const known = await wholeness(join(this.#options.root, set.path));
    return known === "whole" || (known === "unknown" && succeeded);
  }

  async #isWhole(set: FileSet): Promise<boolean> {
    const { root } = this.#options;
    for (const path of Object.keys(set.files)) {
      if ((await wholeness(join(root, path))) === "cut") return false;
    }
    if (!hasMark(set)) return true;
    const state = await readOrNull(join(root, markOf(set.path)));
    return state !== null && isWholeState(state);
  }
}

function inodes({ files }: FileSet): readonly string[] {
  return Object.values(files).map((identity) => identity.split(".")[0] ?? "");
}

function readOrNull(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
