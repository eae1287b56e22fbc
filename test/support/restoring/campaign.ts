import fc from "fast-check";
import { type Action, describeAction, sequences } from "./actions.ts";
import { copyOf, template } from "./repository.ts";
import { carryOut } from "./sequence.ts";

/** What a campaign has found. */
export interface RestoreReport {
  readonly sequences: number;
  /** `null` when all was as it must be. */
  readonly fault: {
    /** The shortest sequence that shows it, one action a line. */
    readonly actions: readonly string[];
    readonly message: string;
    /** For `--seed` and `--path`, to see it again. */
    readonly seed: number;
    readonly path: string;
  } | null;
}

/**
 * Carries out generated sequences, each in a repository of its own, until one shows a fault; that one is made as short
 * as it can be. The same seed gives the same sequences.
 */
export async function restoreAgainAndAgain(options: {
  readonly runs: number;
  readonly seed: number;
  /** Actions in a sequence at most. */
  readonly longest: number;
  /** Begins at this place of a seed's sequences, which an earlier report has named. */
  readonly path?: string;
  readonly onProgress?: (sequences: number) => void;
}): Promise<RestoreReport> {
  const original = await template();
  let count = 0;
  try {
    const property = fc.asyncProperty(sequences(options.longest), async (actions) => {
      const project = await copyOf(original);
      try {
        await carryOut(project, actions);
      } finally {
        await project.dispose();
        options.onProgress?.(++count);
      }
    });
    const { runs: numRuns, seed, path } = options;
    const details = await fc.check(property, { numRuns, seed, ...(path === undefined ? {} : { path }) });
    const actions: readonly Action[] = details.counterexample?.[0] ?? [];
    return {
      sequences: details.numRuns,
      fault: details.failed
        ? {
            actions: actions.map(describeAction),
            message: String(
              details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance,
            ),
            seed: details.seed,
            path: details.counterexamplePath ?? "",
          }
        : null,
    };
  } finally {
    await original.dispose();
  }
}
