import { join } from "node:path";
import type { Project } from "../project.ts";

/** Where Savepoint keeps what is not yet, or not, in the store. Git ignores it through `.dvc/.gitignore`. */
export function savepointDirectory(project: Pick<Project, "root">): string {
  return join(project.root, ".dvc", "tmp", "savepoint");
}

/** What restoring has staged, and private indexes: of use to the process that made them, as long as it lives. */
export function restoringDirectory(project: Project): string {
  return join(savepointDirectory(project), "restore");
}

/** One folder per run that records: its line, its journal entries, its copies and its private index. */
export function recordingsDirectory(project: Project): string {
  return join(savepointDirectory(project), "recording");
}

/**
 * The folder of one run's recording. Throws for an id that could name another place; run ids are made by Savepoint,
 * so such an id is a mistake in the program.
 */
export function recordingDirectory(project: Project, runId: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(runId)) throw new Error(`not a run id: ${JSON.stringify(runId)}`);
  return join(recordingsDirectory(project), runId);
}

/** The files inside the folder of a run's recording. */
export const recordingFiles = {
  line: "line.json",
  known: "known.json",
  index: "index",
  entry: (sequence: number): string => `${sequence}.json`,
  snapshot: (sequence: number): string => `${sequence}`,
} as const;

/** Inside a snapshot: numbered copies that go to the cache, and a tree of files that go to Git. */
export const snapshotFolders = { cache: "cache", overlay: "overlay" } as const;

/** Inside a snapshot: the bytes of all small files that go to the cache, one after another. */
export const snapshotPack = "pack";
