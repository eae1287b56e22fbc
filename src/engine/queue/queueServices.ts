import type { Runs } from "../isolated/runs.ts";
import type { Project } from "../project.ts";
import type { ExperimentIndex } from "../store/experimentIndex.ts";

/** What the queue needs from its surroundings. */
export interface QueueServices {
  readonly project: Project;
  readonly experiments: ExperimentIndex;
  readonly runs: Runs;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}
