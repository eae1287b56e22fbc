import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import { goalsOfStages } from "../../engine/compare/best.ts";
import { experimentStatus } from "../../engine/compare/status.ts";
import type { Checkpoint, Experiment } from "../../engine/model.ts";
import {
  type Append,
  type ComparedRow,
  lineKey,
  type MetricLine,
  type MissingReference,
  protocolVersion,
  type Reference,
  referenceKey,
  referenceLabel,
  type Snapshot,
} from "../../webview/protocol.ts";
import { seamsIn } from "../seams.ts";
import {
  assignSlots,
  checkpointOf,
  type GoalOf,
  goalsOf,
  lineOf,
  pointOf,
  rowOf,
  seamsOfLine,
} from "./comparisonModel.ts";
import type { ComparedEngine, ComparisonSource } from "./comparisonPorts.ts";

/** What the page was last told about a line, so that the next checkpoint can be told as a single addition. */
export interface ToldLine {
  readonly lastSha: string;
  readonly length: number;
  readonly elapsed: number;
}

/** A comparison as it is now: what the page gets, and what the host remembers of that. */
export interface ReadComparison {
  readonly snapshot: Omit<Snapshot, "revision">;
  readonly told: ReadonlyMap<string, ToldLine>;
  readonly slots: ReadonlyMap<string, number>;
}

/** Reads everything that a selection compares. Lines that were there `before` keep their slots. */
export function readComparison(
  source: ComparisonSource,
  selection: readonly Reference[],
  before: ReadonlyMap<string, number>,
): ReadComparison {
  const rows: ComparedRow[] = [];
  const missing: MissingReference[] = [];
  const compared = new Map<string, { readonly engine: ComparedEngine; readonly experiment: Experiment }>();
  for (const reference of selection) {
    const { engine, experiment, checkpoint } = resolveReference(source.engines, reference);
    if (engine === undefined || experiment === undefined || checkpoint === undefined) {
      missing.push(missingReference(reference, engine !== undefined));
      continue;
    }
    rows.push(rowOf(reference, experiment, checkpoint, experimentStatus(experiment, engine.runs.runs)));
    compared.set(lineKey(reference.root, experiment.name), { engine, experiment });
  }
  const slots = assignSlots([...compared.keys()], before);
  const lines = [...compared].map(([key, { engine, experiment }]) =>
    lineOf(engine.project.root, experiment, slots.get(key) ?? 0, seamsIn(engine, experiment)),
  );
  const told = new Map(
    [...compared].map(([key, { experiment }], index) => [key, toldLine(experiment, lines[index])]),
  );
  return {
    slots,
    told,
    snapshot: {
      kind: "snapshot",
      protocol: protocolVersion,
      selection,
      rows,
      lines,
      missing: source.isLoading ? [] : missing,
      goals: goalsOf(lines, rows, directions(source.engines)),
      loading: source.isLoading,
      severalProjects: new Set(rows.map((row) => row.reference.root)).size > 1,
    },
  };
}

/** The message for a checkpoint that goes on from what the page was told; `null` when it does not. */
export function readAppend(
  engine: ComparedEngine,
  checkpoint: Checkpoint,
  selection: readonly Reference[],
  told: ToldLine | undefined,
): { readonly append: Omit<Append, "revision">; readonly told: ToldLine } | null {
  const experiment = findExperiment(engine, checkpoint.experiment);
  const previous = experiment?.checkpoints.at(-2);
  const goesOn =
    told !== undefined &&
    experiment?.checkpoints.length === told.length + 1 &&
    experiment.checkpoints.at(-1)?.sha === checkpoint.sha &&
    previous?.sha === told.lastSha;
  if (!goesOn) return null;
  const point = pointOf(checkpoint, previous, told.elapsed);
  const following = selection.filter((reference) => reference.sequence === null);
  const rows = rowsOf(engine, experiment, following);
  return {
    told: { lastSha: checkpoint.sha, length: told.length + 1, elapsed: point.elapsed },
    append: {
      kind: "append",
      line: lineKey(engine.project.root, experiment.name),
      point,
      seams: seamsOfLine(seamsIn(engine, experiment)),
      rows,
      goals: goalsOf([point], rows, directions([engine])),
    },
  };
}

/** The rows of a selection that are of one experiment. */
export function rowsOf(
  engine: ComparedEngine,
  experiment: Experiment,
  selection: readonly Reference[],
): readonly ComparedRow[] {
  const status = experimentStatus(experiment, engine.runs.runs);
  return selection.flatMap((reference) => {
    if (!isOf(reference, engine, experiment.name)) return [];
    const checkpoint = checkpointOf(experiment, reference.sequence);
    return checkpoint === undefined ? [] : [rowOf(reference, experiment, checkpoint, status)];
  });
}

/** What a reference means now; parts that are not there are `undefined`. */
export function resolveReference(engines: readonly ComparedEngine[], reference: Reference) {
  const engine = engines.find((candidate) => candidate.project.root === reference.root);
  const experiment = engine && findExperiment(engine, reference.experiment);
  return { engine, experiment, checkpoint: experiment && checkpointOf(experiment, reference.sequence) };
}

export function findExperiment(engine: ComparedEngine, name: string): Experiment | undefined {
  return engine.experiments.experiments.find((experiment) => experiment.name === name);
}

/** Whether a reference is of an experiment of a project. */
export function isOf(reference: Reference, engine: ComparedEngine, experiment: string): boolean {
  return reference.root === engine.project.root && reference.experiment === experiment;
}

function directions(engines: readonly ComparedEngine[]): GoalOf {
  return goalsOfStages(engines.flatMap(({ pipeline }) => pipeline.pipeline.stages));
}

function toldLine(experiment: Experiment, line: MetricLine | undefined): ToldLine {
  return {
    lastSha: experiment.checkpoints.at(-1)?.sha ?? "",
    length: experiment.checkpoints.length,
    elapsed: line?.elapsed.at(-1) ?? 0,
  };
}

function missingReference(reference: Reference, isOpen: boolean): MissingReference {
  return {
    key: referenceKey(reference),
    label: referenceLabel(reference),
    reason: isOpen
      ? l10n.t("it is no longer in the store")
      : l10n.t("its project {0} is not open in this window", basename(reference.root)),
  };
}
