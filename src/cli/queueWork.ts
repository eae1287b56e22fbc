import type { Engine } from "../engine/engine.ts";
import { isFinished, type QueuedRun } from "../engine/queue/queuedRun.ts";
import type { Problem } from "../engine/result.ts";
import type { RunRequest } from "../engine/run/request.ts";
import { exitCodes, type Terminal } from "./command.ts";
import { endLine, RunReport } from "./runReport.ts";

/** Puts runs into the queue, and works it at once when `jobs` says how many go on at the same time. */
export async function enqueue(
  engine: Engine,
  terminal: Terminal,
  requests: readonly RunRequest[],
  jobs: number | null,
): Promise<number | Problem> {
  const added = await engine.queue.add(requests);
  if (!added.ok) return added.problem;
  for (const entry of added.value) terminal.tell(`savepoint: queued ${describeEntry(entry)}`);
  if (jobs !== null) return workQueue(engine, terminal, jobs);
  terminal.tell("savepoint: start the queue with savepoint queue run.");
  return exitCodes.done;
}

/**
 * Works the queue until all is done. What the stages print goes to their logs, so that several can be followed by what
 * Savepoint says of them. When this process is asked to end, what runs is stopped, and what waits stays in the queue.
 */
export async function workQueue(engine: Engine, terminal: Terminal, jobs: number): Promise<number> {
  const { queue, runs } = engine;
  const report = new RunReport(engine, terminal);
  const known = new Map(queue.entries.map(({ id, state }) => [id, state]));
  const mine = new Set<string>();
  const stopped = new Set<string>();
  let isStopped = false;
  const stopRunning = () => {
    if (!isStopped) return;
    for (const { id, end } of runs.runs) {
      const isQueued = queue.entries.some(({ state, runId }) => state === "running" && runId === id);
      if (!isQueued || end !== null || stopped.has(id)) continue;
      stopped.add(id);
      void runs.stop(id, "now");
    }
  };
  const follow = () => {
    for (const entry of queue.entries) {
      if (known.get(entry.id) === entry.state) continue;
      known.set(entry.id, entry.state);
      mine.add(entry.id);
      const line = changeLine(engine, entry);
      if (line !== null) report.tell(line);
    }
    stopRunning();
  };
  const stop = () => {
    if (!isStopped)
      report.tell("stopping what runs; what it recorded stays, and what waits stays in the queue.");
    isStopped = true;
    void queue.pause();
    stopRunning();
  };
  // One whose worktree was just being made is stopped as soon as it runs.
  const listeners = [queue.onDidChange(follow), runs.onDidChange(stopRunning)];
  for (const signal of endSignals) process.on(signal, stop);
  try {
    await queue.start(jobs);
    if (queue.isWorkedElsewhere)
      report.tell("the queue is at work in another window or terminal; waiting for its end.");
    await queue.whenAtRest();
  } finally {
    for (const signal of endSignals) process.off(signal, stop);
    for (const listener of listeners) listener.dispose();
    report.dispose();
  }
  if (isStopped) return exitCodes.interrupted;
  const hasFailed = queue.entries.some(
    ({ id, state }) => mine.has(id) && isFinished({ state }) && state !== "succeeded",
  );
  return hasFailed ? exitCodes.failed : exitCodes.done;
}

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `rate-2: run train, params.yaml:lr=0.1` */
function describeEntry({ name, verb, stages, set, from }: QueuedRun): string {
  const what = [verb, from === null ? stages.join(" ") : from].filter((part) => part !== "").join(" ");
  return [`${name}: ${what}`, ...set.map(({ file, key, value }) => `${file}:${key}=${value}`)].join(", ");
}

/** What became of an entry; `null` when there is nothing to tell. */
function changeLine(engine: Engine, entry: QueuedRun): string | null {
  if (entry.state === "waiting") return null;
  if (entry.state === "running") return `starting ${describeEntry(entry)}`;
  const run = engine.runs.runs.find(({ id }) => id === entry.runId);
  if (run !== undefined && run.end !== null) return endLine(run);
  return `${entry.name} ${entry.state}${entry.problem === null ? "" : `: ${entry.problem}`}`;
}
