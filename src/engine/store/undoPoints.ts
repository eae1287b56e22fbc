import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import { isObjectHash } from "./cache.ts";
import { CommitWriter } from "./commitWriter.ts";
import { isInside } from "./directoryObject.ts";
import type { OutputTarget } from "./outputRestore.ts";
import { PrivateIndex } from "./privateIndex.ts";
import { readRawFiles } from "./rawFiles.ts";
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
  /** Outputs as they were; their bytes are in the cache. */
  readonly outputs: readonly OutputTarget[];
  /** Files as they were, raw, in the commit's tree; those that are not in it were not there. Relative to the work tree. */
  readonly files: readonly string[];
}

/** Keeps the files (relative to the work tree) and outputs as they are now. Returns the ref. */
export async function keepUndoPoint(
  project: Project,
  title: string,
  outputs: readonly OutputTarget[],
  files: readonly string[],
): Promise<string> {
  const git = new Git(project.workTree);
  const commits = new CommitWriter(project);
  const head = await git.text(["rev-parse", "--verify", "HEAD^{commit}"]);
  const tree = await treeOf(project, files);
  const content = JSON.stringify({ outputs, files });
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
      return ref;
    }
    time += 1;
  }
}

/** The newest undo point; `null` when there is none. */
export async function latestUndoPoint(project: Project): Promise<UndoPoint | null> {
  const git = new Git(project.workTree);
  const listed = await git.text([
    "for-each-ref",
    "--sort=-refname",
    "--count=1",
    "--format=%(objectname) %(refname)",
    undoRefs,
  ]);
  const [sha, ref] = listed.split(" ");
  if (!sha || !ref) return null;
  const message = await git.text(["log", "-1", "--format=%B", "--encoding=UTF-8", sha]);
  const line = message.split("\n").find((candidate) => candidate.startsWith(trailer));
  const content = line === undefined ? null : parse(line.slice(trailer.length));
  if (content === null) return null;
  const title = /^savepoint: before (.*)$/m.exec(message)?.[1] ?? "";
  return { ref, sha, title, ...content };
}

/** Removes an undo point that was taken back. */
export async function forgetUndoPoint(project: Project, point: { ref: string; sha: string }): Promise<void> {
  await new Git(project.workTree).run(["update-ref", "-d", point.ref, point.sha]);
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
function parse(text: string): Pick<UndoPoint, "outputs" | "files"> | null {
  let value: { readonly outputs?: unknown; readonly files?: unknown } | null;
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
  return { outputs, files };
}
