import { failure, type Result, success } from "../result.ts";

/** Languages whose debuggers can be let into a command. */
export type DebugLanguage = "python" | "node";

/** The commands that a run starts in place of a stage's own: the same ones with a debugger let in. */
export interface DebuggedStage {
  /** Address of the stage. Its first launch is debugged; what a retry starts are the stage's own commands. */
  readonly stage: string;
  readonly commands: readonly string[];
  /** Added to the environment of its processes. */
  readonly environment: { readonly [name: string]: string };
}

/** A shell command in which a debugger can be let in. */
export interface DebugCommand {
  readonly language: DebugLanguage;
  /** Where the debugger's words go into the command's text. */
  readonly insertAt: number;
}

interface Word {
  /** Without its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Programs that start the program behind them. */
const starters =
  /^(?:env|exec|nice|nohup|time|command|stdbuf|uv|poetry|pipenv|pdm|hatch|rye|pixi|conda|mamba|micromamba)$/;
const pythons = /^(?:python|pypy)[\d.]*(?:\.exe)?$|^py(?:\.exe)?$/i;
const nodes = /^(?:node|nodejs)(?:\.exe)?$/i;
/** Options of Python that take the next word. */
const pythonWithValue = /^(?:-W|-X|--check-hash-based-pycs)$/;

/**
 * Where a debugger goes into a stage's command: `python -u train.py` before `train.py`, `node train.mjs` behind `node`.
 * Nothing else of the command changes. Reasons: `not-one-command`, `no-debugger-for`, `no-script`.
 */
export function parseDebugCommand(command: string): Result<DebugCommand> {
  const words = splitWords(command);
  if (!words.ok) return words;
  const at = words.value.findIndex(({ text }) => pythons.test(baseName(text)) || nodes.test(baseName(text)));
  const program = words.value[at];
  const before = words.value.slice(0, Math.max(at, 0)).filter(({ text }) => !isAssignment(text));
  const isStarted = before.length === 0 || starters.test(baseName(before[0]?.text ?? ""));
  if (program === undefined || !isStarted) return noDebugger(command, words.value);
  const rest = words.value.slice(at + 1);
  if (nodes.test(baseName(program.text))) return node(command, program, rest);
  return python(command, rest);
}

/** The one command of a stage in which a debugger can be let in. Fails when there is none, or when there are several. */
export function findDebugCommand(
  commands: readonly string[],
): Result<DebugCommand & { readonly index: number }> {
  const parsed = commands.map(parseDebugCommand);
  const usable = parsed.flatMap((one, index) => (one.ok ? [{ ...one.value, index }] : []));
  const [only] = usable;
  if (only !== undefined && usable.length === 1) return success(only);
  const refused = parsed.find((one) => !one.ok);
  if (only === undefined && refused !== undefined) return refused;
  return failure(
    "not-one-command",
    "The stage runs several programs that could be debugged. Put the training into a stage of its own.",
  );
}

/** A stage's commands with a debugger's words in the one that {@link findDebugCommand} found. */
export function withDebugger(
  commands: readonly string[],
  { index, insertAt }: { readonly index: number; readonly insertAt: number },
  words: string,
): readonly string[] {
  return commands.map((command, place) =>
    place === index ? command.slice(0, insertAt) + words + command.slice(insertAt) : command,
  );
}

function python(command: string, rest: readonly Word[]): Result<DebugCommand> {
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index];
    if (word === undefined) break;
    if (pythonWithValue.test(word.text)) index += 1;
    else if (word.text === "-m" || word.text === "-c" || !word.text.startsWith("-")) {
      return success({ language: "python", insertAt: word.start });
    }
  }
  return noScript(command);
}

function node(command: string, program: Word, rest: readonly Word[]): Result<DebugCommand> {
  if (rest.some(({ text }) => /^--inspect/.test(text))) {
    return failure("debugged-already", `The command opens a debugger's port itself: ${command}`);
  }
  if (!rest.some(({ text }) => !text.startsWith("-"))) return noScript(command);
  return success({ language: "node", insertAt: program.end });
}

function noDebugger(command: string, words: readonly Word[]): Result<never> {
  const first = words.find(({ text }) => !isAssignment(text));
  const program = first === undefined ? "nothing" : baseName(first.text);
  return failure(
    "no-debugger-for",
    `The stage starts ${program}, which can't be debugged from here. Let its command start python or node itself: ${command}`,
  );
}

function noScript(command: string): Result<never> {
  return failure("no-script", `The command names no script that could be debugged: ${command}`);
}

function notOneCommand(sign: string, command: string): Result<never> {
  return failure(
    "not-one-command",
    `The command is more than one program (“${sign}”), so it is not clear what to debug. Put the training into a stage of its own: ${command}`,
  );
}

function isAssignment(text: string): boolean {
  return /^[A-Za-z_]\w*=/.test(text);
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** A stretch of a word, an operator, or what separates words; the first form that fits counts. */
const piece =
  /(?<blank>[^\S\n]+)|(?<substitution>`|\$\()|(?<redirection>\d*>&\d?|&>>?)|(?<operator>[|&;()\n])|'(?<single>[^']*)'|"(?<double>(?:\\[\s\S]|[^"\\])*)"|\\(?<escaped>[\s\S])|(?<plain>[^\s`$|&;()'"\\]+|[\s\S])/g;

/** The words of one simple command as a shell splits it. Fails for anything that starts a second program. */
function splitWords(command: string): Result<readonly Word[]> {
  const words: Word[] = [];
  let isOpen = false;
  for (const match of command.trimEnd().matchAll(piece)) {
    const { blank, substitution, operator, single, double, escaped } = match.groups ?? {};
    const isSubstituted = substitution !== undefined || /(?<!\\)(?:`|\$\()/.test(double ?? "");
    if (isSubstituted) return notOneCommand("$(…)", command);
    if (operator !== undefined) return notOneCommand(operator === "\n" ? "a new line" : operator, command);
    if (blank !== undefined) {
      isOpen = false;
      continue;
    }
    const text = single ?? double ?? escaped ?? match[0];
    const end = match.index + match[0].length;
    const last = words.at(-1);
    if (isOpen && last !== undefined) words[words.length - 1] = { ...last, text: last.text + text, end };
    else words.push({ text, start: match.index, end });
    isOpen = true;
  }
  return success(words);
}
