/** A program that a command starts and that tells in what environment it runs. */
export type ProgramHint =
  /** A Python by its name or path: `python3`, `.venv/bin/python`. */
  | { readonly kind: "python"; readonly program: string }
  | { readonly kind: "node" }
  /** A virtual environment by its folder, which is activated first. */
  | { readonly kind: "venv"; readonly folder: string }
  /** The project's own virtual environment, as `uv run` and `poetry run` find it. */
  | { readonly kind: "project-venv" }
  /** A shell script: what it starts counts. */
  | { readonly kind: "script"; readonly path: string }
  /** Any other program, such as `torchrun`: its first line may name a Python. */
  | { readonly kind: "other"; readonly program: string };

/** Words before a command that change nothing about what it is. */
const prefixes = /^(exec|time|nohup|env|nice|command|stdbuf|setsid|sudo|caffeinate)$/;
const shells = /^(sh|bash|zsh|dash|ksh)$/;
const nodePrograms = /^(node|nodejs|npm|npx|pnpm|yarn|tsx|ts-node)$/;
const managers = /^(uv|poetry|pipenv|pdm|hatch|rye|pixi)$/;

/**
 * The programs that shell commands start, in their order. Reads what a person writes in a `cmd`, not all of the shell's
 * language: what it does not understand gives no hint.
 */
export function programHints(commands: readonly string[]): readonly ProgramHint[] {
  return commands.flatMap((command) =>
    command
      .replaceAll(/\\\r?\n/g, " ")
      .split(/&&|\|\||[;|&\n]/)
      .flatMap((part) => hintOf(wordsOf(part))),
  );
}

function hintOf(words: readonly string[]): readonly ProgramHint[] {
  const [word, ...rest] = withoutPrefixes(words);
  if (word === undefined || word.startsWith("#")) return [];
  const name = baseName(word).replace(/\.exe$/i, "");
  if (/^(python|pypy)(\d+(\.\d+)*)?t?w?$/.test(name)) return [{ kind: "python", program: word }];
  if (nodePrograms.test(name)) return [{ kind: "node" }];
  if (managers.test(name)) return rest[0] === "run" ? [{ kind: "project-venv" }] : [];
  if (word === "." || word === "source") return activation(rest[0] ?? "");
  const script = shells.test(name) ? rest.find((one) => !one.startsWith("-")) : word;
  if (script === undefined) return [];
  const isScript = shells.test(name) || /\.(sh|bash|zsh)$/.test(script);
  return [isScript ? { kind: "script", path: script } : { kind: "other", program: word }];
}

/** `source .venv/bin/activate` */
function activation(path: string): readonly ProgramHint[] {
  const folder = /^(.+)[\\/](?:bin|Scripts)[\\/]activate(\.\w+)?$/.exec(path)?.[1];
  return folder === undefined ? [] : [{ kind: "venv", folder }];
}

function withoutPrefixes(words: readonly string[]): readonly string[] {
  const first = words.findIndex(
    (word, index) =>
      !/^\w+=/.test(word) &&
      !prefixes.test(word) &&
      !(word.startsWith("-") && prefixes.test(words[index - 1] ?? "")),
  );
  return first < 0 ? [] : words.slice(first);
}

/** The words of a simple command, without quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
