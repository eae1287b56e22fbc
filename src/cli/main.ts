import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../engine/result.ts";
import { type Invocation, readInvocation } from "./arguments.ts";
import { type Command, exitCodes, type Terminal } from "./command.ts";
import { answer } from "./commands/answer.ts";
import { compare } from "./commands/compare.ts";
import { init } from "./commands/init.ts";
import { list } from "./commands/list.ts";
import { queue } from "./commands/queue.ts";
import { apply, exportFiles, undo } from "./commands/restore.ts";
import { rm } from "./commands/rm.ts";
import { fork, resume, rewind, run } from "./commands/run.ts";
import { show } from "./commands/show.ts";
import { stages } from "./commands/stages.ts";
import { steps } from "./commands/steps.ts";
import { verify } from "./commands/verify.ts";
import { printable } from "./table.ts";
import { type CommandName, commandHelp, generalHelp } from "./usage.ts";

const handlers: { readonly [name in CommandName]: Command } = {
  init,
  stages,
  run,
  resume,
  fork,
  rewind,
  answer,
  queue,
  list,
  show,
  compare,
  apply,
  undo,
  export: exportFiles,
  rm,
  steps,
  verify,
};

async function main(): Promise<number> {
  if (process.argv[2] === "--version") {
    process.stdout.write(`savepoint ${version()}\n`);
    return exitCodes.done;
  }
  const invocation = readInvocation(process.argv.slice(2), process.cwd());
  if (!invocation.ok) return complain(invocation.problem, exitCodes.usage);
  if (invocation.value === null) {
    process.stdout.write(`${generalHelp()}\n`);
    return exitCodes.done;
  }
  if (invocation.value.help) {
    process.stdout.write(`${commandHelp(invocation.value.command)}\n`);
    return exitCodes.done;
  }
  return execute(invocation.value);
}

async function execute(invocation: Invocation): Promise<number> {
  const outcome = await handlers[invocation.command](invocation, terminal());
  if (typeof outcome === "number") return outcome;
  return complain(outcome, outcome.reason === "usage" ? exitCodes.usage : exitCodes.failed);
}

function terminal(): Terminal {
  const folder = programs();
  return {
    print: (text) => process.stdout.write(`${text}\n`),
    tell: (text) => process.stderr.write(`${printable(text)}\n`),
    runnerPath: join(folder, "runner.js"),
    hashWorkerPath: join(folder, "hashWorker.js"),
    now: Date.now(),
  };
}

/** Of the package that this program is a part of. */
function version(): string {
  return JSON.parse(readFileSync(join(programs(), "package.json"), "utf8")).version;
}

/** The folder of this program and those beside it, also when it is started through a link in a `bin` folder. */
function programs(): string {
  return join(realpathSync(process.argv[1] ?? ""), "..");
}

function complain(problem: Problem, code: number): number {
  process.stderr.write(`savepoint: ${printable(problem.message)}\n`);
  return code;
}

// A reader such as `head` may close the pipe early; that is its right and no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
});

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`savepoint: an error that should not happen; please report it.\n${detail}\n`);
    process.exitCode = exitCodes.failed;
  },
);
