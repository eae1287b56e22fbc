import { isoTime } from "../../engine/compare/listJson.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import { isFinished, type QueuedRun } from "../../engine/queue/queuedRun.ts";
import { failure, type Problem, type Result, success } from "../../engine/result.ts";
import { type Invocation, readJobs } from "../arguments.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { workQueue } from "../queueWork.ts";
import { withEngine } from "../session.ts";
import { formatTable } from "../table.ts";

type Action = (engine: Engine, terminal: Terminal, invocation: Invocation) => Promise<number | Problem>;

/** What can follow `savepoint queue`. */
const actions: { readonly [name: string]: Action } = {
  list: async (engine, terminal, invocation) => {
    if (invocation.options.json) printJson(terminal, queueJson(engine));
    else printQueue(engine, terminal);
    return exitCodes.done;
  },
  run: async (engine, terminal, invocation) => {
    const jobs = readJobs(invocation);
    if (!jobs.ok) return jobs.problem;
    const isEmpty = engine.queue.entries.every(isFinished);
    if (isEmpty)
      terminal.tell("savepoint: nothing waits in the queue; add a run with savepoint run --queue.");
    return isEmpty ? exitCodes.done : workQueue(engine, terminal, jobs.value ?? engine.queue.jobs);
  },
  cancel: async (engine, terminal, invocation) => {
    const entry = findEntry(engine, invocation.words[1]);
    if (!entry.ok) return entry.problem;
    const done = await engine.queue.cancel(entry.value.id);
    if (!done.ok) return done.problem;
    const what = entry.value.state === "running" ? "is being stopped" : "is not run";
    terminal.tell(`savepoint: ${entry.value.name} ${what}.`);
    return exitCodes.done;
  },
  move: async (engine, _terminal, invocation) => {
    const entry = findEntry(engine, invocation.words[1]);
    if (!entry.ok) return entry.problem;
    if (entry.value.state !== "waiting") return notWaiting(entry.value);
    if (invocation.words[2] === undefined) {
      await engine.queue.move(entry.value.id, null);
      return exitCodes.done;
    }
    const before = findEntry(engine, invocation.words[2]);
    if (!before.ok) return before.problem;
    await engine.queue.move(entry.value.id, before.value.id);
    return exitCodes.done;
  },
  pause: async (engine) => {
    await engine.queue.pause();
    return exitCodes.done;
  },
  resume: async (engine, terminal) => workQueue(engine, terminal, engine.queue.jobs),
  clear: async (engine) => {
    await engine.queue.clearFinished();
    return exitCodes.done;
  },
};

/** Words of an action with its own name, where it takes others. */
const mostWords: { readonly [name: string]: number } = { cancel: 2, move: 3 };

/** `savepoint queue …`: the runs that wait for their turn. */
export const queue: Command = (invocation, terminal) =>
  withEngine(
    invocation,
    terminal,
    async (engine) => {
      const word = invocation.words[0] ?? "list";
      const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
      const extra = invocation.words[mostWords[word] ?? 1];
      if (action !== undefined && extra !== undefined)
        return {
          reason: "usage",
          message: `savepoint queue ${word} does not know what to do with "${extra}"`,
        };
      if (action !== undefined) return action(engine, terminal, invocation);
      const known = Object.keys(actions).join(", ");
      return { reason: "usage", message: `savepoint queue can ${known}, not "${word}"` };
    },
    { isQuiet: true },
  );

function notWaiting({ name, state }: QueuedRun): Problem {
  return { reason: "not-waiting", message: `${name} does not wait any more (${state}), so it is not moved.` };
}

function queueJson({ queue: { isPaused, jobs, entries } }: Engine) {
  const runs = entries.map((entry) => ({ ...entry, addedAt: isoTime(entry.addedAt) }));
  return { paused: isPaused, jobs, runs };
}

function printQueue({ queue: { entries, isPaused, jobs } }: Engine, terminal: Terminal): void {
  if (entries.length === 0) {
    terminal.tell("savepoint: the queue is empty; add a run with savepoint run --queue.");
    return;
  }
  const rows = entries.map((entry) => [
    entry.name,
    entry.state,
    entry.from ?? (entry.stages.join(" ") || "all stages"),
    entry.set.map(({ file, key, value }) => `${file}:${key}=${value}`).join(" "),
    relativeTime(entry.addedAt, terminal.now),
    entry.problem ?? "",
  ]);
  const titles = ["NAME", "STATE", "WHAT", "PARAMS", "QUEUED", "PROBLEM"];
  const used = titles.map((title, column) => title === "NAME" || rows.some((row) => row[column] !== ""));
  const kept = <Cell>(cells: readonly Cell[]) => cells.filter((_, column) => used[column]);
  terminal.print(
    formatTable(
      kept(titles).map((title) => ({ title })),
      rows.map(kept),
    ),
  );
  if (!isPaused) terminal.tell(`savepoint: the queue is at work, ${jobs} at a time.`);
}

/** The entry that a word means: by name, the one that is not over first, or by id. */
function findEntry({ queue: { entries } }: Engine, word: string | undefined): Result<QueuedRun> {
  if (word === undefined) return failure("usage", "name the queued run, as savepoint queue lists it");
  const found = entries.filter(({ id, name }) => id === word || name === word);
  const open = found.filter((entry) => !isFinished(entry));
  const [entry] = open.length > 0 ? open : found;
  if (entry === undefined)
    return failure("not-queued", `There is no ${word} in the queue; savepoint queue lists it.`);
  if (open.length > 1) {
    const ids = open.map(({ id }) => id).join(", ");
    return failure("ambiguous", `${word} is in the queue ${open.length} times; name it by its id: ${ids}.`);
  }
  return success(entry);
}
