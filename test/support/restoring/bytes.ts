import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TemporaryProject } from "../temporaryProject.ts";
import { type Files, readFiles } from "./files.ts";

/** The ids that Git would give to contents. */
export type Contents = ReadonlySet<string>;

/** All contents that can be got: from the work trees, from Git by refs, reflogs and the index, and from the cache. */
export async function obtainable(
  project: TemporaryProject,
  workTrees: readonly TemporaryProject[],
): Promise<Contents> {
  const inGit = await reachable(project, ["--all", "--reflog", "--indexed-objects"]);
  const inPlace = workTrees.flatMap(({ root }) => inFiles(readFiles(root)));
  return new Set([...inGit, ...cached(project), ...inPlace]);
}

/** The contents that Savepoint answers for, whatever the user does to branches and files. */
export async function answeredFor(project: TemporaryProject): Promise<Contents> {
  const inGit = await reachable(project, ["--glob=refs/exps/*", "--glob=refs/savepoint/*"]);
  return new Set([...inGit, ...cached(project)]);
}

async function reachable(project: TemporaryProject, from: readonly string[]): Promise<readonly string[]> {
  const onlyFiles = ["--filter=object:type=blob", "--filter-provided-objects", "--no-object-names"];
  const listed = await project.git("rev-list", "--objects", ...onlyFiles, ...from);
  return listed.split("\n").filter((id) => id !== "");
}

function cached(project: TemporaryProject): readonly string[] {
  return globSync(".dvc/cache/files/md5/??/*", { cwd: project.root }).map((path) => {
    const content = readFileSync(join(project.root, path));
    const name = path.replace(/^.*\/(..)\/(.*)$/, "$1$2").replace(/\.dir$/, "");
    if (createHash("md5").update(content).digest("hex") !== name) throw new Error(`${path} is damaged`);
    return gitId(content);
  });
}

function inFiles(files: Files): readonly string[] {
  return [...files.values()].map(({ content }) => gitId(Buffer.from(content, "latin1")));
}

function gitId(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
