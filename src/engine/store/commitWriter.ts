import { rm, stat } from "node:fs/promises";
import type { Project } from "../project.ts";
import { Git, GitError } from "../system/git.ts";
import { experimentRef } from "./experimentRef.ts";

/** How often a ref is tried that another process holds locked, and the pause between, in milliseconds. */
const lockAttempts = 8;
const lockPause = 50;

/** Milliseconds after which the lock of a single ref is one that a killed process left: writing a ref takes a moment. */
const lockLimit = 60_000;

/** A name and address as commits have them. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** What becomes a commit. */
export interface CommitRequest {
  readonly tree: string;
  readonly parent: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Writes commits and moves refs, without any of the user's hooks or keys. */
export class CommitWriter {
  readonly #git: Git;
  #identity: Promise<{ readonly [name: string]: string }> | null = null;

  constructor(project: Project) {
    this.#git = new Git(project.workTree);
  }

  /** The id of the new commit. The same request gives the same commit. */
  async commit(request: CommitRequest): Promise<string> {
    this.#identity ??= this.#readIdentity();
    const date = `@${Math.floor(request.time / 1000)} ${timeZone(request.time)}`;
    const sha = await this.#git.text(
      ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", request.tree, "-p", request.parent],
      {
        input: request.message,
        environment: { ...(await this.#identity), GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      },
    );
    return sha.trim();
  }

  /** What a ref points at; `null` when there is none. */
  readRef(ref: string): Promise<string | null> {
    return this.#git.textOrNull(["rev-parse", "--verify", "--quiet", "--end-of-options", ref]);
  }

  /**
   * Moves a ref from `previous` (`null`: it must not exist) to `next`. Returns whether it holds `next` now: `false` means
   * that somebody else has moved it. Waits a moment for a lock. Throws {@link GitError} when Git fails otherwise.
   */
  async moveRef(ref: string, next: string, previous: string | null): Promise<boolean> {
    const expected = previous ?? "0".repeat(next.length);
    for (let attempt = 1; ; attempt += 1) {
      const args = ["update-ref", "--no-deref", ref, next, expected];
      const output = await this.#git.run(args);
      if (output.code === 0) return true;
      const current = await this.readRef(ref);
      if (current === next) return true;
      if (current !== previous) return false;
      if (attempt >= lockAttempts && !(await removeAbandonedLock(ref, output.stderr))) {
        throw new GitError(args, output);
      }
      await new Promise((resolve) => setTimeout(resolve, lockPause * attempt));
    }
  }

  /** Whether `ancestor` is `commit` or one of those before it. */
  async contains(commit: string, ancestor: string): Promise<boolean> {
    return (await this.#git.run(["merge-base", "--is-ancestor", ancestor, commit])).code === 0;
  }

  /** A name like the given one under which the baseline has no experiment yet: `name-2`, `name-3`, … */
  async freeName(baseline: string, name: string): Promise<string> {
    const folder = experimentRef(baseline, "");
    const listed = await this.#git.text(["for-each-ref", "--format=%(refname)", folder]);
    const taken = new Set(listed.split("\n"));
    for (let number = 2; ; number += 1) {
      const candidate = `${name}-${number}`;
      if (!taken.has(folder + candidate)) return candidate;
    }
  }

  /** As Git would sign; with a stand-in where the user has told Git no name or address. */
  async #readIdentity(): Promise<{ readonly [name: string]: string }> {
    const known = await this.#git.textOrNull(["var", "GIT_COMMITTER_IDENT"]);
    const author = await this.#git.textOrNull(["var", "GIT_AUTHOR_IDENT"]);
    if (known !== null && author !== null) return {};
    const [name, email] = await Promise.all([
      this.#git.textOrNull(["config", "user.name"]),
      this.#git.textOrNull(["config", "user.email"]),
    ]);
    const identity: Identity = { name: name || "Savepoint", email: email || "savepoint@localhost" };
    return {
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
    };
  }
}

/** Whether it was the old lock of the ref that kept it from being moved, which is then gone. */
async function removeAbandonedLock(ref: string, complaint: string): Promise<boolean> {
  const lock = /Unable to create '(.+\.lock)': File exists/.exec(complaint)?.[1];
  if (!lock?.endsWith(`/${ref}.lock`)) return false;
  const made = await stat(lock).then(({ mtimeMs }) => mtimeMs, Date.now);
  if (Date.now() - made < lockLimit) return false;
  await rm(lock, { force: true });
  return true;
}

/** The offset from UTC at a time, as Git writes it: `+0200`. */
function timeZone(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const absolute = Math.abs(minutes);
  const digits = `${Math.floor(absolute / 60)}`.padStart(2, "0") + `${absolute % 60}`.padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${digits}`;
}
