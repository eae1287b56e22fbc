import { formatScalar, isMap } from "./data.ts";
import { readYaml } from "./yaml.ts";

/** A stage's definition as it stands in the text of a pipeline file. */
export interface StageText {
  /** The key under `stages:`. */
  readonly name: string;
  /** Counted from 0; the end is exclusive and leaves out comments and blank lines after the definition. */
  readonly lines: { readonly start: number; readonly end: number };
  /** Whether one definition makes many stages (`foreach` or `matrix`). */
  readonly generates: boolean;
}

const keyForm =
  /^( *)(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#"'{}[\],&*!|>%@`-][^#]*?|-[^\s#][^#]*?))\s*:(?:\s|$)/;

/**
 * Finds the definitions by their lines alone, so that it is quick and stays right while somebody is typing.
 * Only a file whose stages stand in braces is parsed.
 */
export function stagesInText(text: string): readonly StageText[] {
  const lines = text.split(/\r\n|\r|\n/);
  const top = lines.findIndex((line) => /^(?:stages|"stages"|'stages')\s*:/.test(line));
  if (top < 0) return /^\s*\{/.test(text) ? stagesInFlow(text) : [];
  if (/:\s*\{/.test(lines[top] ?? "")) return stagesInFlow(text);
  const found: { name: string; start: number; end: number; generates: boolean }[] = [];
  let indent: number | null = null;
  for (const { line, index, content, depth } of contentLines(lines, top + 1)) {
    if (depth === 0) break;
    indent ??= depth;
    const match = depth === indent ? keyForm.exec(line) : null;
    const current = found.at(-1);
    if (match) {
      const generates = /:\s*\{.*\b(?:foreach|matrix)\s*:/.test(line);
      found.push({ name: unquoted(match), start: index, end: index + 1, generates });
    } else if (current && depth > indent) {
      current.end = index + 1;
      if (/^(?:foreach|matrix)\s*:/.test(content)) current.generates = true;
    }
  }
  return found.map(({ name, start, end, generates }) => ({ name, lines: { start, end }, generates }));
}

/** The lines from one on that are neither blank nor comments. */
function* contentLines(lines: readonly string[], from: number) {
  for (let index = from; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    yield { line, index, content, depth: line.length - line.trimStart().length };
  }
}

function unquoted([, , double, single, plain]: RegExpExecArray): string {
  return double?.replace(/\\(.)/g, "$1") ?? single?.replaceAll("''", "'") ?? plain ?? "";
}

function stagesInFlow(text: string): readonly StageText[] {
  const yaml = readYaml(text);
  const stages = isMap(yaml.data) ? yaml.data.get("stages") : undefined;
  if (!isMap(stages)) return [];
  return [...stages].map(([key, definition]) => ({
    name: formatScalar(key),
    lines: yaml.lines(["stages", formatScalar(key)]),
    generates: isMap(definition) && (definition.has("foreach") || definition.has("matrix")),
  }));
}
