import type { Git } from "../system/git.ts";

/** The commit under which an experiment is listed. */
export interface Home {
  readonly sha: string;
  /**
   * What it is to the baseline: `itself` while that is on a branch or tag; after surgery `successor`, which an amend, a
   * rebase or a squash made of it, else `ancestor`, the nearest commit before it that is still there.
   */
  readonly relation: "itself" | "successor" | "ancestor";
}

/** What is looked at of a commit to find what became of it. */
export interface KinshipCommit {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly tree: string;
  /** Author's address and date: an amend and a rebase keep them, a squash keeps those of its first commit. */
  readonly author: string;
  readonly subject: string;
}

/** Commits of branches that are looked through for what became of a baseline. */
const searchLimit = 10_000;

const format = "--format=%H%x00%P%x00%T%x00%ae %at%x00%ct%x00%s";

/**
 * Where the experiments are listed whose baselines are on no branch or tag any more; the others are listed under their
 * baselines. Costs one Git process, and one more when there are such baselines.
 */
export async function readHomes(
  git: Git,
  baselines: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Home>> {
  if (baselines.size === 0) return new Map();
  const living = ["HEAD", "--branches", "--tags", "--remotes", "--"];
  const options = ["--no-show-signature", "--ignore-missing", format];
  const input = `${[...baselines].join("\n")}\n`;
  // On a branch without a commit there is no HEAD.
  const gone = await git.textOrNull(["log", ...options, "--stdin", "--not", ...living], { input });
  const dead = parse(gone ?? "");
  if (dead.length === 0) return new Map();
  // What a commit was rewritten to was committed after it.
  const oldest = Math.min(...dead.map(({ committedAt }) => committedAt));
  const range = [`--max-count=${searchLimit}`, `--since=${Number.isFinite(oldest) ? oldest : 0}`];
  const later = await git.text(["log", ...options, ...range, ...living]);
  return findHomes(baselines, dead, parse(later));
}

/** As {@link readHomes}, for baselines among the `dead`, which no branch leads to. `living` has the newest first. */
function findHomes(
  baselines: ReadonlySet<string>,
  dead: readonly KinshipCommit[],
  living: readonly KinshipCommit[],
): ReadonlyMap<string, Home> {
  const deadBySha = new Map(dead.map((commit) => [commit.sha, commit]));
  const bySha = new Map([...living, ...dead].map((commit) => [commit.sha, commit]));
  const byAuthor = grouped(living, ({ author }) => author);
  const byTree = grouped(living, ({ tree }) => tree);
  const homes = new Map<string, Home>();
  for (const sha of baselines) {
    const commit = deadBySha.get(sha);
    if (commit === undefined) continue;
    const [sameAuthor, sameTree] = [byAuthor.get(commit.author) ?? [], byTree.get(commit.tree) ?? []];
    const likeliest = [
      ...sameAuthor.filter(({ subject }) => subject === commit.subject),
      ...sameTree,
      ...sameAuthor,
    ];
    // What it grew from itself can't be what it became.
    const behind = likeliest.length === 0 ? new Set() : ancestors(commit, bySha);
    const successor = likeliest.find((candidate) => !behind.has(candidate.sha));
    const ancestor = livingAncestor(commit, deadBySha);
    if (successor !== undefined) homes.set(sha, { sha: successor.sha, relation: "successor" });
    else if (ancestor !== null) homes.set(sha, { sha: ancestor, relation: "ancestor" });
  }
  return homes;
}

function grouped(
  commits: readonly KinshipCommit[],
  keyOf: (commit: KinshipCommit) => string,
): ReadonlyMap<string, readonly KinshipCommit[]> {
  const groups = new Map<string, KinshipCommit[]>();
  for (const commit of commits) {
    const group = groups.get(keyOf(commit));
    if (group) group.push(commit);
    else groups.set(keyOf(commit), [commit]);
  }
  return groups;
}

function ancestors(from: KinshipCommit, known: ReadonlyMap<string, KinshipCommit>): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...from.parents];
  for (let sha = waiting.pop(); sha !== undefined; sha = waiting.pop()) {
    if (found.has(sha)) continue;
    found.add(sha);
    waiting.push(...(known.get(sha)?.parents ?? []));
  }
  return found;
}

/** The first commit behind the dead ones; `null` when all of its history is gone from the branches. */
function livingAncestor(from: KinshipCommit, dead: ReadonlyMap<string, KinshipCommit>): string | null {
  const seen = new Set<string>();
  let generation: readonly string[] = from.parents;
  while (generation.length > 0) {
    const next: string[] = [];
    for (const sha of generation) {
      const commit = dead.get(sha);
      if (commit === undefined) return sha;
      if (!seen.has(sha)) next.push(...commit.parents);
      seen.add(sha);
    }
    generation = next;
  }
  return null;
}

function parse(text: string): readonly (KinshipCommit & { readonly committedAt: number })[] {
  return text.split("\n").flatMap((line) => {
    const [sha, parents, tree, author, committedAt, subject = ""] = line.split("\0");
    if (!sha || parents === undefined || !tree || author === undefined) return [];
    const list = parents === "" ? [] : parents.split(" ");
    return [{ sha, parents: list, tree, author, subject, committedAt: Number(committedAt) }];
  });
}
