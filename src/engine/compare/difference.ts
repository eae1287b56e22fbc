import type { Checkpoint, Value, ValuesByFile } from "../model.ts";
import { type Goal, inferGoal } from "../pipeline/goal.ts";
import { isBetter } from "./best.ts";
import { flatten, isSameValue, numberOf } from "./values.ts";

/** One param or metric that two checkpoints do not have in common. */
export interface ValueDifference {
  readonly file: string;
  readonly key: string;
  /** `undefined` where the checkpoint does not have it. */
  readonly before: Value | undefined;
  readonly after: Value | undefined;
  /** `after − before`, when both are finite numbers. */
  readonly change: number | null;
  /** For metrics whose goal is known. */
  readonly verdict: "better" | "worse" | null;
}

export interface CheckpointDifference {
  readonly params: readonly ValueDifference[];
  readonly metrics: readonly ValueDifference[];
  /** Paths of outputs whose hash differs, or that only one has. */
  readonly outs: readonly string[];
}

/** What differs from one checkpoint to another. `goalOf` tells how a metric gets better; by its name when absent. */
export function compareCheckpoints(
  before: Checkpoint,
  after: Checkpoint,
  goalOf: (file: string, key: string) => Goal | null = (_file, key) => inferGoal(key),
): CheckpointDifference {
  const hashes = (checkpoint: Checkpoint) => new Map(checkpoint.outs.map(({ path, hash }) => [path, hash]));
  const [old, young] = [hashes(before), hashes(after)];
  const paths = new Set([...old.keys(), ...young.keys()]);
  return {
    params: differences(before.params, after.params, () => null),
    metrics: differences(before.metrics, after.metrics, goalOf),
    outs: [...paths].filter((path) => old.get(path) !== young.get(path)).sort(),
  };
}

function differences(
  before: ValuesByFile,
  after: ValuesByFile,
  goalOf: (file: string, key: string) => Goal | null,
): readonly ValueDifference[] {
  const pairs = new Map<string, { file: string; key: string; before?: Value; after?: Value }>();
  const place = (file: string, key: string) => JSON.stringify([file, key]);
  for (const { file, key, value } of flatten(before))
    pairs.set(place(file, key), { file, key, before: value });
  for (const { file, key, value } of flatten(after)) {
    pairs.set(place(file, key), { ...pairs.get(place(file, key)), file, key, after: value });
  }
  return [...pairs.values()]
    .filter((pair) => !isSameValue(pair.before, pair.after))
    .map((pair) => {
      const [old, young] = [numberOf(pair.before), numberOf(pair.after)];
      const change = old === null || young === null ? Number.NaN : young - old;
      const goal = goalOf(pair.file, pair.key);
      const isComparable = old !== null && young !== null && goal !== null;
      return {
        file: pair.file,
        key: pair.key,
        before: pair.before,
        after: pair.after,
        change: Number.isFinite(change) ? change : null,
        verdict: isComparable ? (isBetter(young, old, goal) ? "better" : "worse") : null,
      };
    });
}
