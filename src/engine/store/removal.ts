import type { Experiment } from "../model.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { Git } from "../system/git.ts";
import { experimentRef } from "./experimentRef.ts";

/** The folder of refs that keep removed experiments: `<time>/<baseline>/<name>`. */
const removedRefs = "refs/savepoint/removed/";

/** How long a removed experiment can be brought back, in milliseconds: thirty days. */
const keptFor = 30 * 24 * 60 * 60 * 1000;

/** An experiment that was removed, and can be brought back. */
export interface RemovedExperiment {
  readonly name: string;
  readonly baseline: string;
  /** Its last checkpoint. */
  readonly sha: string;
  /** Where it is kept. */
  readonly ref: string;
  /** Milliseconds since the epoch; the same for all that were removed together. */
  readonly removedAt: number;
}

/**
 * Removes experiments, all or none. Their commits are kept for {@link bringBack}, and so is what forks share with them.
 * The caller has seen to it that none of them runs. Fails with `experiment-moved` when one was changed meanwhile.
 */
export async function removeExperiments(
  project: Project,
  experiments: readonly Experiment[],
  now: number,
): Promise<Result<readonly RemovedExperiment[]>> {
  const git = new Git(project.root);
  const known = await removedExperiments(project);
  // Two removals of one moment would be brought back as one.
  const time = Math.max(now, ...known.map(({ removedAt }) => removedAt + 1));
  const removed = experiments.map(({ name, baseline, ref, checkpoints }) => {
    const kept = `${removedRefs}${nameOfTime(time)}/${baseline}/${name}`;
    return {
      name,
      baseline,
      sha: checkpoints.at(-1)?.sha ?? baseline,
      ref: kept,
      removedAt: time,
      from: ref,
    };
  });
  const outdated = known.filter(({ removedAt }) => removedAt < now - keptFor);
  const moved = await transaction(git, [
    ...removed.map(({ ref, sha }) => `create ${ref} ${sha}`),
    ...removed.map(({ from, sha }) => `delete ${from} ${sha}`),
    ...outdated.map(({ ref, sha }) => `delete ${ref} ${sha}`),
  ]);
  if (moved) return success(removed.map(({ from: _, ...experiment }) => experiment));
  const what = experiments.length === 1 ? (experiments[0]?.name ?? "") : "One of the experiments";
  return failure(
    "experiment-moved",
    `${what} was changed by somebody else at this moment, so nothing was removed. Try again.`,
  );
}

/** The experiments that can be brought back, those removed last first. */
export async function removedExperiments(project: Project): Promise<readonly RemovedExperiment[]> {
  const format = "--format=%(objectname) %(refname)";
  const text = await new Git(project.root).text(["for-each-ref", "--sort=-refname", format, removedRefs]);
  return text.split("\n").flatMap((line): RemovedExperiment[] => {
    const [sha = "", ref = ""] = line.split(" ");
    const [time = "", baseline = "", name = "", ...more] = ref.slice(removedRefs.length).split("/");
    const removedAt = Date.parse(time.replace(/(T\d\d)-(\d\d)-(\d\d)-/, "$1:$2:$3."));
    if (name === "" || more.length > 0 || Number.isNaN(removedAt)) return [];
    return [{ name, baseline, sha, ref, removedAt }];
  });
}

/** Makes removed experiments be there again, all or none. Fails with `name-taken` when one of that name is there. */
export async function bringBack(
  project: Project,
  removed: readonly RemovedExperiment[],
): Promise<Result<readonly RemovedExperiment[]>> {
  const git = new Git(project.root);
  for (const { name, baseline } of removed) {
    const taken = await git.textOrNull(["rev-parse", "--verify", "--quiet", experimentRef(baseline, name)]);
    if (taken === null) continue;
    return failure("name-taken", `There is an experiment ${name} again, so the removed one stays removed.`);
  }
  const moved = await transaction(git, [
    ...removed.map(({ name, baseline, sha }) => `create ${experimentRef(baseline, name)} ${sha}`),
    ...removed.map(({ ref, sha }) => `delete ${ref} ${sha}`),
  ]);
  if (moved) return success(removed);
  return failure("experiment-moved", "Somebody else brought it back at this moment. Refresh to see it.");
}

/** A time as a part of a ref's name, in the order of time. */
function nameOfTime(time: number): string {
  return new Date(time).toISOString().replace(/[:.]/g, "-");
}

async function transaction(git: Git, lines: readonly string[]): Promise<boolean> {
  const input = ["start", ...lines, "prepare", "commit", ""].join("\n");
  return (await git.run(["update-ref", "--stdin"], { input })).code === 0;
}
