import { join } from "node:path";
import type { TestContext } from "node:test";
import { Runs } from "../../src/engine/isolated/runs.ts";
import { createWorktree, removeWorktree } from "../../src/engine/isolated/worktree.ts";
import { openProject } from "../../src/engine/openProject.ts";
import type { Project } from "../../src/engine/project.ts";
import { isFinished } from "../../src/engine/queue/queuedRun.ts";
import { RunQueue } from "../../src/engine/queue/runQueue.ts";
import type { Result } from "../../src/engine/result.ts";
import type { RunRequest } from "../../src/engine/run/request.ts";
import type { Run } from "../../src/engine/run/run.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { until } from "./poll.ts";
import { workerPath } from "./recording.ts";
import { cleanUp, type Desk, openDesk, runLimit } from "./runs.ts";
import type { TemporaryProject } from "./temporaryProject.ts";

/** All runs of a project, with their surroundings. */
export interface RunsDesk extends Omit<Desk, "controller"> {
  readonly runs: Runs;
}

/** Opens all runs of a project, closed when the test ends. */
export async function runsDesk(t: TestContext, repository: TemporaryProject): Promise<RunsDesk> {
  const { services, experiments, dispose } = await openDesk(repository.root);
  const runs = new Runs(services);
  const desk: RunsDesk = {
    services,
    experiments,
    runs,
    dispose: () => {
      runs.dispose();
      dispose();
    },
  };
  cleanUp(t, async () => {
    for (const { id, end, readOnly } of runs.runs) {
      if (end !== null || readOnly) continue;
      if ((await runs.stop(id, "now")).ok) await runs.whenEnded(id);
    }
    desk.dispose();
  });
  return desk;
}

/** Starts an isolated run, which must not be refused. */
export async function startIsolated(desk: RunsDesk, request: RunRequest): Promise<Run> {
  const started = await desk.runs.start({ ...request, place: "isolated" });
  if (!started.ok) throw new Error(`${started.problem.reason}: ${started.problem.message}`);
  return started.value;
}

/** Starts an isolated run and waits for its end. */
export async function finishIsolated(desk: RunsDesk, request: RunRequest): Promise<Run> {
  const { id } = await startIsolated(desk, request);
  return until(
    () => desk.runs.runs.find((run) => run.id === id && run.end !== null),
    runLimit,
    "the run to end",
  );
}

/** A desk with its queue. */
export interface QueueDesk extends RunsDesk {
  readonly queue: RunQueue;
}

/** Opens the queue of a project, closed when the test ends. */
export async function queueDesk(t: TestContext, repository: TemporaryProject): Promise<QueueDesk> {
  const desk = await runsDesk(t, repository);
  const { project, experiments, now, random } = desk.services;
  const queue = new RunQueue({ project, experiments, runs: desk.runs, now, random });
  cleanUp(t, async () => queue.dispose());
  return { ...desk, queue };
}

/** Works the queue and waits until it is at rest. */
export async function finishQueue({ queue }: QueueDesk, jobs: number): Promise<void> {
  await queue.start(jobs);
  await until(() => queue.isPaused && queue.entries.every(isFinished), runLimit, "the queue to be through");
}

/** A worktree of a project with the workspace as it is. */
export interface OpenedWorktree {
  /** Where the worktree is, and where the project is in it. */
  readonly directory: string;
  readonly root: string;
  readonly project: Project;
  /** The project that it was made from. */
  readonly from: Project;
  path(name: string): string;
}

/** Makes a worktree of the workspace in a folder; without a test that owns it. */
export async function worktreeOf(
  { root }: Pick<TemporaryProject, "root">,
  directory: string,
): Promise<Result<{ readonly project: Project; readonly from: Project }>> {
  const opened = await openProject(root);
  if (!opened.ok) return opened;
  const hasher = new Hasher(workerPath);
  try {
    const made = await createWorktree({ project: opened.value, hasher }, { kind: "workspace" }, directory);
    return made.ok ? { ok: true, value: { project: made.value, from: opened.value } } : made;
  } finally {
    hasher.dispose();
  }
}

/** Makes a worktree of the project in `below`, and removes it when the test ends. */
export async function openedWorktree(
  t: TestContext,
  { root }: Pick<TemporaryProject, "root">,
  below = "",
): Promise<OpenedWorktree> {
  const project = join(root, below);
  const directory = join(project, ".dvc", "tmp", "exps", "tree");
  const made = await worktreeOf({ root: project }, directory);
  if (!made.ok) throw new Error(made.problem.message);
  cleanUp(t, () => removeWorktree(made.value.from, directory));
  const { root: top } = made.value.project;
  return { directory, root: top, ...made.value, path: (name) => join(top, name) };
}
