import { isoTime } from "../engine/compare/listJson.ts";
import { formatTime } from "../engine/compare/present.ts";
import type { Engine } from "../engine/engine.ts";
import { failure, type Result, success } from "../engine/result.ts";
import type { LaunchRecord, Run } from "../engine/run/run.ts";
import { resolveReference } from "../engine/store/references.ts";
import { readMetrics } from "./session.ts";

/**
 * The run that a word of the command line means: by its id, the newest one of an experiment of that name (which may
 * have no checkpoint), or the one that recorded a checkpoint.
 */
export async function findRun(engine: Engine, word: string): Promise<Result<Run>> {
  await engine.experiments.refresh();
  await engine.runs.look();
  const { runs } = engine.runs;
  const named = runs.findLast((run) => run.id === word || run.experiment === word);
  if (named) return success(named);
  const found = resolveReference(engine.experiments.experiments, word, await readMetrics(engine));
  if (!found.ok) return found;
  const { checkpoint } = found.value;
  const run = runs.find(({ id }) => id === checkpoint.run);
  if (run) return success(run);
  const label = `${checkpoint.experiment}@${checkpoint.sequence}`;
  const message = `The run that recorded ${label} is not known on this machine any more, or was on another one.`;
  return failure("no-run", message);
}

/** How the launches of a run went, for people: title and text of each line. */
export function launchLines(run: Run): readonly (readonly [string, string])[] {
  return run.stages.flatMap(({ stage, launches }) =>
    launches.map((launch, index) => ["launch", `${stage} ${index + 1}: ${launchText(launch)}`] as const),
  );
}

/** How the launches of a run went, for programs. */
export function launchesJson(run: Run) {
  return run.stages.flatMap(({ stage, launches }) =>
    launches.map(({ startedAt, iteration, from, end }) => ({
      stage,
      iteration,
      startedAt: isoTime(startedAt),
      from,
      end: end && { state: end.state, reason: end.reason, at: isoTime(end.at) },
    })),
  );
}

function launchText({ startedAt, iteration, from, end }: LaunchRecord): string {
  const parts = [
    `${formatTime(startedAt)} UTC`,
    iteration > 1 ? `iteration ${iteration}` : null,
    from === null ? "fresh" : `from ${from}`,
    end === null ? "running" : end.state === "succeeded" ? "succeeded" : `${end.state}: ${end.reason}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
