import type { Commit } from "./gitObjects.ts";

/** Consecutive commits of others after which the search for a baseline gives up. */
const searchLimit = 5_000;

/** Commits of others that may make up a line which does not begin at its baseline; more are the project's history. */
const orphanLimit = 500;

interface Walk<Read> {
  /** Newest first. */
  readonly commits: readonly Read[];
  readonly metBaseline: boolean;
}

/**
 * The commits of an experiment, oldest first, without the baseline: along first parents until the baseline. Also
 * - a merge of the baseline with the end of a line, by which DVC shows a line as one row: the line behind it counts;
 * - a line that never meets its baseline (an orphan, a shallow clone, a wrong ref): from Savepoint's oldest commit on.
 *
 * `read` gives a commit or `null` when it is not there; `isOurs` tells Savepoint's commits from others.
 */
export async function walkLine<Read extends Commit>(
  read: (sha: string) => Promise<Read | null>,
  isOurs: (commit: Read) => boolean,
  tip: string,
  baseline: string,
): Promise<readonly Read[]> {
  const walk = await walkFirstParents(read, isOurs, tip, baseline);
  const [newest] = walk.commits;
  if (newest === undefined) return [];
  if (walk.metBaseline) {
    const [first, second] = newest.parents;
    if (first !== baseline || second === undefined) return [...walk.commits].reverse();
    const merged = await walkFirstParents(read, isOurs, second, baseline);
    if (!merged.metBaseline) return [newest];
    const line = [...merged.commits].reverse();
    return line.at(-1)?.tree === newest.tree ? line : [...line, newest];
  }
  const oldestOfOurs = walk.commits.findLastIndex(isOurs);
  if (oldestOfOurs >= 0) return walk.commits.slice(0, oldestOfOurs + 1).reverse();
  return walk.commits.length > orphanLimit ? [newest] : [...walk.commits].reverse();
}

async function walkFirstParents<Read extends Commit>(
  read: (sha: string) => Promise<Read | null>,
  isOurs: (commit: Read) => boolean,
  tip: string,
  baseline: string,
): Promise<Walk<Read>> {
  const commits: Read[] = [];
  let others = 0;
  let next: string | undefined = tip;
  while (next !== undefined && next !== baseline && others < searchLimit) {
    const commit = await read(next);
    if (commit === null) return { commits, metBaseline: false };
    commits.push(commit);
    others = isOurs(commit) ? 0 : others + 1;
    next = commit.parents[0];
  }
  return { commits, metBaseline: next === baseline };
}
