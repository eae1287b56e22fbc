import type { CheckpointTarget } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Event } from "../../engine/event.ts";
import type { CheckpointAction, Reference } from "../../webview/protocol.ts";

/** What the comparison needs of a project. */
export type ComparedEngine = Pick<Engine, "project" | "experiments" | "runs" | "pipeline">;

/** Where the comparison reads from: the projects that are open. */
export interface ComparisonSource {
  readonly engines: readonly ComparedEngine[];
  /** Whether a project is still being opened, so that what is missing may yet appear. */
  readonly isLoading: boolean;
  /** An engine was added or removed, or loading ended. */
  readonly onDidChange: Event<void>;
}

/** What the comparison leaves to the rest of the editor. */
export interface ComparisonActions {
  /** Runs a command on a checkpoint; asks and confirms as that command does everywhere. */
  act(action: CheckpointAction, target: CheckpointTarget): Promise<void>;
  /** Lets the person choose anew what to compare, with the present selection ticked; empty: they changed their mind. */
  pick(current: readonly Reference[]): Promise<readonly Reference[]>;
}
