import { globSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { TestContext } from "node:test";
import { Environments } from "../../src/engine/environment/environments.ts";
import type { Experiment } from "../../src/engine/model.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { ProcessLauncher } from "../../src/engine/run/processLauncher.ts";
import type { Run } from "../../src/engine/run/run.ts";
import { RunController, type RunRequest, type RunServices } from "../../src/engine/run/runController.ts";
import { RunnerFolder } from "../../src/engine/run/runnerRecord.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { isAlive } from "../../src/runner/process.ts";
import { ProcessTree, runMark } from "../../src/runner/tree.ts";
import { until } from "./poll.ts";
import { type Files, type TemporaryProject, temporaryProject } from "./temporaryProject.ts";

/** How long anything in a run may take on a busy machine, in milliseconds. */
export const runLimit = 60_000;

const sources = resolve(import.meta.dirname, "../../src");

/**
 * Training that takes a checkpoint after each epoch and goes on from `model.json` when it is there. Files steer it:
 * `hold-N` holds it after epoch N until it is removed, `fail-N` makes it exit with code 3 there, once.
 */
const trainingCode = `
import json, os, sys, time
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
params = json.load(open("params.json"))
state = {"epoch": 0, "history": []}
if os.path.exists("model.json"):
    state = json.load(open("model.json"))
with open("environment.log", "a") as log:
    names = ("DVC_STAGE", "DVC_EXP_NAME", "DVCLIVE_RESUME", "SAVEPOINT_RESUMED_STEP")
    log.write(json.dumps({name: os.environ.get(name) for name in names}) + "\\n")
for epoch in range(state["epoch"] + 1, params["epochs"] + 1):
    state["epoch"] = epoch
    state["history"].append(epoch * params["rate"])
    with open("model.json.tmp", "w") as file:
        json.dump(state, file)
    os.replace("model.json.tmp", "model.json")
    with open("metrics.json", "w") as file:
        json.dump({"loss": 1 / epoch}, file)
    with open(signal + ".tmp", "w") as file:
        json.dump({"v": 1, "step": epoch, "total": params["epochs"]}, file)
    os.rename(signal + ".tmp", signal)
    while os.path.exists(signal):
        time.sleep(0.001)
    while os.path.exists("hold-%d" % epoch):
        time.sleep(0.01)
    if os.path.exists("fail-%d" % epoch):
        os.remove("fail-%d" % epoch)
        sys.exit(3)
`;

/** Two stages: training with checkpoints, and an evaluation that depends on it. */
export const trainingFiles: Files = {
  "dvc.yaml": `stages:
  train:
    cmd: python3 train.py
    deps: [train.py]
    params:
      - params.json: [epochs, rate]
    outs:
      - model.json: {checkpoint: true}
    metrics:
      - metrics.json: {cache: false}
  evaluate:
    cmd: python3 evaluate.py
    deps: [evaluate.py, model.json]
    outs: [scores.json]
`,
  "train.py": trainingCode,
  "evaluate.py": `
import json
state = json.load(open("model.json"))
json.dump({"epochs": len(state["history"])}, open("scores.json", "w"))
`,
  "params.json": '{"epochs": 5, "rate": 0.5}\n',
  ".gitignore": "/environment.log\n/hold-*\n/fail-*\n/*.tmp\n__pycache__/\n",
  ".dvcignore": "",
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
};

const cleanups = new WeakMap<TestContext, (() => Promise<void>)[]>();

/** Has something cleaned up when the test ends, what came last first: a run is stopped before its folder goes. */
export function cleanUp(t: TestContext, work: () => Promise<void>): void {
  const known = cleanups.get(t);
  if (known) {
    known.push(work);
    return;
  }
  const stack = [work];
  cleanups.set(t, stack);
  t.after(async () => {
    for (const next of stack.toReversed()) await next();
  });
}

/** Ends the stages that nobody listens to any more, as a failed test leaves them. */
async function endStages(repository: TemporaryProject): Promise<void> {
  for (const status of globSync(".dvc/tmp/savepoint/runs/*/stage-*/status.json", { cwd: repository.root })) {
    const folder = new RunnerFolder(dirname(repository.path(status)));
    const runner = folder.status()?.runner;
    if (!runner || !isAlive(runner)) continue;
    folder.requestStop();
    await until(() => !isAlive(runner), runLimit, "a stage to be stopped");
  }
}

/** Kills all that the stages of a run have started, and waits until it is gone. */
export async function killRun(runId: string): Promise<void> {
  const tree = new ProcessTree(runMark(runId), null);
  const living = () => tree.living();
  tree.signal("SIGKILL");
  await until(() => living().length === 0, runLimit, "the run's processes to be gone");
}

/** A repository with the given files, committed. */
export async function committedProject(t: TestContext, files: Files): Promise<TemporaryProject> {
  const repository = await temporaryProject(files);
  cleanUp(t, async () => {
    await endStages(repository);
    await repository.dispose();
  });
  await repository.commit("Pipeline");
  return repository;
}

/** A controller with its surroundings, as one window or one command line has it. */
export interface Desk {
  readonly controller: RunController;
  readonly experiments: ExperimentIndex;
  readonly services: RunServices;
  dispose(): void;
}

/** Opens a controller on a project. Stages run as processes of their own groups, and outlive it. */
export async function openDesk(root: string, overrides: Partial<RunServices> = {}): Promise<Desk> {
  const project = await openProject(root);
  if (!project.ok) throw new Error(project.problem.message);
  const hasher = new Hasher(resolve(sources, "engine/store/hashWorker.ts"));
  const experiments = new ExperimentIndex(project.value);
  const environments = new Environments(project.value, true);
  const services: RunServices = {
    project: project.value,
    experiments,
    hasher,
    environments,
    launch: {
      launcher: new ProcessLauncher({ stdio: ["ignore", "ignore", "ignore"], isDetached: true }),
      nodePath: process.execPath,
      runnerPath: resolve(sources, "runner/main.ts"),
      grace: () => ({ interrupt: 500, terminate: 500 }),
    },
    onSnapshotFailure: { kind: "ask" },
    retryPause: 10,
    now: Date.now,
    random: Math.random,
    ...overrides,
  };
  const controller = new RunController(services);
  return {
    controller,
    experiments,
    services,
    dispose: () => {
      controller.dispose();
      experiments.dispose();
      environments.dispose();
      hasher.dispose();
    },
  };
}

/** As {@link openDesk}, closed when the test ends. */
export async function testDesk(
  t: TestContext,
  repository: TemporaryProject,
  overrides: Partial<RunServices> = {},
): Promise<Desk> {
  const desk = await openDesk(repository.root, overrides);
  cleanUp(t, async () => {
    const open = desk.controller.runs.find(({ end, readOnly }) => end === null && !readOnly);
    if (open && (await desk.controller.stop(open.id, "now")).ok) await ended(desk, open.id);
    desk.dispose();
  });
  return desk;
}

/** Starts a run, which must not be refused. */
export async function startRun(desk: Desk, request: RunRequest): Promise<Run> {
  const started = await desk.controller.start(request);
  if (!started.ok) throw new Error(`${started.problem.reason}: ${started.problem.message}`);
  return started.value;
}

/** Starts a run and waits for its end. */
export async function finishRun(desk: Desk, request: RunRequest): Promise<Run> {
  const run = await startRun(desk, request);
  return ended(desk, run.id);
}

/** Waits for the end of a run. */
export async function ended(desk: Desk, id: string): Promise<Run> {
  return until(
    () => desk.controller.runs.find((run) => run.id === id && run.end !== null),
    runLimit,
    "the run to end",
  );
}

/** The experiment of that name as Git has it now. */
export async function experimentNamed(desk: Pick<Desk, "experiments">, name: string): Promise<Experiment> {
  await desk.experiments.refresh();
  const found = desk.experiments.experiments.find((experiment) => experiment.name === name);
  if (found === undefined) throw new Error(`There is no experiment ${name}.`);
  return found;
}

/** What each start of the training saw of its environment. */
export function seenEnvironments(repository: TemporaryProject): { readonly [name: string]: string | null }[] {
  const lines = readFileSync(repository.path("environment.log"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}
