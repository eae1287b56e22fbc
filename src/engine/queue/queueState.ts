import type { Origin } from "../model.ts";
import type { ContinuedRequest, FreshRequest, RunRequest } from "../run/request.ts";
import { isFinished, type QueuedRun } from "./queuedRun.ts";

/** A request as it is kept: the checkpoint is looked up again when its turn comes. */
export type StoredRequest =
  | FreshRequest
  | (Omit<ContinuedRequest, "checkpoint"> & { readonly checkpoint: Origin });

/** A queued run with what only the queue needs to know. */
export interface QueueEntry extends QueuedRun {
  readonly request: StoredRequest;
  /** The commit that the workspace was captured in; `null` when the run takes its code from a checkpoint. */
  readonly captured: string | null;
  /** Somebody wants it to be stopped. */
  readonly isCancelled: boolean;
}

/** All that the queue is, as it stands in its file. The order of the entries is that of their starts. */
export interface QueueState {
  readonly version: 1;
  /** Whether nothing is started: so it is at rest, until somebody starts the queue. */
  readonly isPaused: boolean;
  /** How many runs go on at the same time. */
  readonly jobs: number;
  readonly entries: readonly QueueEntry[];
}

/** More runs at the same time than a machine is asked for by mistake. */
export const mostJobs = 64;

export const emptyQueue: QueueState = { version: 1, isPaused: true, jobs: 1, entries: [] };

/** A request without what may be gone or other when its turn comes. */
export function storedRequest(request: RunRequest): StoredRequest {
  if (request.verb === "run") return request;
  const { experiment, sequence, sha } = request.checkpoint;
  return { ...request, checkpoint: { experiment, sequence, sha } };
}

/** What views see of an entry. */
export function viewOf(entry: QueueEntry): QueuedRun {
  const { request: _, captured: __, isCancelled: ___, ...view } = entry;
  return view;
}

/** The entry that is to be started next; none when enough go on. No two work on one experiment at a time. */
export function nextToStart({ isPaused, jobs, entries }: QueueState): QueueEntry | undefined {
  const running = entries.filter(({ state }) => state === "running");
  if (isPaused || running.length >= jobs) return undefined;
  const busy = new Set(running.map(({ name }) => name));
  return entries.find(({ state, name }) => state === "waiting" && !busy.has(name));
}

/** Whether there is nothing left to be done. */
export function isDrained({ entries }: QueueState): boolean {
  return entries.every(isFinished);
}

/** Whether nothing of it runs, and nothing is to be started. */
export function isAtRest({ isPaused, entries }: QueueState): boolean {
  return isPaused && entries.every(({ state }) => state !== "running");
}

/** Puts a waiting entry before another one, or at the end. */
export function moved(state: QueueState, id: string, beforeId: string | null): QueueState {
  const entry = state.entries.find((candidate) => candidate.id === id && candidate.state === "waiting");
  if (entry === undefined || id === beforeId) return state;
  const others = state.entries.filter((candidate) => candidate !== entry);
  const place = others.findIndex((candidate) => candidate.id === beforeId);
  const at = place < 0 ? others.length : place;
  return { ...state, entries: [...others.slice(0, at), entry, ...others.slice(at)] };
}

/** One that waits is over at once; one that runs is marked to be stopped. */
export function cancelled(state: QueueState, id: string): QueueState {
  return changed(state, id, (entry) => {
    if (entry.state === "waiting") return { ...entry, state: "cancelled" };
    return entry.state === "running" ? { ...entry, isCancelled: true } : entry;
  });
}

/** Changes one entry; the same state when there is none with that id. */
export function changed(
  state: QueueState,
  id: string,
  change: (entry: QueueEntry) => QueueEntry,
): QueueState {
  return { ...state, entries: state.entries.map((entry) => (entry.id === id ? change(entry) : entry)) };
}
