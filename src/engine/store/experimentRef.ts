/** The parts that `refs/exps/<baseline[0:2]>/<baseline[2:]>/<name>` is made of. */
export interface ExperimentRef {
  readonly ref: string;
  readonly baseline: string;
  readonly name: string;
}

/** The folder of all experiments among Git's refs. DVC reads it too, so nothing else of ours may live there. */
export const experimentRefs = "refs/exps/";

/** The ref of Git's notes that hold annotations. */
export const notesRef = "refs/notes/savepoint";

/** The ref of an experiment. `baseline` is a full commit id. */
export function experimentRef(baseline: string, name: string): string {
  return `${experimentRefs}${baseline.slice(0, 2)}/${baseline.slice(2)}/${name}`;
}

/** Takes an experiment's ref apart; `null` for refs of other shapes, such as DVC's own bookkeeping. */
export function parseExperimentRef(ref: string): ExperimentRef | null {
  const match = /^refs\/exps\/([0-9a-f]{2})\/([0-9a-f]{38}|[0-9a-f]{62})\/([^/]+)$/.exec(ref);
  const [, start, rest, name] = match ?? [];
  return start === undefined || rest === undefined || name === undefined
    ? null
    : { ref, baseline: start + rest, name };
}
