import type { CheckpointTarget, ExperimentTarget, QueuedTarget, StageTarget } from "../../contract.ts";

/** Rows of the Experiments view. Those that commands act on are the commands' own targets. */
export type ExperimentsRow = BaselineRow | ExperimentTarget | CheckpointTarget | FoldedRow;

export interface BaselineRow {
  readonly kind: "baseline";
  readonly root: string;
  readonly baseline: string;
}

/** Checkpoints that are folded away; a click shows them. */
export interface FoldedRow {
  readonly kind: "folded";
  readonly root: string;
  readonly experiment: string;
  /** Commit of the newest one of them. */
  readonly before: string;
  readonly count: number;
}

/** Rows of the Pipeline view; the project's row is there when several are open. */
export type PipelineRow = PipelineProjectRow | StageTarget;

export interface PipelineProjectRow {
  readonly kind: "pipelineProject";
  readonly root: string;
}

/** Rows of the Queue view; the project's row is there when several have a queue. */
export type QueueRow = QueueProjectRow | QueuedTarget;

export interface QueueProjectRow {
  readonly kind: "queueProject";
  readonly root: string;
}

/** A row of any view. */
type Row = ExperimentsRow | PipelineRow | QueueRow;

/** A row's identity over refreshes: expansion, selection and ticks live on it. */
export function rowId(row: Row): string {
  switch (row.kind) {
    case "baseline":
      return JSON.stringify([row.kind, row.root, row.baseline]);
    case "experiment":
      return JSON.stringify([row.kind, row.root, row.experiment]);
    case "checkpoint":
      return JSON.stringify([row.kind, row.root, row.experiment, row.sha]);
    case "folded":
      return JSON.stringify([row.kind, row.root, row.experiment, row.before]);
    case "pipelineProject":
    case "queueProject":
      return JSON.stringify([row.kind, row.root]);
    case "stage":
      return JSON.stringify([row.kind, row.root, row.stage]);
    case "queued":
      return JSON.stringify([row.kind, row.root, row.id]);
  }
}

/** Gives each identity one object, as VS Code finds a row to refresh by its object. */
export class RowPool<Kind extends Row> {
  readonly #rows = new Map<string, Kind>();

  /** The known row of the same identity, else this one. A folded row's count may change: it is taken anew. */
  intern(row: Kind): Kind {
    const id = rowId(row);
    const known = this.#rows.get(id);
    if (known && row.kind !== "folded") return known;
    this.#rows.set(id, row);
    return row;
  }

  /** The row of an identity, if it was ever made. */
  known(row: Kind): Kind | undefined {
    return this.#rows.get(rowId(row));
  }

  clear(): void {
    this.#rows.clear();
  }
}
