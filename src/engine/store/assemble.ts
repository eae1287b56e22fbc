import type { Annotations, Checkpoint, Experiment, Origin } from "../model.ts";
import { noAnnotations } from "./annotations.ts";
import type { ExperimentRef } from "./experimentRef.ts";
import type { CheckpointMessage, CheckpointValues } from "./message.ts";
import { type Ownership, ownership } from "./ownership.ts";

/** A commit of an experiment with all that was read of it. */
export interface RecordedCommit {
  readonly sha: string;
  readonly parent: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** `null` for a commit of another program. */
  readonly message: CheckpointMessage | null;
  readonly values: CheckpointValues;
}

/** What reading the commit of a checkpoint that was just recorded would give. */
export function commitOf(checkpoint: Checkpoint): RecordedCommit {
  const { kind, metrics, params, outs } = checkpoint;
  const values = { metrics, params, outs };
  return {
    sha: checkpoint.sha,
    parent: checkpoint.parent,
    time: checkpoint.createdAt,
    message: kind === "foreign" ? null : { ...checkpoint, kind, values },
    values,
  };
}

/** An experiment's ref with its commits, oldest first. */
export interface ExperimentLine extends ExperimentRef {
  readonly commits: readonly RecordedCommit[];
}

/**
 * The experiments that refs and commits amount to, newest first. What did not change since `previous` (by ref) is the
 * very same object again.
 */
export function assembleExperiments(
  lines: readonly ExperimentLine[],
  annotations: ReadonlyMap<string, Annotations>,
  previous: ReadonlyMap<string, Experiment>,
): readonly Experiment[] {
  const filled = lines.filter((line) => line.commits.length > 0);
  const ownerships = ownership(
    filled.map((line) => ({
      name: line.name,
      commits: line.commits.map(({ sha, time, message }) => ({
        sha,
        time: message?.createdAt ?? time,
        recordedFor: message?.experiment ?? null,
      })),
    })),
  );
  const experiments = filled.map((line, index) =>
    assemble(line, ownerships[index] ?? wholly, annotations, previous.get(line.ref)),
  );
  return experiments.sort(byAge);
}

const wholly: Ownership = { start: 0, inheritedFrom: null };

/** Newest first; experiments of one moment by name. */
function byAge(a: Experiment, b: Experiment): number {
  return b.createdAt - a.createdAt || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function assemble(
  line: ExperimentLine,
  owned: Ownership,
  annotations: ReadonlyMap<string, Annotations>,
  previous: Experiment | undefined,
): Experiment {
  const checkpoints: Checkpoint[] = [];
  let sequence = 0;
  for (const [index, commit] of line.commits.entries()) {
    const claimed = commit.message?.sequence ?? 0;
    // A sequence that does not grow would name two checkpoints alike.
    sequence = claimed > sequence ? claimed : sequence + 1;
    const notes = annotations.get(commit.sha) ?? noAnnotations;
    const known = previous?.checkpoints[index];
    const isSame = known?.sha === commit.sha && known.annotations === notes && known.sequence === sequence;
    checkpoints.push(isSame ? known : checkpointOf(commit, line.name, sequence, notes));
  }
  const first = line.commits[Math.min(owned.start, line.commits.length - 1)];
  const experiment: Experiment = {
    name: line.name,
    ref: line.ref,
    baseline: line.baseline,
    createdAt: first?.message?.createdAt ?? first?.time ?? 0,
    resumedFrom: originOf(line, checkpoints, owned),
    checkpoints,
  };
  return previous !== undefined && isSameExperiment(experiment, previous) ? previous : experiment;
}

function checkpointOf(
  commit: RecordedCommit,
  experiment: string,
  sequence: number,
  annotations: Annotations,
): Checkpoint {
  const { message } = commit;
  return {
    sha: commit.sha,
    parent: commit.parent,
    experiment,
    sequence,
    step: message?.step ?? null,
    total: message?.total ?? null,
    name: message?.name ?? null,
    kind: message?.kind ?? "foreign",
    stage: message?.stage ?? null,
    run: message?.run ?? null,
    createdAt: message?.createdAt ?? commit.time,
    ...commit.values,
    metadata: message?.metadata ?? {},
    resumedFrom: message?.resumedFrom ?? null,
    warning: message?.warning ?? null,
    ...(message?.environment ? { environment: message.environment } : {}),
    question: message?.question ?? null,
    progress: message?.progress ?? null,
    annotations,
  };
}

/** Where a line branched off: its last inherited checkpoint, under the name of the experiment that recorded it. */
function originOf(
  line: ExperimentLine,
  checkpoints: readonly Checkpoint[],
  { start, inheritedFrom }: Ownership,
): Origin | null {
  const claimed = line.commits[start]?.message?.resumedFrom ?? null;
  const last = checkpoints[start - 1];
  if (last === undefined || claimed?.sha === last.sha) return claimed;
  return { experiment: inheritedFrom ?? line.name, sequence: last.sequence, sha: last.sha };
}

function isSameExperiment(a: Experiment, b: Experiment): boolean {
  return (
    a.createdAt === b.createdAt &&
    a.resumedFrom?.sha === b.resumedFrom?.sha &&
    a.resumedFrom?.experiment === b.resumedFrom?.experiment &&
    a.checkpoints.length === b.checkpoints.length &&
    a.checkpoints.every((checkpoint, index) => checkpoint === b.checkpoints[index])
  );
}
