import { readFile } from "node:fs/promises";
import type { TemporaryProject } from "../temporaryProject.ts";

/** What belongs to the user alone: HEAD, branches and tags, stash, and the index byte for byte. */
export interface UntouchedState {
  readonly head: string;
  readonly refs: string;
  readonly index: string;
}

/** Reads it without changing it: even `git status` would write the index. */
export async function untouchedState(project: TemporaryProject): Promise<UntouchedState> {
  return {
    head: await project.read(".git/HEAD"),
    refs: await project.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash", "refs/remotes"),
    index: (await readFile(project.path(".git/index"))).toString("base64"),
  };
}
