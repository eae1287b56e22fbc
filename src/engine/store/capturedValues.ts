import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { OutputRecord, Value } from "../model.ts";
import { parseValues } from "../pipeline/params.ts";
import type { Project } from "../project.ts";
import { type Cache, objectPath } from "./cache.ts";
import { collectValues, type Scope } from "./checkpointValues.ts";
import type { CapturedItem } from "./journal.ts";
import type { CheckpointValues } from "./message.ts";
import type { PrivateIndex } from "./privateIndex.ts";
import { isWithin } from "./restorePlan.ts";

/** Bytes above which a metrics or params file is not read for display. */
const readLimit = 4 * 1024 * 1024;

/** The files of a snapshot that is being stored. */
export interface CapturedFiles {
  readonly project: Project;
  readonly items: readonly CapturedItem[];
  readonly outs: readonly OutputRecord[];
  /** The files that the snapshot has for Git: a folder that mirrors the work tree. */
  readonly overlay: string;
  /** With the snapshot's files for Git in it. */
  readonly index: PrivateIndex;
  readonly cache: Cache;
  /** Hashes of the metrics that the snapshot has put into the cache, by path; `legacy` says of which kind. */
  readonly cachedMetrics: { readonly [path: string]: string };
  readonly legacy: boolean;
  /** Whether what the snapshot did not capture is still in the workspace as it was. */
  readonly isLive: boolean;
}

/** Reads the values that a checkpoint shows as its snapshot has them: training goes on meanwhile and changes the files. */
export function readCapturedValues(
  scope: Scope,
  captured: CapturedFiles,
  signalMetrics: { readonly [key: string]: Value },
): Promise<CheckpointValues> {
  const metrics = [...new Set(scope.metrics.flatMap((path) => filesAt(path, captured)))];
  const read = (file: string) => valuesIn(file, captured);
  return collectValues({ ...scope, metrics }, read, signalMetrics, captured.outs);
}

/** A metrics path may be a folder of files. */
function filesAt(path: string, { items, cachedMetrics }: CapturedFiles): readonly string[] {
  const tracked = items.flatMap((item) =>
    item.side === "git" && item.kind === "directory"
      ? item.files.map(({ relpath }) => `${item.path}/${relpath}`)
      : [],
  );
  const inside = [...Object.keys(cachedMetrics), ...tracked].filter((file) => isWithin(file, [path]));
  return inside.length === 0 ? [path] : inside;
}

/**
 * The workspace is asked last: only for what other stages made, or what Git ignores. `null` for a file that can't be
 * read or understood: the values are for people, and the bytes are recorded anyway.
 */
async function valuesIn(
  file: string,
  { project, overlay, index, cache, cachedMetrics, legacy, isLive }: CapturedFiles,
): Promise<{ readonly [key: string]: Value } | null> {
  const hash = cachedMetrics[file];
  const bytes =
    hash === undefined
      ? ((await readSmall(join(overlay, project.prefix, file))) ??
        (await index.read(project.prefix + file)) ??
        (isLive ? await readSmall(join(project.root, file)) : null))
      : await readSmall(objectPath(cache, hash, legacy));
  if (bytes === null || bytes.length > readLimit) return null;
  const parsed = parseValues(bytes.toString("utf8"), file);
  return parsed.ok ? parsed.value : null;
}

async function readSmall(path: string): Promise<Buffer | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() && found.size <= readLimit ? readFile(path).catch(() => null) : null;
}
