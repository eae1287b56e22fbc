import type { Checkpoint, Experiment } from "../../engine/model.ts";

/** Experiments that are listed under one commit: mostly the one that they grew from. */
export interface BaselineGroup {
  readonly baseline: string;
  /** In the order of the index: newest first. */
  readonly experiments: readonly Experiment[];
}

/** A row under an experiment: a checkpoint, or so many that are folded away. */
export type CheckpointRow =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly kind: "folded"; readonly count: number; readonly before: string };

/** The experiments by the commit that `homeOf` names for a baseline; the group with the newest experiment first. */
export function groupByBaseline(
  experiments: readonly Experiment[],
  homeOf: (baseline: string) => string,
): readonly BaselineGroup[] {
  const groups = new Map<string, Experiment[]>();
  for (const experiment of experiments) {
    const home = homeOf(experiment.baseline);
    const group = groups.get(home);
    if (group) group.push(experiment);
    else groups.set(home, [experiment]);
  }
  return [...groups].map(([baseline, members]) => ({ baseline, experiments: members }));
}

/**
 * The rows of an experiment, newest first. The newest `recent` ones are shown, the first one, and each that `isNotable`
 * names (the best, the starred); what lies between is folded, unless it is a single one.
 */
export function checkpointRows(
  checkpoints: readonly Checkpoint[],
  recent: number,
  isNotable: (checkpoint: Checkpoint) => boolean,
): readonly CheckpointRow[] {
  const newestFirst = [...checkpoints].reverse();
  const isShown = (checkpoint: Checkpoint, index: number) =>
    index < recent || index === newestFirst.length - 1 || isNotable(checkpoint);
  const rows: CheckpointRow[] = [];
  let folded: Checkpoint[] = [];
  const closeFold = () => {
    const [only] = folded;
    if (only && folded.length === 1) rows.push({ kind: "checkpoint", checkpoint: only });
    else if (only) rows.push({ kind: "folded", count: folded.length, before: only.sha });
    folded = [];
  };
  newestFirst.forEach((checkpoint, index) => {
    if (!isShown(checkpoint, index)) {
      folded.push(checkpoint);
      return;
    }
    closeFold();
    rows.push({ kind: "checkpoint", checkpoint });
  });
  return rows;
}
