import { posix } from "node:path";
import { closingOf, isDefinition, openingOf, shellCommand } from "./calls.ts";
import {
  linesOf,
  readSource,
  type SourceString,
  type SourceText,
  sourceLanguages,
} from "./source/sourceText.ts";

/**
 * Functions that read: `torch.load`, `readRDS`, `JLD2.load`, `readFileSync`, `open`, `from_pretrained`, …; also at what
 * another call gives: `Path("model.json").read_text()`.
 */
const readerCall =
  /(?:(?<=\))\.|(?<![\w.]))((?:[A-Za-z_]\w*\.)*\w*(?:load|restore|resume|read|open|deserialize|parsefile|from_pretrained|fromjson)\w*!?)\s*\(/gi;
const notReader = /write|save|dump|preload|upload|download|offload|payload|thread|spread|ready/i;

/** Further forms by which a language says it, each up to the end of the name. */
const furtherForms: { readonly [languageId: string]: RegExp } = {
  // What trainers of Hugging Face and Lightning are given.
  python: /(?<=[(,]\s*)(?:resume_from_checkpoint|ckpt_path)(?=\s*=\s*(?!=|None\b|False\b))/g,
  shellscript: shellCommand("savepoint_(?:is_resumed|resumed_step)"),
};
/** Julia's macros read the file that is named behind them. */
const juliaMacro = /@load[ \t(]/g;

/** The client helpers that tell training code where it goes on. */
const helperCall = /\b(?:is_resumed|resumed_step|isResumed|resumedStep)\s*\(/g;
const assignment =
  /^[ \t]*(?:export[ \t]+)?(?:const[ \t]+|let[ \t]+|var[ \t]+)?([A-Za-z_]\w*)(?:[ \t]*:[^=\n]{1,80})?[ \t]*(?:=|<-)(?!=)([ \t\w.(]*)/gm;

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
  if (!/load|restore|resume|read|open|deserialize|parsefile|from|ckpt_path/i.test(text)) return [];
  if (!sourceLanguages.includes(languageId)) return [];
  const source = readSource(text, languageId);
  const { visible } = source;
  const further = furtherForms[languageId];
  const offsets = further === undefined ? [] : [...visible.matchAll(further)].map(({ index }) => index);
  if (languageId !== "shellscript") {
    const reads = readsIn(source, languageId);
    offsets.push(
      ...reads.filter(({ texts }) => texts.some((path) => namesOutput(path, outputs))).map(({ at }) => at),
    );
    offsets.push(...helperCalls(visible, languageId));
  }
  return [
    ...new Set(
      linesOf(
        visible,
        offsets.toSorted((a, b) => a - b),
      ),
    ),
  ];
}

/** A call that reads something, with the texts that may say what. */
interface Read {
  readonly at: number;
  readonly texts: readonly string[];
}

/** Reading calls, in languages in which a call is a name with its arguments in parentheses. */
function readsIn(source: SourceText, languageId: string): readonly Read[] {
  const { visible } = source;
  const constants = findConstants(source);
  const reads: Read[] = [];
  for (const { index, 0: whole, 1: name = "" } of visible.matchAll(readerCall)) {
    const at = index + whole.length;
    if (notReader.test(name) || isDefinition(visible, languageId, index, at)) continue;
    if (/open/i.test(name) && opensToWrite(source, at)) continue;
    const receiver = constants.get(name.split(".")[0] ?? "");
    const given = whole.startsWith(".")
      ? textsBetween(source, openingOf(visible, index - 1), index, constants)
      : [];
    const texts = [...given, ...textsBetween(source, at, closingOf(visible, at), constants)];
    reads.push({ at, texts: receiver === undefined ? texts : [receiver] });
  }
  return languageId === "julia" ? [...reads, ...macrosIn(source, constants)] : reads;
}

function macrosIn(source: SourceText, constants: ReadonlyMap<string, string>): readonly Read[] {
  return [...source.visible.matchAll(juliaMacro)].map(({ index }) => {
    const lineEnd = source.visible.indexOf("\n", index);
    const end = lineEnd < 0 ? source.visible.length : lineEnd;
    return { at: index, texts: textsBetween(source, index, end, constants) };
  });
}

function helperCalls(visible: string, languageId: string): readonly number[] {
  return [...visible.matchAll(helperCall)]
    .filter(({ index, 0: whole }) => !isDefinition(visible, languageId, index, index + whole.length))
    .map(({ index }) => index);
}

/** Names that are given a text: `MODEL = "model.json"`, `const path = new URL("model.json", …)`, `m <- "m.rds"`. */
function findConstants({ visible, strings }: SourceText): ReadonlyMap<string, string> {
  const starts = new Map(strings.map((string) => [string.start, string]));
  const constants = new Map<string, string>();
  for (const match of visible.matchAll(assignment)) {
    const before = match.index + match[0].length - (match[2] ?? "").length;
    // The string itself is hidden in the visible text.
    for (let at = before; at <= match.index + match[0].length; at += 1) {
      const string = starts.get(at);
      if (string === undefined) continue;
      constants.set(match[1] ?? "", string.content);
      break;
    }
  }
  return constants;
}

/** The texts in a stretch, such as the arguments of a call; its constants by their values. */
function textsBetween(
  source: SourceText,
  start: number,
  end: number,
  constants: ReadonlyMap<string, string>,
): readonly string[] {
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

function namesOutput(path: string, outputs: readonly string[]): boolean {
  if (path === "") return false;
  const normal = posix.normalize(path.replaceAll("\\", "/").replace(/^file:\/\//, ""));
  return outputs.some((output) => normal === output || normal.startsWith(`${output}/`));
}
