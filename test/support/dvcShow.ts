import type { Value } from "../../src/engine/model.ts";
import type { DvcEnvironment } from "./dvcEnvironment.ts";

type Section<Item> = { readonly [path: string]: Item };
type Values = { readonly [key: string]: Value };

/** One commit in `dvc exp show --json`, with the parts that tests look at. */
export interface ShownCommit {
  readonly rev: string;
  readonly name: string | null;
  readonly error: unknown;
  readonly data: {
    readonly params: Section<{ readonly data?: Values; readonly error?: unknown }>;
    readonly metrics: Section<{ readonly data?: Values; readonly error?: unknown }>;
    readonly outs: Section<{ readonly hash: string | null; readonly use_cache: boolean }>;
  } | null;
}

/** All experiments that DVC shows: their commits by name, the oldest first. */
export async function shownExperiments(
  dvc: DvcEnvironment,
  directory: string,
): Promise<ReadonlyMap<string, readonly ShownCommit[]>> {
  const states: readonly {
    readonly experiments: readonly { readonly name: string; readonly revs: readonly ShownCommit[] }[] | null;
  }[] = JSON.parse(await dvc.dvc(directory, ["exp", "show", "--json", "--all-commits"]));
  const experiments = states.flatMap((state) => state.experiments ?? []);
  return new Map(experiments.map(({ name, revs }) => [name, revs.toReversed()]));
}

/** What a section says by file, without what DVC could not read. */
export function readable(section: Section<{ readonly data?: Values }>): { readonly [file: string]: Values } {
  return Object.fromEntries(
    Object.entries(section).flatMap(([file, { data }]) => (data === undefined ? [] : [[file, data]])),
  );
}
