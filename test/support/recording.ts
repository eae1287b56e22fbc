import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { initProject } from "../../src/engine/initProject.ts";
import type { Checkpoint } from "../../src/engine/model.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import type { Stage } from "../../src/engine/pipeline/stage.ts";
import type { Project } from "../../src/engine/project.ts";
import type { Problem } from "../../src/engine/result.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import type { SnapshotRequest } from "../../src/engine/store/journal.ts";
import { Recorder, type RecordingContext } from "../../src/engine/store/recorder.ts";
import { type Files, type TemporaryProject, temporaryProject } from "./temporaryProject.ts";

/** The worker's script as the tests run it. */
export const workerPath = fileURLToPath(new URL("../../src/engine/store/hashWorker.ts", import.meta.url));

/** A project with a `train` stage, whose training is played by {@link RecordingProject.train}. */
export interface RecordingProject extends TemporaryProject {
  readonly project: Project;
  readonly stage: Stage;
  readonly hasher: Hasher;
  /** The commit that the experiments grow from. */
  readonly baseline: string;
  /** Of the experiment `amber-heron`. */
  readonly ref: string;
  readonly recorded: Checkpoint[];
  readonly problems: Problem[];
  /** Opens a recorder that is disposed with the test. What it records and reports is in the two lists. */
  open(context?: Partial<RecordingContext>): Promise<Recorder>;
  /** Writes the outputs as they are after an epoch. */
  train(epoch: number): Promise<void>;
}

const defaultFiles: Files = {
  "dvc.yaml": [
    "stages:",
    "  train:",
    "    cmd: python3 train.py",
    "    deps: [train.py]",
    "    params: [lr]",
    "    outs:",
    "    - model.bin: {persist: true}",
    "    - weights: {persist: true}",
    "    metrics:",
    "    - metrics.json: {cache: false}",
    "",
  ].join("\n"),
  "params.yaml": "lr: 0.1\nepochs: 3\n",
  "train.py": "print(42)",
};

/** Makes such a project, with `files` in addition to the default ones. Everything is gone after the test. */
export async function recordingProject(t: TestContext, files: Files = {}): Promise<RecordingProject> {
  const temporary = await temporaryProject({ ...defaultFiles, ...files });
  t.after(temporary.dispose);
  await initProject(temporary.root);
  await temporary.commit("Start");
  await temporary.write({ "notes.txt": "not tracked yet\n" });
  return recordingAt(t, temporary);
}

/** The same for a repository that is there already. */
export async function recordingAt(t: TestContext, temporary: TemporaryProject): Promise<RecordingProject> {
  const opened = await openProject(temporary.root);
  if (!opened.ok) throw new Error(opened.problem.message);
  const project = opened.value;
  const pipeline = await loadPipeline(project);
  const stage = pipeline.stages.find(({ name }) => name === "train");
  if (!stage) throw new Error(`no stage: ${JSON.stringify(pipeline.problems)}`);
  const hasher = new Hasher(workerPath);
  t.after(() => hasher.dispose());
  const baseline = await temporary.git("rev-parse", "HEAD");
  const recorded: Checkpoint[] = [];
  const problems: Problem[] = [];
  return {
    ...temporary,
    project,
    stage,
    hasher,
    baseline,
    ref: experimentRef(baseline, "amber-heron"),
    recorded,
    problems,
    async open(context = {}) {
      const recorder = await Recorder.open({
        project,
        runId: "run-1",
        experiment: "amber-heron",
        baseline,
        parent: baseline,
        sequence: 0,
        resumedFrom: null,
        hasher,
        ...context,
      });
      t.after(() => recorder.dispose());
      recorder.onDidRecord((checkpoint) => recorded.push(checkpoint));
      recorder.onDidFail((problem) => problems.push(problem));
      return recorder;
    },
    async train(epoch) {
      await mkdir(join(project.root, "weights", "deep"), { recursive: true });
      await writeFile(join(project.root, "model.bin"), `model after epoch ${epoch}`);
      await writeFile(join(project.root, "weights", "first.bin"), `first ${epoch}`);
      await writeFile(join(project.root, "weights", "deep", "second.bin"), "never changes");
      await writeFile(join(project.root, "metrics.json"), JSON.stringify({ loss: 1 / epoch }));
    },
  };
}

/** A request for a checkpoint of a stage, as an empty signal makes it. */
export function request(stage: Stage | null, details: Partial<SnapshotRequest> = {}): SnapshotRequest {
  return {
    stage,
    kind: "signal",
    step: null,
    total: null,
    name: null,
    metrics: {},
    metadata: {},
    warning: null,
    time: Date.now(),
    ...details,
  };
}
