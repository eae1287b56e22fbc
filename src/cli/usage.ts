/** One command of the CLI: how it is called and which options it takes. */
export interface CommandUsage {
  /** What stands after the command's name in its usage line. */
  readonly arguments: string;
  readonly summary: string;
  /** Fewest and most words after the command's name. */
  readonly words: readonly [number, number];
  readonly options: { readonly [name: string]: OptionUsage };
}

export interface OptionUsage {
  readonly type: "string" | "boolean";
  readonly multiple?: true;
  /** One letter that stands for it. */
  readonly short?: string;
  /** Name of the value in the help, such as `FILE:KEY=VALUE`. */
  readonly value?: string;
  readonly summary: string;
}

const json: OptionUsage = { type: "boolean", summary: "print JSON for programs" };
const set: OptionUsage = {
  type: "string",
  multiple: true,
  value: "FILE:KEY=VALUE",
  summary: "change a parameter (of params.yaml without FILE:) before the run",
};
const sweep = {
  set: {
    ...set,
    summary: `${set.summary}; several runs for several values: A,B, range(A,B,STEP), uniform(A,B), loguniform(A,B), choice(A,B)`,
  },
  samples: {
    type: "string",
    value: "N",
    summary: "draw N runs at random from the values, instead of all combinations",
  },
  seed: { type: "string", value: "S", summary: "draw the same runs as another time with this number" },
  yes: { type: "boolean", short: "y", summary: "queue also more than 100 runs without asking" },
} as const satisfies { readonly [name: string]: OptionUsage };
const name: OptionUsage = { type: "string", value: "NAME", summary: "name of the new experiment" };
const isolated: OptionUsage = {
  type: "boolean",
  summary: "run in a worktree of its own; the workspace stays as it is",
};
const queued: OptionUsage = { type: "boolean", summary: "put it into the queue instead of running it now" };
const jobs: OptionUsage = {
  type: "string",
  short: "j",
  value: "N",
  summary: "work the queue at once, N runs at the same time",
};
const code: OptionUsage = {
  type: "string",
  value: "workspace|checkpoint",
  summary: "whose code goes on: yours of now, or the checkpoint's own, isolated",
};

const forget: OptionUsage = {
  type: "string",
  multiple: true,
  value: "PATTERN",
  summary: "do keyed steps of the code again that are done, such as 'fold-3/*'",
};

const answerWithin: OptionUsage = {
  type: "string",
  value: "DURATION",
  summary: "without a terminal, wait so long (3m) for the answer to a question before the run is stopped",
};

const retries: OptionUsage = {
  type: "string",
  value: "N",
  summary: "try a stage that fails again so often, from its own last checkpoint",
};
const grace: OptionUsage = {
  type: "string",
  value: "TIME[,TIME]",
  summary:
    "when stopped, how long a stage has after SIGINT (10s) and after SIGTERM (5s); also SAVEPOINT_GRACE",
};

/** All commands of `savepoint`, in the order of the help. */
export const commands = {
  init: {
    arguments: "",
    summary: "make the .dvc folder that pipelines need",
    words: [0, 0],
    options: { json },
  },
  stages: {
    arguments: "",
    summary: "list the stages, and why each one would run",
    words: [0, 0],
    options: { json },
  },
  run: {
    arguments: "[STAGE…]",
    summary: "run the pipeline, or some of its stages, from the start",
    words: [0, 1000],
    options: {
      name,
      ...sweep,
      forget,
      force: { type: "boolean", summary: "run stages that are up to date as well" },
      downstream: { type: "boolean", summary: "the stages named and what depends on them" },
      single: { type: "boolean", summary: "the stages named alone" },
      policy: {
        type: "string",
        value: "fresh|eager|none",
        summary: "load nothing, the latest checkpoint of the stage, or let the code choose",
      },
      from: { type: "string", value: "REF", summary: "load this checkpoint into the new experiment" },
      yes: {
        ...sweep.yes,
        summary: `load although something changed since the checkpoint; ${sweep.yes.summary}`,
      },
      retries,
      grace,
      isolated,
      queue: queued,
      jobs,
      "answer-within": answerWithin,
    },
  },
  resume: {
    arguments: "REF",
    summary: "go on with an experiment from its last checkpoint",
    words: [1, 1],
    options: {
      set,
      forget,
      code,
      isolated,
      queue: queued,
      jobs,
      retries,
      grace,
      "answer-within": answerWithin,
    },
  },
  fork: {
    arguments: "REF",
    summary: "start a new experiment from any checkpoint",
    words: [1, 1],
    options: {
      name,
      ...sweep,
      forget,
      code,
      isolated,
      queue: queued,
      jobs,
      retries,
      grace,
      "answer-within": answerWithin,
    },
  },
  rewind: {
    arguments: "REF",
    summary: "go on with an experiment from an older checkpoint; the tail is kept under a name of its own",
    words: [1, 1],
    options: {
      set,
      forget,
      code,
      isolated,
      queue: queued,
      jobs,
      retries,
      grace,
      "answer-within": answerWithin,
    },
  },
  answer: {
    arguments: "REF [VALUE]",
    summary: "answer what the code asked at a checkpoint; resumes it when it does not wait any more",
    words: [1, 2],
    options: { "answer-within": answerWithin },
  },
  queue: {
    arguments: "[run|cancel NAME|move NAME [BEFORE]|pause|resume|clear]",
    summary: "list the queued runs; work the queue, take runs back, change their order",
    words: [0, 3],
    options: {
      json,
      jobs: { ...jobs, summary: "with run: N runs at the same time" },
    },
  },
  list: {
    arguments: "[PATTERN]",
    summary: "list experiments and their checkpoints",
    words: [0, 1],
    options: {
      json,
      checkpoints: { type: "boolean", summary: "a line for each checkpoint as well" },
      filter: {
        type: "string",
        value: "EXPR",
        summary:
          "those of which it holds, such as 'status == failed and accuracy > 0.9 and params.lr <= 0.01'",
      },
      sort: {
        type: "string",
        value: "KEY",
        summary: "by a param, a metric, best, age, name, …; -KEY turns it round",
      },
    },
  },
  show: {
    arguments: "REF",
    summary: "show one checkpoint, or what its run wrote to the terminal",
    words: [1, 1],
    options: {
      json,
      log: { type: "boolean", summary: "the output of the run that recorded it; an experiment's newest run" },
    },
  },
  compare: {
    arguments: "REF REF…",
    summary: "put the params and metrics of checkpoints side by side",
    words: [2, 1000],
    options: {
      json,
      md: { type: "boolean", summary: "print a Markdown table" },
      csv: { type: "boolean", summary: "print comma-separated values" },
      all: { type: "boolean", summary: "print values that are the same everywhere, too" },
    },
  },
  apply: {
    arguments: "REF",
    summary: "put a checkpoint's files into the workspace; what they replace is kept for undo",
    words: [1, 1],
    options: {
      json,
      outputs: { type: "boolean", summary: "only the outputs, not code and params" },
      "dry-run": { type: "boolean", summary: "say what would change, and change nothing" },
    },
  },
  undo: {
    arguments: "[NUMBER]",
    summary:
      "take the last apply, resume, fork or rewind of the workspace back, or an earlier one by its number",
    words: [0, 1],
    options: {
      json,
      list: { type: "boolean", summary: "show what can be taken back, with numbers" },
      "dry-run": { type: "boolean", summary: "say what would change, and change nothing" },
    },
  },
  export: {
    arguments: "REF DIRECTORY",
    summary: "write a checkpoint's files into a new folder",
    words: [2, 2],
    options: { json },
  },
  rm: {
    arguments: "PATTERN…",
    summary: "remove experiments by name; with --steps, forget keyed steps of the workspace by key",
    words: [0, 1000],
    options: {
      json,
      exclude: { type: "string", multiple: true, value: "PATTERN", summary: "except those that fit this" },
      steps: {
        type: "boolean",
        summary: "not experiments, but steps of the code, which are then done again",
      },
      yes: { type: "boolean", short: "y", summary: "don't ask" },
      "dry-run": { type: "boolean", summary: "say what would go, and change nothing" },
      undo: { type: "boolean", summary: "bring back what was removed last, or the names given" },
    },
  },
  steps: {
    arguments: "[PATTERN]",
    summary: "list the keyed steps of the code that are done in the workspace and will be skipped",
    words: [0, 1],
    options: { json },
  },
  verify: {
    arguments: "[REF]",
    summary: "hash the stored outputs again and report what is missing or damaged",
    words: [0, 1],
    options: { json },
  },
} as const satisfies { readonly [command: string]: CommandUsage };

export type CommandName = keyof typeof commands;

/** The text of `savepoint --help`. */
export function generalHelp(): string {
  const width = Math.max(
    ...Object.entries(commands).map(([key, usage]) => `${key} ${usage.arguments}`.length),
  );
  const lines = Object.entries(commands).map(
    ([key, usage]) => `  ${`${key} ${usage.arguments}`.padEnd(width)}  ${usage.summary}`,
  );
  return [
    "Record, list, compare and resume training checkpoints.",
    "",
    "Usage: savepoint COMMAND [ARGUMENT…] [OPTION…]",
    "",
    ...lines,
    "",
    "REF names a checkpoint: NAME (its last), NAME@12, NAME@step:200, NAME@best, NAME@latest, or a commit.",
    "savepoint COMMAND --help tells a command's options. -C DIRECTORY works in another folder. --version tells which this is.",
  ].join("\n");
}

/** The text of `savepoint COMMAND --help`. */
export function commandHelp(command: CommandName): string {
  const usage: CommandUsage = commands[command];
  const options = Object.entries(usage.options).map(
    ([key, option]) =>
      [
        `${option.short ? `-${option.short}, ` : ""}--${key}${option.value ? ` ${option.value}` : ""}`,
        option.summary,
      ] as const,
  );
  const width = Math.max(0, ...options.map(([left]) => left.length));
  return [
    `Usage: savepoint ${command} ${usage.arguments}`.trimEnd(),
    "",
    `${usage.summary.charAt(0).toUpperCase()}${usage.summary.slice(1)}.`,
    ...(options.length === 0 ? [] : [""]),
    ...options.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join("\n");
}
