import type { Checkpoint } from "../model.ts";

/** What is on disk of what a stage's watch has recorded, for whoever takes the run over. */
export interface WatchRecord {
  /** Digest of each set that is recorded, or that was there before the stage, by path. */
  readonly seen: { readonly [path: string]: string };
  /** The checkpoint that was begun last: the time that it bears, and what is seen with it. */
  readonly taking: { readonly time: number; readonly seen: WatchRecord["seen"] } | null;
}

/** The record as the store knows better: its writer may have died after the checkpoint was safe. `own` are of its run. */
export function settleWatch(record: WatchRecord, own: readonly Checkpoint[]): WatchRecord {
  const { taking } = record;
  const isTaken = own.some(({ kind, createdAt }) => kind === "watch" && createdAt === taking?.time);
  return { seen: taking !== null && isTaken ? taking.seen : record.seen, taking: null };
}
