import { matchesPattern } from "../../engine/compare/pattern.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import { loadPipeline } from "../../engine/pipeline/load.ts";
import type { Problem } from "../../engine/result.ts";
import { isFinal } from "../../engine/run/record.ts";
import { listSteps, matchesKey } from "../../engine/steps/keyedSteps.ts";
import type { RemovedExperiment } from "../../engine/store/removal.ts";
import type { Invocation } from "../arguments.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { confirm } from "../confirm.ts";
import { withEngine } from "../session.ts";
import { printable } from "../table.ts";

/** `savepoint rm PATTERN…`: removes experiments or, with `--steps`, makes the code do steps of its work again. */
export const rm: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, (engine) => {
    if (invocation.options.undo === true) return undo(engine, invocation, terminal);
    if (invocation.words.length === 0) return Promise.resolve(noPattern);
    return invocation.options.steps === true
      ? forget(engine, invocation, terminal)
      : remove(engine, invocation, terminal);
  });

const noPattern: Problem = {
  reason: "usage",
  message: "savepoint rm needs the names of what to remove; '*' stands for all",
};

async function remove(engine: Engine, invocation: Invocation, terminal: Terminal): Promise<number | Problem> {
  await engine.experiments.refresh();
  const isMeant = selection(invocation, matchesPattern);
  const chosen = engine.experiments.experiments.filter(({ name }) => isMeant(name));
  if (chosen.length === 0) return nothingFits(invocation, "experiment", "savepoint list");
  const agreed = await agree(invocation, terminal, {
    lines: chosen.map((experiment) => experimentLine(experiment, terminal.now)),
    names: chosen.map(({ name }) => name),
    question: `Remove ${counted(chosen.length, "experiment")}?`,
  });
  if (agreed !== true) return agreed;
  const removed = await engine.removeExperiments(chosen);
  if (!removed.ok) return removed.problem;
  const names = removed.value.map(({ name }) => name);
  if (invocation.options.json) printJson(terminal, { removed: names });
  else {
    const back = "For 30 days savepoint rm --undo brings them back.";
    terminal.print(`Removed ${counted(names.length, "experiment")}. ${back}`);
  }
  return exitCodes.done;
}

async function forget(engine: Engine, invocation: Invocation, terminal: Terminal): Promise<number | Problem> {
  const { stages } = await loadPipeline(engine.project);
  const isMeant = selection(invocation, matchesKey);
  const chosen = listSteps(engine.project, stages).filter(({ key }) => isMeant(key));
  if (chosen.length === 0) return nothingFits(invocation, "step", "savepoint steps");
  await engine.runs.look();
  const running = engine.runs.runs.find(({ state, place }) => place === "workspace" && !isFinal(state));
  if (running !== undefined) {
    const message = `${running.experiment} is running and may rely on its steps. Stop it first, or wait for its end.`;
    return { reason: "run-active", message };
  }
  const agreed = await agree(invocation, terminal, {
    lines: chosen.map(({ stage, key }) => `${stage}  ${key}`),
    names: chosen.map(({ key }) => key),
    question: `Forget ${counted(chosen.length, "step")}, so that the code does them again?`,
  });
  if (agreed !== true) return agreed;
  const forgotten = await engine.forgetSteps(chosen);
  if (!forgotten.ok) return forgotten.problem;
  if (invocation.options.json) printJson(terminal, { forgotten: chosen.map(({ key }) => key) });
  else {
    const resume =
      "To go on from a checkpoint, which brings its own steps, use savepoint resume REF --forget PATTERN.";
    terminal.print(`Forgot ${counted(chosen.length, "step")}; savepoint undo brings them back. ${resume}`);
  }
  return exitCodes.done;
}

/** Brings back what was removed last or, with patterns, the latest removed experiment of each name that fits. */
async function undo(engine: Engine, invocation: Invocation, terminal: Terminal): Promise<number | Problem> {
  const all = await engine.removedExperiments();
  const isMeant = selection(invocation, matchesPattern);
  const isLatest = ({ name }: RemovedExperiment, index: number) =>
    all.findIndex((other) => other.name === name) === index;
  const chosen =
    invocation.words.length === 0
      ? all.filter(({ removedAt }) => removedAt === all[0]?.removedAt)
      : all.filter((experiment, index) => isMeant(experiment.name) && isLatest(experiment, index));
  if (chosen.length === 0) {
    const message = "There is no removed experiment to bring back; they are kept for 30 days.";
    return { reason: "nothing-to-undo", message };
  }
  const back = await engine.bringBack(chosen);
  if (!back.ok) return back.problem;
  const names = back.value.map(({ name }) => name);
  if (invocation.options.json) printJson(terminal, { broughtBack: names });
  else terminal.print(`Brought back ${printable(names.join(", "))}.`);
  return exitCodes.done;
}

/** Whether a name fits one of the patterns and none of the excluded ones. */
function selection(
  { words, options }: Invocation,
  matches: (name: string, pattern: string) => boolean,
): (name: string) => boolean {
  const excluded = (options.exclude as readonly string[] | undefined) ?? [];
  return (name) =>
    words.some((pattern) => matches(name, pattern)) && !excluded.some((pattern) => matches(name, pattern));
}

function nothingFits({ words }: Invocation, what: string, command: string): Problem {
  const message = `No ${what} fits ${words.join(" ")}, so nothing was removed; ${command} shows all.`;
  return { reason: "nothing-fits", message };
}

/** Shows what is about to go, and asks. Returns an exit code or a problem when nothing is to be done. */
async function agree(
  { options }: Invocation,
  terminal: Terminal,
  what: { readonly lines: readonly string[]; readonly names: readonly string[]; readonly question: string },
): Promise<true | number | Problem> {
  if (options["dry-run"] === true) {
    if (options.json) printJson(terminal, { wouldRemove: what.names });
    else for (const line of what.lines) terminal.print(printable(line));
    return exitCodes.done;
  }
  if (options.yes === true) return true;
  for (const line of what.lines) terminal.tell(line);
  const answer = await confirm(what.question);
  if (answer === "yes") return true;
  if (answer === "nobody-there") {
    const message = "Nothing was removed, since nobody can be asked here; add --yes to agree.";
    return { reason: "not-confirmed", message };
  }
  terminal.tell("savepoint: nothing was removed.");
  return answer === "interrupted" ? exitCodes.interrupted : exitCodes.failed;
}

function experimentLine({ name, checkpoints }: Experiment, now: number): string {
  const last = checkpoints.at(-1);
  const age = last === undefined ? "" : `, ${relativeTime(last.createdAt, now)}`;
  return `${name}  ${counted(checkpoints.length, "checkpoint")}${age}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
