/** What deciding on shared commits needs to know of an experiment's line. */
export interface NamedLine {
  readonly name: string;
  /** Oldest first. `recordedFor` is the experiment that the message names; `null` for a foreign commit. */
  readonly commits: readonly {
    readonly sha: string;
    readonly time: number;
    readonly recordedFor: string | null;
  }[];
}

/** Which part of a line is its own. */
export interface Ownership {
  /** Index of the first commit of its own; the line's length when it has none. */
  readonly start: number;
  /** Name of the experiment that the commit before it belongs to, as far as anybody knows. */
  readonly inheritedFrom: string | null;
}

/**
 * What stands before a line's own commits belongs to the line that it was forked from. A commit that several lines
 * share belongs to the one that its message names, else to the one that ends there, else to the one that went on from
 * there first. Commits that name another experiment than the newest one does are inherited too: the line they came
 * from may have been removed.
 */
export function ownership<Line extends NamedLine>(lines: readonly Line[]): readonly Ownership[] {
  const sharing = new Map<string, Line[]>();
  for (const line of lines) {
    for (const { sha } of line.commits) {
      const others = sharing.get(sha);
      if (others) others.push(line);
      else sharing.set(sha, [line]);
    }
  }
  const continuation = continuations(lines);
  const ownerOf = (commit: NamedLine["commits"][number]): Line | undefined => {
    const candidates = sharing.get(commit.sha) ?? [];
    if (candidates.length < 2) return candidates[0];
    return candidates.find((candidate) => candidate.name === commit.recordedFor) ?? continuation(commit.sha);
  };
  return lines.map((line) => {
    const firstOfOthers = line.commits.findLastIndex((commit) => ownerOf(commit) !== line);
    const start = Math.max(firstOfOthers + 1, startByMessages(line));
    const last = line.commits[start - 1];
    return { start, inheritedFrom: last ? (last.recordedFor ?? ownerOf(last)?.name ?? null) : null };
  });
}

/** The first commit of the newest stretch that was recorded for one experiment; foreign commits do not end it. */
function startByMessages(line: NamedLine): number {
  let experiment: string | null = null;
  for (let index = line.commits.length - 1; index >= 0; index -= 1) {
    const recordedFor = line.commits[index]?.recordedFor ?? null;
    experiment ??= recordedFor;
    if (recordedFor !== null && recordedFor !== experiment) return index + 1;
  }
  return 0;
}

/** From a commit, the line that is reached by always taking the earliest commit that follows. */
function continuations<Line extends NamedLine>(lines: readonly Line[]): (sha: string) => Line | undefined {
  const endings = new Map<string, Line>();
  const following = new Map<string, { readonly sha: string; readonly time: number }>();
  for (const line of lines) {
    line.commits.forEach((commit, index) => {
      const next = line.commits[index + 1];
      if (next === undefined) {
        if (!endings.has(commit.sha)) endings.set(commit.sha, line);
        return;
      }
      const known = following.get(commit.sha);
      if (known === undefined || next.time < known.time) following.set(commit.sha, next);
    });
  }
  return (sha) => {
    for (let at: string | undefined = sha; at !== undefined; at = following.get(at)?.sha) {
      const line = endings.get(at);
      if (line) return line;
    }
    return undefined;
  };
}
