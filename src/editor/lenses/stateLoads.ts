import { posix } from "node:path";
import { linesOf, readSource, type SourceString, type SourceText } from "./sourceText.ts";

/** Languages in which a call is a name with its arguments in parentheses. */
const languages = new Set([
  "python",
  "javascript",
  "javascriptreact",
  "typescript",
  "typescriptreact",
  "r",
  "julia",
]);

/** Functions that read: `torch.load`, `readRDS`, `JLD2.load`, `readFileSync`, `open`, `from_pretrained`, … */
const readerCall =
  /(?<![\w.])((?:[A-Za-z_]\w*\.)*\w*(?:load|restore|resume|read|open|deserialize|parsefile|from_pretrained|fromjson)\w*!?)\s*\(/gi;
const writerName = /write|save|dump|preload|thread|spread/i;
/** The client helpers that tell training code where it goes on. */
const helperCall = /\b(?:is_resumed|resumed_step|isResumed|resumedStep)\s*\(/g;
const definition = /\bdef\s|\bfunction\b|<-\s*function/;
const assignment =
  /^[ \t]*(?:export[ \t]+)?(?:const[ \t]+|let[ \t]+|var[ \t]+)?([A-Za-z_]\w*)(?:[ \t]*:[^=\n]{1,80})?[ \t]*(?:=|<-)(?!=)([ \t\w.(]*)/gm;

/** Characters of a call's arguments that are looked at. */
const argumentLimit = 500;

/**
 * Lines, counted from 0, on which source code loads the state of a training: a call that reads one of the outputs,
 * which it names in quotes or by a constant, or one that asks where to go on. `outputs` are paths as the code may
 * write them.
 */
export function findStateLoads(
  text: string,
  languageId: string,
  outputs: readonly string[],
): readonly number[] {
  if (!languages.has(languageId) || !/load|restore|resume|read|open|deserialize|parsefile|from/i.test(text))
    return [];
  const source = readSource(text, languageId);
  const constants = findConstants(source);
  const isOutput = (path: string) => namesOutput(path, outputs);
  const offsets: number[] = [];
  for (const match of source.visible.matchAll(readerCall)) {
    const [whole, name = ""] = match;
    const end = match.index + whole.length;
    if (writerName.test(name)) continue;
    const receiver = constants.get(name.split(".")[0] ?? "");
    const used = receiver === undefined ? argumentsOf(source, end, constants) : [receiver];
    if (used.some(isOutput) && !opensToWrite(source, end)) offsets.push(end);
  }
  for (const match of source.visible.matchAll(helperCall)) offsets.push(match.index + match[0].length);
  const rows = source.visible.split("\n");
  const lines = linesOf(
    source.visible,
    offsets.toSorted((a, b) => a - b),
  ).filter((line) => !definition.test(rows[line] ?? ""));
  return [...new Set(lines)];
}

/** Names that are given a text: `MODEL = "model.json"`, `const path = new URL("model.json", …)`, `m <- "m.rds"`. */
function findConstants({ visible, strings }: SourceText): ReadonlyMap<string, string> {
  const starts = new Map(strings.map((string) => [string.start, string]));
  const constants = new Map<string, string>();
  for (const match of visible.matchAll(assignment)) {
    const before = match.index + match[0].length - (match[2] ?? "").length;
    // The string itself is blank in the visible text.
    for (let at = before; at <= match.index + match[0].length; at += 1) {
      const string = starts.get(at);
      if (string === undefined) continue;
      constants.set(match[1] ?? "", string.content);
      break;
    }
  }
  return constants;
}

/** The texts among the arguments of a call, its constants by their values; `start` is behind the parenthesis. */
function argumentsOf(
  source: SourceText,
  start: number,
  constants: ReadonlyMap<string, string>,
): readonly string[] {
  const end = closingOf(source.visible, start);
  const written = stringsBetween(source.strings, start, end);
  const words = source.visible.slice(start, end).match(/[A-Za-z_]\w*/g) ?? [];
  return [
    ...written.map(({ content }) => content),
    ...words.flatMap((word) => {
      const value = constants.get(word);
      return value === undefined ? [] : [value];
    }),
  ];
}

function opensToWrite(source: SourceText, start: number): boolean {
  const end = closingOf(source.visible, start);
  return stringsBetween(source.strings, start, end).some(({ content }) =>
    /^[rbt+]*[wax][bt+]*$/.test(content),
  );
}

/** The strings of a stretch, which are in the order of the text. */
function stringsBetween(
  strings: readonly SourceString[],
  start: number,
  end: number,
): readonly SourceString[] {
  let low = 0;
  let high = strings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((strings[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while ((strings[last]?.end ?? Number.POSITIVE_INFINITY) <= end) last += 1;
  return strings.slice(low, last);
}

function closingOf(visible: string, start: number): number {
  const limit = Math.min(visible.length, start + argumentLimit);
  let depth = 1;
  for (let at = start; at < limit; at += 1) {
    if (visible[at] === "(") depth += 1;
    if (visible[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return limit;
}

function namesOutput(path: string, outputs: readonly string[]): boolean {
  if (path === "") return false;
  const normal = posix.normalize(path.replaceAll("\\", "/").replace(/^file:\/\//, ""));
  return outputs.some((output) => normal === output || normal.startsWith(`${output}/`));
}
