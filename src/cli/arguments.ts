import { parseArgs } from "node:util";
import { readDuration } from "../engine/pipeline/duration.ts";
import { mostJobs } from "../engine/queue/queueState.ts";
import { failure, type Result, success } from "../engine/result.ts";
import { defaultAnswerLimit } from "./questions.ts";
import { type CommandName, type CommandUsage, commands } from "./usage.ts";

/** What the user typed, checked against the command's usage. */
export interface Invocation {
  readonly command: CommandName;
  readonly words: readonly string[];
  readonly options: { readonly [name: string]: string | boolean | readonly string[] | undefined };
  readonly directory: string;
  readonly help: boolean;
}

/** Reads the arguments after `savepoint`. `null` stands for a request for the general help. */
export function readInvocation(args: readonly string[], currentDirectory: string): Result<Invocation | null> {
  let rest = [...args];
  let directory = currentDirectory;
  if (rest[0] === "-C") {
    if (rest[1] === undefined) return failure("usage", "-C needs a folder: savepoint -C DIRECTORY COMMAND");
    directory = rest[1];
    rest = rest.slice(2);
  }
  const command = rest[0];
  if (command === undefined || command === "--help" || command === "-h" || command === "help")
    return success(null);
  if (!isCommand(command)) {
    return failure("usage", `there is no command "${command}"; savepoint --help lists the commands`);
  }
  const usage: CommandUsage = commands[command];
  try {
    const parsed = parseArgs({
      args: withSignedValues(rest.slice(1), usage),
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        directory: { type: "string", short: "C" },
        ...Object.fromEntries(
          Object.entries(usage.options).map(([key, option]) => [
            key,
            {
              type: option.type,
              multiple: option.multiple ?? false,
              ...(option.short === undefined ? {} : { short: option.short }),
            },
          ]),
        ),
      },
    });
    const [fewest, most] = usage.words;
    const help = parsed.values.help === true;
    if (!help && (parsed.positionals.length < fewest || parsed.positionals.length > most)) {
      return failure("usage", `usage: savepoint ${command} ${usage.arguments}`.trimEnd());
    }
    return success({
      command,
      words: parsed.positionals,
      options: parsed.values as Invocation["options"],
      directory: parsed.values.directory ?? directory,
      help,
    });
  } catch (error) {
    // parseArgs explains in several sentences; the first one names the option.
    const reason = error instanceof Error ? (error.message.split(/\.\s|\n/)[0] ?? "") : String(error);
    return failure("usage", `${reason}; savepoint ${command} --help lists the options`);
  }
}

/** Reads `--answer-within DURATION`: milliseconds for which a question waits where nobody can be asked. */
export function readAnswerLimit(invocation: Invocation): Result<number> {
  const text = invocation.options["answer-within"];
  if (typeof text !== "string") return success(defaultAnswerLimit);
  const limit = readDuration(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);
  if (limit !== undefined) return success(limit);
  return failure("usage", `--answer-within takes seconds, or a text such as 10m, not "${text}"`);
}

/** Reads `-j N`; `null` when it is not given. */
export function readJobs(invocation: Invocation): Result<number | null> {
  const text = invocation.options.jobs;
  if (typeof text !== "string") return success(null);
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= mostJobs) return success(jobs);
  return failure("usage", `-j takes a number of runs from 1 to ${mostJobs}, not "${text}"`);
}

/** Reads `--code`; the workspace's when it is not given. */
export function readCode(invocation: Invocation): Result<"workspace" | "checkpoint"> {
  const text = invocation.options.code ?? "workspace";
  if (text === "workspace" || text === "checkpoint") return success(text);
  return failure("usage", `--code takes workspace or checkpoint, not "${text}"`);
}

/** A value may begin with a sign, as in `--sort -accuracy`; parseArgs wants to see it in one piece then. */
function withSignedValues(args: readonly string[], usage: CommandUsage): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = /^--([\w-]+)$/.exec(joined.at(-1) ?? "")?.[1] ?? "";
    const takesValue = usage.options[option]?.type === "string";
    if (takesValue && /^-[^-]/.test(arg)) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

function isCommand(text: string): text is CommandName {
  return Object.hasOwn(commands, text);
}
