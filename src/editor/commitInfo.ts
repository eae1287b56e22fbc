import type { Project } from "../engine/project.ts";
import { type CommitInfo, readCommitInfo } from "../engine/store/commitInfo.ts";

/** Milliseconds for which the branch at a commit is believed. Subjects never change. */
const branchAge = 5_000;

interface Known {
  readonly info: Promise<CommitInfo>;
  readonly readAt: number;
}

/** Reads subjects and branches of baseline commits, each once in a while. */
export class CommitReader {
  readonly #known = new Map<string, Known>();

  /** Never fails: a commit that can't be read has an empty subject. */
  read(project: Project | null, sha: string): Promise<CommitInfo> {
    if (project === null) return Promise.resolve(unknownCommit(sha));
    const key = `${project.root}\n${sha}`;
    const cached = this.#known.get(key);
    if (cached && Date.now() - cached.readAt < branchAge) return cached.info;
    const info = readCommitInfo(project, sha).catch(() => unknownCommit(sha));
    this.#known.set(key, { info, readAt: Date.now() });
    return info;
  }
}

function unknownCommit(sha: string): CommitInfo {
  return { sha, subject: "", createdAt: 0, branch: null };
}
