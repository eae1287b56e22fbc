import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { initProject } from "../../src/engine/initProject.ts";
import type { Checkpoint } from "../../src/engine/model.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import type { Project } from "../../src/engine/project.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { Recorder, type SnapshotRequest } from "../../src/engine/store/recorder.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import { type TemporaryProject, temporaryProject } from "../../test/support/temporaryProject.ts";
import { timeOf } from "../benchmark.ts";
import { EventLoopWatch } from "./eventLoop.ts";

const workerPath = join(import.meta.dirname, "..", "..", "src", "engine", "store", "hashWorker.ts");

/** What recording one checkpoint costs, in milliseconds. */
export interface RecordingCost {
  /** Training is held. */
  readonly held: number;
  /** From the release until it is committed. */
  readonly stored: number;
  /** The longest block of the event loop over both. */
  readonly blocked: number;
  readonly checkpoint: Checkpoint;
}

/** A project whose stage makes `model.bin` and the folder `weights`, with a recorder at work. */
export class RecordingBench {
  readonly #temporary: TemporaryProject;
  readonly #project: Project;
  readonly #recorder: Recorder;
  readonly #hasher: Hasher;
  readonly #request: SnapshotRequest;
  readonly #watch = new EventLoopWatch();
  readonly #recorded: Checkpoint[] = [];

  private constructor(
    temporary: TemporaryProject,
    project: Project,
    recorder: Recorder,
    hasher: Hasher,
    request: SnapshotRequest,
  ) {
    this.#temporary = temporary;
    this.#project = project;
    this.#recorder = recorder;
    this.#hasher = hasher;
    this.#request = request;
    recorder.onDidRecord((checkpoint) => this.#recorded.push(checkpoint));
    recorder.onDidFail((problem) => {
      throw new Error(problem.message);
    });
  }

  /** Does some work on such a project in a folder, by default the system's for temporary files; it is gone after. */
  static async use<Value>(work: (bench: RecordingBench) => Promise<Value>, parent?: string): Promise<Value> {
    const bench = await RecordingBench.#open(parent);
    try {
      // The first one starts the threads and reads everything for the first time.
      await bench.record();
      return await work(bench);
    } finally {
      await bench.#close();
    }
  }

  static async #open(parent: string | undefined): Promise<RecordingBench> {
    const temporary = await temporaryProject(
      {
        "dvc.yaml":
          "stages:\n  train:\n    cmd: train\n    outs: [model.bin, weights]\n    metrics: [{metrics.json: {cache: false}}]\n",
      },
      parent,
    );
    await initProject(temporary.root);
    mkdirSync(temporary.path("weights"));
    const baseline = await temporary.commit("Start");
    const opened = await openProject(temporary.root);
    if (!opened.ok) throw new Error(opened.problem.message);
    const project = opened.value;
    const hasher = new Hasher(workerPath);
    const recorder = await Recorder.open({
      project,
      runId: "bench",
      experiment: "bench",
      baseline,
      parent: baseline,
      sequence: 0,
      resumedFrom: null,
      hasher,
    });
    const [stage = null] = (await loadPipeline(project)).stages;
    return new RecordingBench(temporary, project, recorder, hasher, {
      stage,
      kind: "signal",
      step: null,
      total: null,
      name: null,
      metrics: {},
      metadata: {},
      warning: null,
      time: Date.now(),
    });
  }

  path(...segments: string[]): string {
    return this.#temporary.path(...segments);
  }

  /** Takes a checkpoint and waits until it is stored. */
  async record(): Promise<RecordingCost> {
    this.#watch.lap();
    const held = await timeOf(async () => {
      const taken = await this.#recorder.snapshot({ ...this.#request, time: Date.now() });
      if (!taken.ok) throw new Error(taken.problem.message);
    });
    const stored = await timeOf(() => this.#recorder.drain());
    const checkpoint = this.#recorded.at(-1);
    if (checkpoint === undefined) throw new Error("Nothing was recorded");
    return { held, stored, blocked: this.#watch.lap(), checkpoint };
  }

  /** Brings the outputs of a checkpoint back. Returns the longest block of the event loop, in milliseconds. */
  async restore(checkpoint: Checkpoint): Promise<number> {
    this.#watch.lap();
    const plan = await planRestore(this.#project, checkpoint, "outputs", this.#hasher);
    if (!plan.ok) throw new Error(plan.problem.message);
    const report = await restore(plan.value);
    if (!report.ok) throw new Error(report.problem.message);
    return this.#watch.lap();
  }

  async #close(): Promise<void> {
    this.#watch.stop();
    await this.#recorder.drain();
    this.#recorder.dispose();
    this.#hasher.dispose();
    await this.#temporary.dispose();
  }
}
