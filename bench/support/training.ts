import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { initProject } from "../../src/engine/initProject.ts";
import type { Checkpoint } from "../../src/engine/model.ts";
import { openEngine } from "../../src/engine/openEngine.ts";
import { ProcessLauncher } from "../../src/engine/run/processLauncher.ts";
import { until } from "../../test/support/poll.ts";
import { type TemporaryProject, temporaryProject } from "../../test/support/temporaryProject.ts";

/** A training with small checkpoints. */
export interface Training {
  readonly checkpoints: number;
  readonly files: number;
  /** Bytes of each file. */
  readonly bytes: number;
  /** Milliseconds of work between the checkpoints. */
  readonly pause: number;
}

const sources = join(import.meta.dirname, "..", "..", "src");
const client = join(import.meta.dirname, "..", "workers", "trainingClient.ts");
const runLimit = 15 * 60_000;

/** A project whose only stage is a training that asks for its checkpoints with a look every millisecond. */
export async function trainingProject(training: Training): Promise<TemporaryProject> {
  const { checkpoints, files, bytes, pause } = training;
  const words = [process.execPath, client, ".dvc/tmp/holds.json", checkpoints, files, bytes, pause];
  const project = await temporaryProject({
    "dvc.yaml": [
      "stages:",
      "  train:",
      `    cmd: ${JSON.stringify(words.map((word) => `'${word}'`).join(" "))}`,
      "    outs: [weights: {checkpoint: true}]",
      "    metrics: [metrics.json: {cache: false}]",
      "",
    ].join("\n"),
  });
  await initProject(project.root);
  await project.commit("Training");
  return project;
}

/** Runs the training as a window or the command line does. Returns the milliseconds that each checkpoint held it. */
export async function runTraining(
  project: TemporaryProject,
  onDidRecord: (checkpoint: Checkpoint) => void = () => {},
): Promise<readonly number[]> {
  const opened = await openEngine(project.root, {
    runnerPath: join(sources, "runner", "main.ts"),
    hashWorkerPath: join(sources, "engine", "store", "hashWorker.ts"),
    nodePath: process.execPath,
    launcher: new ProcessLauncher({ stdio: ["ignore", "ignore", "inherit"], isDetached: false }),
    onSnapshotFailure: { kind: "skip-after", limit: 10_000 },
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  const engine = opened.value;
  try {
    engine.runs.onDidRecord(onDidRecord);
    const started = await engine.runs.start({ verb: "run", stages: [] });
    if (!started.ok) throw new Error(started.problem.message);
    const { id } = started.value;
    const run = await until(
      () => engine.runs.runs.find((one) => one.id === id && one.end !== null),
      runLimit,
      "the training to end",
    );
    if (run.state !== "succeeded") throw new Error(`The training ${run.state}: ${run.attention?.message}`);
    return await holdsOf(project);
  } finally {
    engine.dispose();
  }
}

/** The milliseconds that each checkpoint held the last training of the project. */
export async function holdsOf(project: TemporaryProject): Promise<readonly number[]> {
  return JSON.parse(await readFile(project.path(".dvc", "tmp", "holds.json"), "utf8")) as number[];
}
