import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../runner/process.ts";
import type { Checkpoint } from "../model.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Project } from "../project.ts";
import type { Problem } from "../result.ts";
import {
  recordingFiles,
  recordingsDirectory,
  restoringDirectory,
  savepointDirectory,
} from "../system/layout.ts";
import { Lease } from "../system/lease.ts";
import { readJson } from "../system/versionedJson.ts";
import { incomingDirectory, openCache, removeAbandoned } from "./cache.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import type { Owner, RecordingLine } from "./journal.ts";
import { draftPrefix, LineWriter } from "./lineWriter.ts";
import { liveRecorders } from "./liveRecorders.ts";
import { PrivateIndex } from "./privateIndex.ts";
import { SnapshotStore, type StoreContext } from "./snapshotStore.ts";
import { isDamage } from "./storeCapture.ts";
import { WorkerClient } from "./workerClient.ts";

/** A recorder on another machine counts as gone when it has not written anything for this long, in milliseconds. */
const foreignLimit = 24 * 60 * 60 * 1000;

/** Milliseconds. */
const draftLimit = 10_000;

/** What was found of recordings that a crash, or a closed window, had cut off. */
export interface Recovery {
  /** The snapshots that are checkpoints now, oldest first. */
  readonly recorded: readonly Checkpoint[];
  /** Snapshots that were damaged. */
  readonly dropped: number;
  /** What keeps the rest from being recovered now; it stays, and is tried again next time. */
  readonly problems: readonly Problem[];
}

/** The folder of the lease that whoever recovers a project holds meanwhile. */
export function recoveryLease(project: Project): string {
  return join(savepointDirectory(project), "recovery");
}

/**
 * Finishes every snapshot whose training was released, and removes what is of no use any more. What a live recorder is
 * at work on is left alone. Doing it twice, or being killed while doing it, changes nothing.
 */
export async function recoverJournal(project: Project, hasher: Hasher): Promise<Recovery> {
  const found = await abandonedRecordings(project);
  const recovery = { recorded: [] as Checkpoint[], dropped: 0, problems: [] as Problem[] };
  const cache = await openCache(project);
  for (const folder of [incomingDirectory(cache), restoringDirectory(project)]) await removeAbandoned(folder);
  if (found.length === 0) return recovery;
  const lease = Lease.acquire(recoveryLease(project), "recovery", randomUUID());
  // Another window is doing it.
  if (!(lease instanceof Lease)) return recovery;
  const worker = new WorkerClient(hasher.workerPath);
  try {
    const pipeline = await loadPipeline(project);
    for (const { directory, line } of await abandonedRecordings(project)) {
      try {
        if (line !== null) {
          const parts = { project, pipeline, cache, hasher, worker };
          recovery.dropped += await finish(directory, line, parts, recovery.recorded);
        }
        await rm(directory, { recursive: true, force: true, maxRetries: 5 });
      } catch (error) {
        recovery.problems.push(describeFailure(error, "An interrupted recording could not be finished"));
      }
    }
  } finally {
    worker.dispose();
    lease.dispose();
  }
  return recovery;
}

/** Stores what one recorder left. Returns how many snapshots were damaged. */
async function finish(
  directory: string,
  left: RecordingLine,
  parts: Omit<StoreContext, "index" | "line" | "environmentOf" | "isLive">,
  recorded: Checkpoint[],
): Promise<number> {
  const line = await LineWriter.takeUp(parts.project, left);
  const sequences = await waitingSequences(directory);
  if (sequences.length === 0) return 0;
  // The index of the recording may still be in the hands of a Git process that outlived its recorder.
  const indexPath = join(directory, `${recordingFiles.index}-${randomUUID()}`);
  const tree = line.current.tree ?? `${line.current.tip}^{tree}`;
  const index = await PrivateIndex.fromTree(parts.project, indexPath, tree);
  const store = new SnapshotStore({ ...parts, index, line, environmentOf: null, isLive: false });
  let dropped = 0;
  for (const sequence of sequences) {
    // Its commit was made, and the ref moved, before the crash.
    if (sequence <= left.sequence) continue;
    try {
      const checkpoint = await store.store(sequence);
      if (checkpoint !== null) recorded.push(checkpoint);
    } catch (error) {
      if (!isDamage(error)) throw error;
      dropped += 1;
    }
  }
  return dropped;
}

interface Recording {
  readonly directory: string;
  /** `null` for a folder that was just being made. */
  readonly line: RecordingLine | null;
}

/** The recordings whose recorder has ended without finishing them. */
async function abandonedRecordings(project: Project): Promise<readonly Recording[]> {
  const folder = recordingsDirectory(project);
  const recordings: Recording[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const directory = join(folder, name);
    const line = readJson<RecordingLine>(join(directory, recordingFiles.line));
    if (line === null ? await isOld(directory) : await isGone(line.owner, directory)) {
      recordings.push({ directory, line: name.startsWith(draftPrefix) ? null : line });
    }
  }
  return recordings;
}

async function isGone(owner: Owner, directory: string): Promise<boolean> {
  if (owner.process.host !== hostname()) return (await age(directory)) > foreignLimit;
  if (!isAlive(owner.process)) return true;
  return owner.process.pid === process.pid && !liveRecorders.has(owner.recorder);
}

/** Folders without a line live for less than a moment, unless their maker was killed. */
async function isOld(directory: string): Promise<boolean> {
  return (await age(directory)) > draftLimit;
}

async function age(path: string): Promise<number> {
  return Date.now() - (await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now));
}

async function waitingSequences(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
