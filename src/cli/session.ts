import { type MetricGoal, settingOf } from "../engine/compare/best.ts";
import type { Engine } from "../engine/engine.ts";
import type { Experiment } from "../engine/model.ts";
import { openEngine } from "../engine/openEngine.ts";
import { loadPipeline } from "../engine/pipeline/load.ts";
import type { Problem, Result } from "../engine/result.ts";
import { ProcessLauncher } from "../engine/run/processLauncher.ts";
import { type Referred, resolveReference } from "../engine/store/references.ts";
import type { Invocation } from "./arguments.ts";
import type { Terminal } from "./command.ts";
import { readGrace } from "./runChoices.ts";

/** Milliseconds for which a checkpoint that can't be taken is tried again while training waits. */
const snapshotRetryLimit = 120_000;

/** How a command's stages are shown. */
interface SessionOptions {
  /** Their output goes to their logs only: for several at the same time. */
  readonly isQuiet?: boolean;
}

/** Opens the project of the invocation's folder for one command, and closes it afterwards. */
export async function withEngine(
  invocation: Invocation,
  terminal: Terminal,
  work: (engine: Engine) => Promise<number | Problem>,
  { isQuiet = false }: SessionOptions = {},
): Promise<number | Problem> {
  const grace = readGrace(invocation, process.env);
  if (!grace.ok) return grace.problem;
  const opened = await openEngine(invocation.directory, {
    grace: () => grace.value ?? {},
    runnerPath: terminal.runnerPath,
    hashWorkerPath: terminal.hashWorkerPath,
    nodePath: process.execPath,
    // Away from this terminal, Ctrl-C does not reach the stages: whoever works with them stops them.
    launcher: new ProcessLauncher({ stdio: isQuiet ? "ignore" : "inherit", isDetached: isQuiet }),
    // Nobody can be asked here, so training waits for a while and then goes on without the checkpoint.
    onSnapshotFailure: { kind: "skip-after", limit: snapshotRetryLimit },
  });
  if (!opened.ok) return opened.problem;
  const engine = opened.value;
  try {
    return await work(engine);
  } finally {
    engine.dispose();
  }
}

/** Tells the metric that `dvc.yaml` sets for an experiment; `null` lets the metrics' names decide. */
export async function readMetrics(engine: Engine): Promise<(experiment: Experiment) => MetricGoal | null> {
  const { stages } = await loadPipeline(engine.project);
  return (experiment) => settingOf(experiment, stages);
}

/** Finds the checkpoint that a word of the command line means. */
export async function findCheckpoint(engine: Engine, reference: string): Promise<Result<Referred>> {
  await engine.experiments.refresh();
  return resolveReference(engine.experiments.experiments, reference, await readMetrics(engine));
}
