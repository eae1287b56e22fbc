import type { FileSet } from "./scanSets.ts";

/** Written last by those who write it, so that a set that holds it is complete. */
const finalMark = "trainer_state.json";

/** What is remembered of the sets from look to look. Times are of a clock that only goes forward, in milliseconds. */
export interface Observation {
  /** By path: the state that was seen last, and since when it is the same. */
  readonly states: ReadonlyMap<string, { readonly digest: string; readonly since: number }>;
  /** Whether a set had the final mark before: then one without it is not complete. */
  readonly usesMark: boolean;
}

export const nothingObserved: Observation = { states: new Map(), usesMark: false };

/** Takes in what was seen at a look. */
export function observe(before: Observation, sets: ReadonlyMap<string, FileSet>, now: number): Observation {
  const states = new Map(
    [...sets].map(([path, { digest }]) => {
      const known = before.states.get(path);
      return [path, known?.digest === digest ? known : { digest, since: now }];
    }),
  );
  return { states, usesMark: before.usesMark || [...sets.values()].some(hasMark) };
}

/**
 * The sets that do not change any more. With the final mark a set counts as soon as two looks saw the same; without, it
 * must have been quiet for `settle`, and no other set may show that the mark is still to come.
 */
export function quietSets(
  { states, usesMark }: Observation,
  sets: ReadonlyMap<string, FileSet>,
  now: number,
  settle: number,
): readonly FileSet[] {
  return [...sets.values()].filter((set) => {
    const state = states.get(set.path);
    if (state?.digest !== set.digest) return false;
    if (hasMark(set)) return state.since < now;
    return !(usesMark && isFolder(set)) && now - state.since >= settle;
  });
}

/** Whether a set has what is written last. */
export function hasMark({ path, files }: FileSet): boolean {
  return markOf(path) in files;
}

/** Where a folder's final mark would be. */
export function markOf(path: string): string {
  return `${path}/${finalMark}`;
}

/** Whether a set is a folder. */
export function isFolder({ path, files }: FileSet): boolean {
  return !(path in files);
}
