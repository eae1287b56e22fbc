import type { Environments } from "../environment/environments.ts";
import type { Project } from "../project.ts";
import type { ExperimentIndex } from "../store/experimentIndex.ts";
import type { Hasher } from "../store/hasher.ts";
import type { FailurePolicy } from "./snapshots.ts";
import type { LaunchSettings } from "./stageLaunch.ts";

/** What running needs from its surroundings. */
export interface RunServices {
  readonly project: Project;
  readonly experiments: ExperimentIndex;
  readonly hasher: Hasher;
  readonly environments: Environments;
  readonly launch: LaunchSettings;
  /** What happens when a checkpoint can't be taken: whether somebody is there to be asked. */
  readonly onSnapshotFailure: FailurePolicy;
  /** Milliseconds before the first retry of a failed stage that does not say it itself. */
  readonly retryPause: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}
