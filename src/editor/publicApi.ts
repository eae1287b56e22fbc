import type { Event } from "../engine/event.ts";
import type { Checkpoint, Experiment } from "../engine/model.ts";
import type { Projects } from "./projects.ts";

/** What `activate()` gives to other extensions. Data only; to act, run the commands of `contract.ts`. */
export interface SavepointApi {
  /** Of the extension, such as `0.1.0`. */
  readonly version: string;
  /** The experiments of all projects of the window, newest first within each, once they are read. */
  listExperiments(): Promise<readonly (Experiment & { readonly root: string })[]>;
  /** Fires when a checkpoint that this window listens for is in the store. */
  readonly onDidRecordCheckpoint: Event<Checkpoint & { readonly root: string }>;
}

export function createPublicApi(version: string, projects: Projects): SavepointApi {
  return Object.freeze<SavepointApi>({
    version,
    async listExperiments() {
      await projects.whenLoaded();
      return projects.all.flatMap((engine) =>
        engine.experiments.experiments.map((experiment) => ({ ...experiment, root: engine.project.root })),
      );
    },
    onDidRecordCheckpoint: (listener) =>
      projects.onDidRecord(({ engine, checkpoint }) =>
        listener({ ...checkpoint, root: engine.project.root }),
      ),
  });
}
