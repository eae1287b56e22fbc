import type { Engine } from "../../engine/engine.ts";
import { loadPipeline } from "../../engine/pipeline/load.ts";
import type { Problem, Result } from "../../engine/result.ts";
import { success } from "../../engine/result.ts";
import { type FreshRequest, placeOf, type RunRequest } from "../../engine/run/request.ts";
import type { Run } from "../../engine/run/run.ts";
import { type Invocation, readAnswerLimit, readCode, readJobs } from "../arguments.ts";
import { type Command, exitCodes, type Terminal } from "../command.ts";
import { confirm } from "../confirm.ts";
import { enqueue } from "../queueWork.ts";
import { readFreshChoices, readRetries } from "../runChoices.ts";
import { RunReport } from "../runReport.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { sinceLine } from "../since.ts";
import { readSweep, type SweepOptions, sweptRequests } from "../sweepOptions.ts";
import { printable } from "../table.ts";

/** `savepoint run [STAGE…]`: a new experiment, from the start. */
export const run: Command = (invocation, terminal) =>
  withEngine(
    invocation,
    terminal,
    async (engine) => {
      const options = readOptions(invocation);
      if (!options.ok) return options.problem;
      const choices = readFreshChoices(invocation);
      if (!choices.ok) return choices.problem;
      const { files } = await loadPipeline(engine.project);
      // Before a run makes the .dvc folder, which nobody wants where there is no pipeline.
      if (files.length === 0) return noPipeline(engine.project.root);
      const left = options.value.isQueued ? null : await followLeft(engine, terminal);
      if (left !== null) return left;
      const from = await loadedCheckpoint(engine, invocation);
      if (!from.ok) return from.problem;
      const request: FreshRequest = {
        verb: "run",
        stages: invocation.words,
        force: invocation.options.force === true,
        ...choices.value,
        ...from.value,
        ...options.value.request,
      };
      const ended = await withConsent(request, (agreed) => carryOut(engine, terminal, options.value, agreed));
      if (typeof ended === "number" || ended.reason !== "up-to-date") return ended;
      // What was to be done is done: no failure for a script.
      terminal.tell(`savepoint: ${ended.message}`);
      return exitCodes.done;
    },
    { isQuiet: isQueued(invocation) },
  );

/** The checkpoint that `--from` names. */
async function loadedCheckpoint(
  engine: Engine,
  { options }: Invocation,
): Promise<Result<Pick<FreshRequest, "from">>> {
  if (typeof options.from !== "string") return success({});
  const found = await findCheckpoint(engine, options.from);
  return found.ok ? success({ from: found.value.checkpoint }) : found;
}

/** Starts a run; when something changed since a checkpoint that it would load, a person is asked first. */
async function withConsent(
  request: FreshRequest,
  start: (request: FreshRequest) => Promise<number | Problem>,
): Promise<number | Problem> {
  const ended = await start(request);
  if (typeof ended === "number" || ended.reason !== "load-changed") return ended;
  const answer = await confirm(`savepoint: ${printable(ended.message)} Load it nevertheless?`);
  if (answer === "yes") return start({ ...request, acceptChanges: true });
  if (answer === "interrupted") return exitCodes.interrupted;
  const advice = "Agree with --yes, or start afresh with --policy fresh.";
  return { ...ended, message: `${ended.message} ${advice}` };
}

export const resume: Command = continueWith("resume");
export const fork: Command = continueWith("fork");
export const rewind: Command = continueWith("rewind");

/** The command for one of the verbs that begin at a checkpoint. */
function continueWith(verb: "resume" | "fork" | "rewind"): Command {
  return (invocation, terminal) =>
    withEngine(
      invocation,
      terminal,
      async (engine) => {
        const options = readOptions(invocation);
        if (!options.ok) return options.problem;
        const code = readCode(invocation);
        if (!code.ok) return code.problem;
        const left = options.value.isQueued ? null : await followLeft(engine, terminal);
        if (left !== null) return left;
        const found = await findCheckpoint(engine, invocation.words[0] ?? "");
        if (!found.ok) return found.problem;
        const { checkpoint, experiment } = found.value;
        const since = await sinceLine(engine, experiment, checkpoint, code.value);
        if (since !== null) terminal.tell(`savepoint: ${since}`);
        const request: RunRequest = { verb, checkpoint, code: code.value, ...options.value.request };
        return carryOut(engine, terminal, options.value, request);
      },
      { isQuiet: isQueued(invocation) },
    );
}

/** What the verbs have in common. */
interface RunOptions {
  readonly request: Pick<RunRequest, "place" | "retries" | "name" | "forget">;
  readonly sweep: SweepOptions;
  readonly isQueued: boolean;
  readonly jobs: number | null;
  /** Milliseconds for which a question waits where nobody can be asked. */
  readonly answerLimit: number;
}

function readOptions(invocation: Invocation): Result<RunOptions> {
  const sweep = readSweep(invocation);
  if (!sweep.ok) return sweep;
  const jobs = readJobs(invocation);
  if (!jobs.ok) return jobs;
  const answerLimit = readAnswerLimit(invocation);
  if (!answerLimit.ok) return answerLimit;
  const retries = readRetries(invocation);
  if (!retries.ok) return retries;
  const place = invocation.options.isolated === true ? "isolated" : "workspace";
  const request = { place, ...retries.value, ...named(invocation), ...forgotten(invocation) } as const;
  return success({
    request,
    sweep: sweep.value,
    isQueued: isQueued(invocation),
    jobs: jobs.value,
    answerLimit: answerLimit.value,
  });
}

/** Whether the run goes through the queue: it is asked for, or so many are to run at the same time. */
function isQueued({ options }: Invocation): boolean {
  return options.queue === true || options.jobs !== undefined;
}

/** Queues the runs, or starts the only one and stays until it is over. */
async function carryOut(
  engine: Engine,
  terminal: Terminal,
  options: RunOptions,
  request: RunRequest,
): Promise<number | Problem> {
  const requests = await sweptRequests(engine, terminal, options.sweep, request, options.isQueued);
  if (!requests.ok) {
    if (requests.problem.reason !== "interrupted") return requests.problem;
    terminal.tell(`savepoint: ${requests.problem.message}`);
    return exitCodes.interrupted;
  }
  const [only = request] = requests.value;
  return options.isQueued
    ? enqueue(engine, terminal, requests.value, options.jobs)
    : follow(engine, terminal, only, options.answerLimit);
}

/** Starts the run and stays until it is over. The stages have this terminal; what Savepoint says goes to stderr. */
async function follow(
  engine: Engine,
  terminal: Terminal,
  request: RunRequest,
  answerLimit: number,
): Promise<number | Problem> {
  const report = new RunReport(engine, terminal, answerLimit);
  try {
    if (placeOf(request) === "isolated") report.tell("preparing a worktree for the run…");
    const started = await engine.runs.start(request);
    if (!started.ok) return started.problem;
    if (request.verb === "resume" && started.value.verb === "fork") {
      const { experiment } = started.value;
      report.tell(`other experiments end at that checkpoint too, so this is a fork of it: ${experiment}.`);
    }
    return exitCodeOf(await report.untilEnd(started.value.id, process.stdin.isTTY ? 1 : 0));
  } finally {
    report.dispose();
  }
}

/**
 * Goes on with runs whose command was killed, to their ends: their training waits at the next checkpoint for somebody
 * who listens. Returns an exit code when the user stopped it, else `null`.
 */
async function followLeft(engine: Engine, terminal: Terminal): Promise<number | null> {
  const report = new RunReport(engine, terminal);
  try {
    // What keeps a run from being taken over keeps a new one from being started, which says why.
    const left = await engine.runs.adopt().catch(() => []);
    if (left.length === 0) return null;
    const names = left.map(({ experiment }) => experiment).join(", ");
    report.tell(`going on with ${names}, which an earlier command left; Ctrl-C stops it.`);
    // Ctrl-C in this terminal does not reach their stages.
    await Promise.all(left.map(({ id }) => report.untilEnd(id, 0)));
    return report.isStopped ? exitCodes.interrupted : null;
  } finally {
    report.dispose();
  }
}

function noPipeline(directory: string): Problem {
  const message = `There is no dvc.yaml in ${directory}: create one, or give another folder with -C.`;
  return { reason: "no-stages", message, path: directory };
}

/** What a script is told of the end of a run. */
export function exitCodeOf(ended: Run): number {
  if (ended.state === "succeeded") return exitCodes.done;
  return ended.state === "interrupted" ? exitCodes.interrupted : exitCodes.failed;
}

function named(invocation: Invocation): { readonly name?: string } {
  return typeof invocation.options.name === "string" ? { name: invocation.options.name } : {};
}

function forgotten({ options }: Invocation): Pick<RunRequest, "forget"> {
  return options.forget === undefined ? {} : { forget: options.forget as readonly string[] };
}
