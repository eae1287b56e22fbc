/** Values that a sweep tries for one parameter. */
export type SweepValues =
  /** Each of them, as a person types it. */
  | { readonly kind: "listed"; readonly texts: readonly string[] }
  /** Numbers drawn between two bounds, which are kept as typed. `isWhole` when the parameter holds whole numbers. */
  | {
      readonly kind: "drawn";
      readonly distribution: "uniform" | "loguniform";
      readonly low: string;
      readonly high: string;
      readonly isWhole: boolean;
    };

/** One parameter of a sweep. */
export interface SweepAxis {
  /** Project-relative. */
  readonly file: string;
  readonly key: string;
  readonly values: SweepValues;
}

/** Parameters with the values to try; those with one value are the same in all runs. In the order typed. */
export interface Sweep {
  readonly axes: readonly SweepAxis[];
}

/** How a sweep becomes runs. */
export interface SweepChoice {
  /** Runs to draw at random; `null` for all combinations. */
  readonly samples: number | null;
  /** The same seed draws the same runs. */
  readonly seed: number;
}

/** From how many runs on a person is asked whether they mean it. */
export const manyRuns = 100;
/** Most runs that one sweep makes. */
export const mostRuns = 10_000;

/** Combinations of the listed values, without what is drawn. */
export function gridSize({ axes }: Sweep): number {
  return axes.reduce((size, { values }) => size * (values.kind === "listed" ? values.texts.length : 1), 1);
}

export function isDrawn({ values }: SweepAxis): boolean {
  return values.kind === "drawn";
}

/** Runs that the sweep makes. A grid without drawn numbers has no more different runs than combinations. */
export function countRuns(sweep: Sweep, samples: number | null): number {
  const size = gridSize(sweep);
  if (samples === null) return size;
  return sweep.axes.some(isDrawn) ? samples : Math.min(samples, size);
}

/** Whether it is one run with its parameters set, and no sweep at all. */
export function isSingle(sweep: Sweep): boolean {
  return gridSize(sweep) === 1 && !sweep.axes.some(isDrawn);
}
