import { setTimeout as delay } from "node:timers/promises";
import type { Checkpoint, Experiment } from "../model.ts";
import { recoverJournal, recoveryLease } from "../store/recover.ts";
import { Lease } from "../system/lease.ts";
import { settleWatch } from "../trigger/watchRecord.ts";
import type { RunRecord } from "./record.ts";
import type { LinePosition } from "./runSession.ts";
import type { RunServices } from "./services.ts";

/** How long another window's recovery is waited for, and how often it is looked at, in milliseconds. */
const recoveryLimit = 60_000;
const recoveryPause = 20;

/** Finishes what the journal holds; when another window is doing that, waits for it. */
export async function recover({ project, hasher }: RunServices): Promise<void> {
  const deadline = performance.now() + recoveryLimit;
  for (;;) {
    await recoverJournal(project, hasher);
    if (Lease.holder(recoveryLease(project)) === null || performance.now() > deadline) return;
    await delay(recoveryPause);
  }
}

/**
 * A run's record as the store knows better, and where its line of checkpoints stands: the record may have been written
 * before the last of them.
 */
export function catchUp(
  record: RunRecord,
  experiments: readonly Experiment[],
): { readonly record: RunRecord; readonly position: LinePosition } {
  const lines = experiments
    .filter(({ baseline }) => baseline === record.baseline)
    .map(({ name, checkpoints }) => ({ name, own: checkpoints.filter(({ run }) => run === record.id) }));
  // The line may have gone on under another name; a line that branched off from it has fewer of the run's own.
  const isKnown = (name: string) => (name === record.experiment ? 1 : 0);
  const [line] = lines.toSorted((a, b) => b.own.length - a.own.length || isKnown(b.name) - isKnown(a.name));
  const last = line?.own.at(-1);
  if (line === undefined || last === undefined) {
    return { record, position: { parent: record.parent, sequence: record.sequence, answered: null } };
  }
  return {
    record: {
      ...record,
      experiment: line.name,
      last: { sha: last.sha, step: last.step, total: last.total },
      checkpoints: line.own.length,
      watching: record.watching ? settleWatch(record.watching, line.own) : null,
    },
    position: { parent: last.sha, sequence: last.sequence, answered: answeredSignal(record, line.own) },
  };
}

/** A signal whose checkpoint is in the store, but which was not taken away before its listener died. */
function answeredSignal({ taking }: RunRecord, checkpoints: readonly Checkpoint[]): LinePosition["answered"] {
  const taken = checkpoints.findLast(({ kind }) => kind === "signal");
  if (!taking || taken?.createdAt !== taking.time) return null;
  const { experiment, sequence } = taken;
  return { signal: taking.signal, label: `${experiment}@${sequence}`, sequence };
}
