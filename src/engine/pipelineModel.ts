import { type Disposable, Emitter, type Event } from "./event.ts";
import { loadPipeline } from "./pipeline/load.ts";
import type { Pipeline, StageStatus } from "./pipeline/stage.ts";
import type { Project } from "./project.ts";
import { statusesOf } from "./run/stageStatus.ts";
import { SharedWork } from "./sharedWork.ts";
import type { Hasher } from "./store/hasher.ts";

/** The pipelines of a project with the status of each stage, as of the last refresh. */
export interface PipelineState {
  readonly pipeline: Pipeline;
  /** By address; a stage whose status is still being worked out is not in it. */
  readonly statuses: ReadonlyMap<string, StageStatus>;
}

const nothing: PipelineState = { pipeline: { stages: [], problems: [], files: [] }, statuses: new Map() };

/** Keeps what the pipeline files say, and how their stages stand. */
export class PipelineModel implements Disposable {
  readonly #project: Project;
  readonly #hasher: Hasher;
  readonly #changed = new Emitter<PipelineState>();
  #state = nothing;
  readonly #refreshes = new SharedWork(() => this.#refresh());

  readonly onDidChange: Event<PipelineState> = this.#changed.event;

  constructor(project: Project, hasher: Hasher) {
    this.#project = project;
    this.#hasher = hasher;
  }

  get state(): PipelineState {
    return this.#state;
  }

  /** Reads the files, then works out the statuses. Calls while one is under way share its successor. */
  refresh(): Promise<PipelineState> {
    return this.#refreshes.run();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #refresh(): Promise<PipelineState> {
    const pipeline = await loadPipeline(this.#project);
    const addresses = new Set(pipeline.stages.map(({ address }) => address));
    // The stages are worth showing before large dependencies are hashed; what was known of them still stands.
    const known = new Map([...this.#state.statuses].filter(([address]) => addresses.has(address)));
    this.#show({ pipeline, statuses: known });
    const statuses = await statusesOf({ project: this.#project, hasher: this.#hasher }, pipeline);
    return this.#show({ pipeline, statuses });
  }

  #show(state: PipelineState): PipelineState {
    this.#state = state;
    this.#changed.fire(state);
    return state;
  }
}
