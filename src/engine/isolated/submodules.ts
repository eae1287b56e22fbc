import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import { savepointDirectory } from "../system/layout.ts";
import { copyInput } from "./copyInputs.ts";

/**
 * Fills the folders of submodules, which Git leaves empty in a new worktree: with the files that are in them now, or
 * with those of the commit that a checkpoint names. They get no repository of their own, so that Git takes them for
 * unchanged. A submodule that is not checked out, or does not have that commit, stays empty as in the workspace.
 */
export async function bringSubmodules(
  from: Project,
  to: Project,
  tree: string,
  code: "workspace" | "checkpoint",
): Promise<void> {
  const listed = await new Git(from.workTree).text(["ls-tree", "-r", "-z", "--full-tree", tree]);
  for (const line of listed.split("\0")) {
    const [, commit, path] = /^160000 commit ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (commit === undefined || path === undefined) continue;
    const [source, target] = [join(from.workTree, path), join(to.workTree, path)];
    if (!existsSync(join(source, ".git"))) continue;
    if (code === "workspace") await copyFiles(from, to, source, target);
    else await checkOut(from, commit, source, target);
  }
}

async function copyFiles(from: Project, to: Project, source: string, target: string): Promise<void> {
  const rules = {
    from: from.workTree,
    to: to.workTree,
    cache: join(from.root, ".dvc", "cache"),
    isSkipped: (path: string) => basename(path) === ".git",
    mayBeLinked: () => false,
  };
  await mkdir(target, { recursive: true });
  for (const name of await readdir(source)) await copyInput(join(source, name), join(target, name), rules);
}

async function checkOut(project: Project, commit: string, source: string, target: string): Promise<void> {
  const git = new Git(source);
  const index = join(savepointDirectory(project), `submodule-${randomUUID()}`);
  const environment = { GIT_INDEX_FILE: index };
  try {
    if ((await git.run(["read-tree", commit], { environment })).code !== 0) return;
    await git.bytes(["checkout-index", "--all", `--prefix=${target}/`], { environment });
  } finally {
    await rm(index, { force: true });
  }
}
