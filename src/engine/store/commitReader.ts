import type { OutputRecord } from "../model.ts";
import type { Project } from "../project.ts";
import type { RecordedCommit } from "./assemble.ts";
import type { CatFile } from "./catFile.ts";
import { type Commit, parseCommit } from "./gitObjects.ts";
import { walkLine } from "./line.ts";
import { type CheckpointMessage, parseMessage } from "./message.ts";
import { TreeValues } from "./treeValues.ts";

/** A commit of which only the commit object was read. */
interface BareCommit extends Commit {
  readonly checkpoint: CheckpointMessage | null;
}

/** Reads the commits of experiments, each once: a commit never changes. */
export class CommitReader {
  readonly #objects: CatFile;
  readonly #trees: TreeValues;
  readonly #bare = new Map<string, Promise<BareCommit | null>>();
  readonly #recorded = new Map<string, Promise<RecordedCommit>>();

  constructor(project: Project, objects: CatFile) {
    this.#objects = objects;
    this.#trees = new TreeValues(project, objects);
  }

  /** A commit with its tree and its values; `null` when the repository does not have it. */
  async read(sha: string): Promise<(RecordedCommit & { readonly tree: string }) | null> {
    const bare = await this.#readBare(sha);
    return bare === null ? null : { ...(await this.#record(bare)), tree: bare.tree };
  }

  /** The tree of a commit; `null` when the repository does not have it. */
  async treeOf(sha: string): Promise<string | null> {
    return (await this.#readBare(sha))?.tree ?? null;
  }

  /** All outputs that the lock files of a commit name, also those of stages before the one that was recorded. */
  async outputs(tree: string): Promise<readonly OutputRecord[]> {
    return (await this.#trees.read(tree, {})).outs;
  }

  /** The commits of an experiment, oldest first; see {@link walkLine}. */
  async readLine(tip: string, baseline: string): Promise<readonly RecordedCommit[]> {
    const line = await walkLine(
      (sha) => this.#readBare(sha),
      (commit) => commit.checkpoint !== null,
      tip,
      baseline,
    );
    return Promise.all(line.map((commit) => this.#record(commit)));
  }

  #readBare(sha: string): Promise<BareCommit | null> {
    return remembered(this.#bare, sha, async () => {
      const object = await this.#objects.read(sha);
      const commit = object?.type === "commit" ? parseCommit(sha, object.content) : null;
      return commit === null ? null : { ...commit, message: "", checkpoint: parseMessage(commit.message) };
    });
  }

  #record(commit: BareCommit): Promise<RecordedCommit> {
    return remembered(this.#recorded, commit.sha, async () => ({
      sha: commit.sha,
      parent: commit.parents[0] ?? "",
      time: commit.time,
      message: commit.checkpoint,
      values:
        commit.checkpoint?.values ??
        (await this.#trees.read(commit.tree, commit.checkpoint?.signalMetrics ?? {})),
    }));
  }
}

/** What was read before, or is being read. Absence and failures are not remembered: the object may arrive yet. */
function remembered<Found>(
  known: Map<string, Promise<Found>>,
  key: string,
  read: () => Promise<Found>,
): Promise<Found> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const reading = read();
  known.set(key, reading);
  reading.then(
    (found) => found === null && known.delete(key),
    () => known.delete(key),
  );
  return reading;
}
