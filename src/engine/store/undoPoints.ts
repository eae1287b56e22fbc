import { relative, sep } from "node:path";
import { compareText } from "../pipeline/data.ts";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import { isObjectHash } from "./cache.ts";
import { CommitWriter } from "./commitWriter.ts";
import { isInside } from "./directoryObject.ts";
import type { OutputTarget } from "./outputRestore.ts";
import { PrivateIndex } from "./privateIndex.ts";
import { readRawFiles } from "./rawFiles.ts";
import { inProject } from "./restorePlan.ts";
import { withIndex } from "./trackedFiles.ts";

/** The folder of refs that keep what restoring has overwritten. */
const undoRefs = "refs/savepoint/undo/";

/** Undo points that are kept in any case, and the milliseconds for which others are: a sweep makes hundreds in a day. */
const kept = 50;
const keptFor = 14 * 24 * 60 * 60 * 1000;

const trailer = "Savepoint-Undo: ";

/** The state of some files before they were overwritten. */
export interface UndoPoint {
  readonly ref: string;
  readonly sha: string;
  /** What was done after it, for people. */
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Outputs as they were; their bytes are in the cache. */
  readonly outputs: readonly OutputTarget[];
  /** Files as they were, raw, in the commit's tree; those that are not in it were not there. Relative to the work tree. */
  readonly files: readonly string[];
}

/** Keeps the files (relative to the work tree) and outputs as they are now. Returns where. */
export async function keepUndoPoint(
  project: Project,
  title: string,
  outputs: readonly OutputTarget[],
  files: readonly string[],
): Promise<Pick<UndoPoint, "ref" | "sha">> {
  const git = new Git(project.workTree);
  const commits = new CommitWriter(project);
  const head = await git.text(["rev-parse", "--verify", "HEAD^{commit}"]);
  const tree = await treeOf(project, files);
  const content = JSON.stringify({ place: placeOf(project), outputs, files });
  let time = Date.now();
  const sha = await commits.commit({
    tree,
    parent: head,
    message: `savepoint: before ${title.replace(/[\p{C}\p{Z}]+/gu, " ")}\n\n${trailer}${content}\n`,
    time,
  });
  // A clock that went back must not make this one older than those before.
  time = Math.max(time, (await newestTime(git)) + 1);
  for (;;) {
    const ref = refAt(time);
    if (await commits.moveRef(ref, sha, null)) {
      await forgetOld(git, refAt(time - keptFor));
      return { ref, sha };
    }
    time += 1;
  }
}

/** The undo points of a project's folder, newest first. */
export async function undoPoints(project: Project): Promise<readonly UndoPoint[]> {
  const format = "--format=%(objectname)%00%(refname)%00%(contents)%00";
  const listed = await new Git(project.workTree).text(["for-each-ref", "--sort=-refname", format, undoRefs]);
  const fields = listed.split("\0");
  const points: UndoPoint[] = [];
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [sha = "", ref = "", message = ""] = fields.slice(index, index + 3);
    const line = message.split("\n").find((candidate) => candidate.startsWith(trailer));
    const content = line === undefined ? null : parse(line.slice(trailer.length));
    // Linked work trees, and projects in one repository, share their refs but not their files.
    if (content?.place !== placeOf(project)) continue;
    const title = /^savepoint: before (.*)$/m.exec(message)?.[1] ?? "";
    const { outputs, files } = content;
    points.push({ ref, sha: sha.trim(), title, createdAt: timeOf(ref), outputs, files });
  }
  return points;
}

/** The files and outputs that an undo point has, relative to the project's root. */
export function pathsOf(project: Project, { outputs, files }: UndoPoint): readonly string[] {
  const all = [...outputs.map(({ path }) => path), ...files.map((path) => inProject(project, path))];
  return all.sort(compareText);
}

/** Removes an undo point that is of no use any more. */
export async function forgetUndoPoint(
  project: Project,
  point: Pick<UndoPoint, "ref" | "sha">,
): Promise<void> {
  await new Git(project.workTree).run(["update-ref", "-d", point.ref, point.sha]);
}

/** Which folder of the repository a project is: its work tree by the name that Git has for it, and where it lies in that. */
function placeOf({ gitDirectory, commonDirectory, prefix }: Project): string {
  const workTree = relative(commonDirectory, gitDirectory).split(sep).join("/");
  return `${workTree}:${prefix}`;
}

/** A tree of the files that are there, and of no others. */
async function treeOf(project: Project, files: readonly string[]): Promise<string> {
  const kept = await readRawFiles(project, files, true);
  return withIndex(project, async (path) => (await PrivateIndex.fromFiles(project, path, kept)).writeTree());
}

/** Refs of later times come later in the order of their names. */
function refAt(time: number): string {
  return undoRefs + new Date(time).toISOString().replace(/[:.]/g, "-");
}

function timeOf(ref: string): number {
  return Date.parse(ref.slice(undoRefs.length).replace(/(T\d\d)-(\d\d)-(\d\d)-/, "$1:$2:$3."));
}

async function forgetOld(git: Git, before: string): Promise<void> {
  const listed = await git.text(["for-each-ref", "--sort=-refname", "--format=%(refname)", undoRefs]);
  const old = listed
    .split("\n")
    .slice(kept)
    .filter((ref) => ref < before);
  if (old.length > 0) {
    await git.run(["update-ref", "--stdin"], { input: old.map((ref) => `delete ${ref}\n`).join("") });
  }
}

/** The time after which the newest undo point is named; 0 when there is none. */
async function newestTime(git: Git): Promise<number> {
  const newest = ["--sort=-refname", "--count=1", "--format=%(refname)"];
  const ref = await git.text(["for-each-ref", ...newest, undoRefs]);
  return Date.parse(ref.slice(undoRefs.length).replace(/(T\d\d)-(\d\d)-(\d\d)-/, "$1:$2:$3.")) || 0;
}

/** A ref may have come from anywhere: what it says is checked. */
function parse(text: string): (Pick<UndoPoint, "outputs" | "files"> & { readonly place: unknown }) | null {
  let value: { readonly place?: unknown; readonly outputs?: unknown; readonly files?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value?.outputs) || !Array.isArray(value.files)) return null;
  const files = value.files.filter((file) => typeof file === "string" && isInside(file)) as string[];
  const outputs = value.outputs.flatMap((item: unknown): OutputTarget[] => {
    const { path, hash, isExecutable } = (item ?? {}) as { readonly [key: string]: unknown };
    if (typeof path !== "string" || !isInside(path)) return [];
    if (hash !== null && (typeof hash !== "string" || !isObjectHash(hash))) return [];
    return [{ path, hash, legacy: false, isExecutable: isExecutable === true }];
  });
  return { place: value.place, outputs, files };
}
