import type { Checkpoint } from "../model.ts";
import type { Project } from "../project.ts";
import type { Problem, Result } from "../result.ts";
import { isObjectHash, openCache } from "./cache.ts";
import { CatFile } from "./catFile.ts";
import { CommitReader } from "./commitReader.ts";
import type { Hasher } from "./hasher.ts";
import type { NeededProblem, ObjectProblem, OutputTarget } from "./outputRestore.ts";
import { recordedOutputs } from "./recordedOutputs.ts";
import { labelOf, targetOf } from "./restorePlan.ts";

/** How many checkpoints before a damaged one are looked at for a complete one. */
const searchLimit = 1_000;

/** What hashing objects again found. */
export interface IntegrityReport {
  readonly objects: number;
  /** Bytes. */
  readonly size: number;
  readonly problems: readonly NeededProblem[];
}

/**
 * Re-hashes every object that the checkpoints name, each once: what each checkpoint's own stage made, and for the last
 * of them all that it has from other stages.
 */
export async function verify(
  project: Project,
  checkpoints: readonly Checkpoint[],
  hasher: Hasher,
): Promise<IntegrityReport> {
  const targets = new Map<string, OutputTarget>();
  const last = checkpoints.at(-1);
  const outputs = [
    ...checkpoints.flatMap(({ outs }) => outs),
    ...(last ? await recordedOutputs(project, last, "everything") : []),
  ];
  for (const output of outputs) {
    const key = `${output.legacy}${output.hash}`;
    if (output.cached && isObjectHash(output.hash) && !targets.has(key)) targets.set(key, targetOf(output));
  }
  return hasher.call("verifyOutputs", { cache: await openCache(project), targets: [...targets.values()] });
}

/** The newest checkpoint before the given one whose outputs are all there, and as they were recorded. */
async function nearestComplete(
  project: Project,
  checkpoint: Checkpoint,
  hasher: Hasher,
): Promise<{ readonly sha: string; readonly label: string } | null> {
  const cache = await openCache(project);
  const objects = new CatFile(project.root);
  try {
    const commits = new CommitReader(project, objects);
    let sha = checkpoint.parent;
    for (let looked = 0; looked < searchLimit; looked += 1) {
      const commit = await commits.read(sha);
      if (commit?.message == null) return null;
      const targets = commit.values.outs
        .filter(({ cached, hash }) => cached && isObjectHash(hash))
        .map(targetOf);
      const isComplete =
        (await hasher.call("hasOutputs", { cache, targets })) &&
        (await hasher.call("verifyOutputs", { cache, targets })).problems.length === 0;
      if (isComplete) return { sha, label: labelOf(commit.message) };
      sha = commit.parent;
    }
    return null;
  } finally {
    objects.dispose();
  }
}

/** A missing or damaged object as a problem for people. */
export function describeObject(title: string, { path, hash, kind }: ObjectProblem): Problem {
  const what = kind === "missing" ? "is not in the cache" : "is damaged in the cache";
  return { reason: `object-${kind}`, message: `${title}: ${path} (${hash}) ${what}.`, path };
}

/** The failure of what needed the objects, with the nearest complete checkpoint before. */
export async function objectFailure(
  project: Project,
  hasher: Hasher,
  checkpoint: Checkpoint,
  problems: readonly ObjectProblem[],
): Promise<Result<never>> {
  const [first, ...others] = problems;
  if (first === undefined) throw new Error("No problem to describe");
  const problem = describeObject(labelOf(checkpoint), first);
  const more = others.length > 0 ? ` So are ${others.length} more.` : "";
  const nearest = await nearestComplete(project, checkpoint, hasher);
  const advice = nearest
    ? `The nearest complete checkpoint before it is ${nearest.label}.`
    : "No complete checkpoint before it is here; pull it from a remote that has it.";
  return { ok: false, problem: { ...problem, message: `${problem.message}${more} ${advice}` } };
}
