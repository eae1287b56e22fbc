import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import type { Problem } from "../result.ts";
import { GitError } from "../system/git.ts";

/** The failures of the system that recording and restoring must expect, with what a person can do. */
const systemProblems: { readonly [code: string]: { readonly reason: string; readonly advice: string } } = {
  ENOSPC: { reason: "disk-full", advice: "the disk is full; free some space, then try again" },
  EDQUOT: { reason: "disk-full", advice: "your disk quota is used up; free some space, then try again" },
  EROFS: { reason: "read-only", advice: "the disk is read-only; make it writable, then try again" },
  EACCES: {
    reason: "permission-denied",
    advice: "permission was denied; change the permissions, then try again",
  },
  EPERM: {
    reason: "permission-denied",
    advice: "permission was denied; change the permissions, then try again",
  },
  EMFILE: {
    reason: "too-many-open-files",
    advice: "too many files are open; close some programs, then try again",
  },
  EIO: { reason: "disk-error", advice: "the disk reported an error; check the disk" },
};

/** An error of the system, of Git or of a worker thread as a problem for people. `what` begins the message. */
export function describeFailure(error: unknown, what: string): Problem {
  const { code, path, message } = error as { code?: unknown; path?: unknown; message?: unknown };
  const place = typeof path === "string" ? path : undefined;
  const text = error instanceof GitError ? error.stderr : String(message ?? error);
  const isUnmakeable = code === "ENOENT" && place !== undefined && text.includes("mkdir '");
  const cause = isUnmakeable ? whyUnmakeable(place) : code;
  const known = typeof cause === "string" ? systemProblems[cause] : undefined;
  const problem = known ?? fromText(text) ?? { reason: "cannot-record", advice: firstLine(text) };
  return {
    reason: problem.reason,
    message: `${what}: ${place === undefined ? "" : `${placeForPeople(place)}: `}${problem.advice}.`,
    ...(place === undefined ? {} : { path: place }),
  };
}

/** Our own temporary files have names that tell nobody anything: their folder does. */
function placeForPeople(path: string): string {
  return path.replace(/([\\/]\.dvc[\\/]tmp)[\\/]savepoint[\\/].*/, "$1");
}

/** Where a folder and those above it can't be made, Node says `ENOENT`; the nearest one that is there knows better. */
function whyUnmakeable(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      accessSync(folder, constants.W_OK);
      return "ENOENT";
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "ENOENT";
      if (code !== "ENOENT" || folder === dirname(folder)) return code;
    }
  }
}

/** Git says in words what the system told it. */
function fromText(text: string): { readonly reason: string; readonly advice: string } | null {
  if (/No space left on device|Out of diskspace/.test(text)) return systemProblems.ENOSPC ?? null;
  if (/Disk quota exceeded/.test(text)) return systemProblems.EDQUOT ?? null;
  if (/Read-only file system/.test(text)) return systemProblems.EROFS ?? null;
  if (/Permission denied|insufficient permission/.test(text)) return systemProblems.EACCES ?? null;
  const [, path, filter] = /^fatal: (.+): clean filter '(.+)' failed$/m.exec(text) ?? [];
  if (filter === undefined) return null;
  const advice = `Git's filter "${filter}" failed for ${path}; see that its program is installed, then try again`;
  return { reason: "filter-failed", advice };
}

function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").replace(/\.$/, "");
}
