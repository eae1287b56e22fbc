import { simpleGit } from "simple-git";
import type { Project } from "../project.ts";
import { offline } from "../system/git.ts";

/** What people know a commit by. */
export interface CommitInfo {
  readonly sha: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** A branch that is at the commit or else holds it; the one that is checked out comes first. */
  readonly branch: string | null;
}

/** Milliseconds without a word from Git after which it is given up. */
const readLimit = 60_000;

/** Variables that simple-git refuses to be given, as some of them name programs. */
const guarded = /^(?:git_.*|editor|visual|pager|ssh_askpass|prefix)$/i;

/** Reads what Git tells of a commit. Rejects when there is no such commit. */
export async function readCommitInfo(project: Project, sha: string): Promise<CommitInfo> {
  const own = Object.entries(process.env).filter(([name]) => !guarded.test(name));
  const options = { timeout: { block: readLimit }, allowEnvironment: Object.keys(offline) };
  const git = simpleGit(project.root, options).env({ ...Object.fromEntries(own), ...offline });
  const [log, listed] = await Promise.all([
    git.log({ "--no-show-signature": null, "-1": null, [sha]: null }),
    git.raw(
      "for-each-ref",
      "--contains",
      sha,
      "--format=%(objectname) %(HEAD) %(refname:short)",
      "refs/heads",
    ),
  ]);
  const branches = listed.split("\n").flatMap((line) => {
    const match = /^([0-9a-f]+) ([* ]) (.+)$/.exec(line);
    const [, tip, mark, name] = match ?? [];
    return name === undefined ? [] : [{ name, rank: (tip === sha ? 2 : 0) + (mark === "*" ? 1 : 0) }];
  });
  return {
    sha,
    subject: log.latest?.message ?? "",
    createdAt: log.latest ? Date.parse(log.latest.date) : 0,
    branch: branches.toSorted((a, b) => b.rank - a.rank)[0]?.name ?? null,
  };
}
