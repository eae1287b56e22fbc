import { type Data, formatFloat, isList, isMap, type Scalar, Timestamp } from "./data.ts";
import { plainScalar } from "./yaml.ts";

/** Lines are folded at the first blank beyond this column. */
const width = 80;
/** A longer key is written with `? ` before it. */
const longestSimpleKey = 128;

/** Writes data in the layout that DVC's writer gives `dvc.lock`, so that both leave each other's lines alone. */
export function writeYaml(data: Data, indent = 0): string {
  const writer = new YamlWriter();
  writer.node(data, indent);
  return writer.finish();
}

class YamlWriter {
  #text = "";
  #column = 0;

  finish(): string {
    return this.#text.endsWith("\n") ? this.#text : `${this.#text}\n`;
  }

  node(data: Data, indent: number): void {
    if (isMap(data) && data.size > 0) {
      let first = true;
      for (const [key, value] of data) {
        if (!first || this.#column > 0) this.#newLine(indent, first);
        else this.#put(" ".repeat(indent));
        first = false;
        this.#pair(key, value, indent);
      }
    } else if (isList(data) && data.length > 0) this.#items(data, indent);
    else this.#leaf(data, indent);
  }

  #pair(key: Scalar, value: Data, indent: number): void {
    const keyText = scalarText(key, this.#column, indent, true);
    const simple =
      !keyText.includes("\n") &&
      (typeof key === "string" ? key : keyText).length < longestSimpleKey &&
      !isMultiLine(key);
    if (simple) this.#put(`${keyText}:`);
    else {
      this.#put("? ");
      this.#put(scalarText(key, this.#column, indent + 2, false));
      this.#newLine(indent, false);
      this.#put(":");
    }
    if (isMap(value) && value.size > 0) this.node(value, indent + 2);
    else if (isList(value) && value.length > 0) this.node(value, indent);
    else this.#leaf(value, indent + 2);
  }

  /** Entries stand in the column of the key above them. */
  #items(items: readonly Data[], indent: number): void {
    let first = true;
    for (const item of items) {
      if (!first || this.#column > 0) this.#newLine(indent, first);
      else this.#put(" ".repeat(indent));
      first = false;
      this.#put(item === null ? "- " : "-");
      if (isMap(item) && item.size > 0) this.node(item, indent + 2);
      else if (isList(item) && item.length > 0) this.node(item, indent + 2);
      else this.#leaf(item, indent + 2);
    }
  }

  #leaf(data: Data, indent: number): void {
    const blank = this.#column > 0 ? " " : "";
    if (isMap(data)) this.#put(`${blank}{}`);
    else if (isList(data)) this.#put(`${blank}[]`);
    // After its key, nothing stands for null.
    else if (data !== null) this.#put(blank + scalarText(data, this.#column + blank.length, indent, false));
  }

  /** A collection inside a list begins on the line of its dash. */
  #newLine(indent: number, first: boolean): void {
    const afterDash = first && this.#column > 0 && this.#text.endsWith("-") && this.#column === indent - 1;
    if (afterDash) this.#put(" ");
    else this.#put(`\n${" ".repeat(indent)}`);
  }

  #put(text: string): void {
    this.#text += text;
    const line = text.lastIndexOf("\n");
    this.#column = line < 0 ? this.#column + [...text].length : [...text.slice(line + 1)].length;
  }
}

function isMultiLine(scalar: Scalar): boolean {
  return typeof scalar === "string" && /[\n\x85\u2028\u2029]/.test(scalar);
}

function scalarText(scalar: Scalar, column: number, indent: number, isKey: boolean): string {
  if (scalar === null) return "null";
  if (typeof scalar === "number") {
    if (Number.isNaN(scalar)) return ".nan";
    return Number.isFinite(scalar) ? formatFloat(scalar) : scalar < 0 ? "-.inf" : ".inf";
  }
  if (scalar instanceof Timestamp) return scalar.text;
  if (typeof scalar !== "string") return String(scalar);
  return writeText(scalar, column, indent, isKey);
}

/** What a reader of YAML 1.1 takes for something else than a text. */
const oldForms =
  /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|=|<<|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[-+]?0[0-7_]+|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?)$/;

function writeText(text: string, column: number, indent: number, isKey: boolean): string {
  const { plain, singleQuoted } = notations(text);
  const isText = typeof plainScalar(text) === "string" && !oldForms.test(text);
  if (isText && plain) return isKey ? text : foldPlain(text, column, indent);
  if (text.includes("'") || text.includes("\n") || !singleQuoted)
    return doubleQuoted(text, column, indent, !isKey);
  return isKey ? `'${text}'` : `'${foldQuoted(text, column + 1, indent)}'`;
}

const lineBreaks = /[\n\x85\u2028\u2029]/;
const indicatorAtStart = /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`])/;
const indicatorAtBlank =
  /^[-?:](?:[\0 \t\r\n\x85\u2028\u2029]|$)|:(?:[\0 \t\r\n\x85\u2028\u2029]|$)|[\0 \t\r\n\x85\u2028\u2029]#/;

/** Which notations can hold a text on one line. */
function notations(text: string): { readonly plain: boolean; readonly singleQuoted: boolean } {
  const singleQuoted = !lineBreaks.test(text) && [...text].every(isPrintable);
  const indicates = indicatorAtStart.test(text) || indicatorAtBlank.test(text);
  return { plain: singleQuoted && text !== "" && !indicates && !/^ | $/.test(text), singleQuoted };
}

function isPrintable(character: string): boolean {
  if (character === "\n") return true;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code <= 0x7e) return true;
  return (
    character !== "\ufeff" &&
    (code === 0x85 ||
      (code >= 0xa0 && code <= 0xd7ff) ||
      (code >= 0xe000 && code <= 0xfffd) ||
      (code >= 0x10000 && code <= 0x10ffff))
  );
}

/** A word that would pass the width goes to the next line, and so does what follows a line that has passed it. */
function foldPlain(text: string, column: number, indent: number): string {
  let result = "";
  let at = column;
  let single = true;
  const breakLine = () => {
    result += `\n${" ".repeat(indent)}`;
    at = indent;
  };
  for (const piece of text.match(/ +|[^ ]+/g) ?? []) {
    const length = [...piece].length;
    if (piece.startsWith(" ")) {
      // A reader makes one blank of a break, whatever stood there: more than one are left alone.
      single = length === 1;
      if (single && at >= width) {
        breakLine();
        continue;
      }
    } else if (single && at + length > width && at > indent) breakLine();
    result += piece;
    at += length;
  }
  return result;
}

/** Breaks at single blanks once the line has passed the width; never at the ends. */
function foldQuoted(text: string, column: number, indent: number): string {
  let result = "";
  let at = column;
  for (const match of text.matchAll(/ +|[^ ]+/g)) {
    const piece = match[0];
    const isEnd = match.index === 0 || match.index + piece.length === text.length;
    if (piece === " " && at > width && !isEnd) {
      result += `\n${" ".repeat(indent)}`;
      at = indent;
    } else {
      result += piece;
      at += [...piece].length;
    }
  }
  return result;
}

const escapes: { readonly [character: string]: string } = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

/** Folds where DVC's writer does: at a blank, or anywhere behind a backslash once the line has passed the width. */
function doubleQuoted(text: string, column: number, indent: number, fold: boolean): string {
  const characters = [...text];
  let result = '"';
  let at = column + 1;
  // What stands before this is written.
  let start = 0;
  const put = (piece: string) => {
    result += piece;
    at += [...piece].length;
  };
  for (const [end, character] of [...characters, undefined].entries()) {
    if (character === undefined || !isVerbatim(character)) {
      put(characters.slice(start, end).join(""));
      start = end;
      if (character !== undefined) {
        put(escapeOf(character));
        start = end + 1;
      }
    }
    const inside = end > 0 && end < characters.length - 1;
    if (!fold || !inside || (character !== " " && start < end) || at + end - start <= width) continue;
    const bare = start !== end && characters[Math.max(start, end)] === " " && isBareFold(characters, end);
    put(characters.slice(start, end).join("") + (bare ? "" : "\\"));
    start = Math.max(start, end);
    result += `\n${" ".repeat(indent)}`;
    at = indent;
    // A blank at the start of a line is lost on a reader unless it is escaped.
    if (bare) start++;
    else if (characters[start] === " ") put("\\");
  }
  return `${result}"`;
}

/** Whether the break itself can stand for the blank, as DVC's writer sees it. */
function isBareFold(characters: readonly string[], end: number): boolean {
  const space = characters.indexOf(" ", end);
  if (space < 0) return false;
  const newLine = characters.slice(0, space).indexOf("\n", end);
  const stop = newLine < 0 ? space : newLine;
  const next = characters[stop + 1];
  if (next === undefined || (newLine >= 0 && next !== " ")) return false;
  const word = characters.slice(end, stop);
  const doubleBlank = characters[end - 1] === " " && characters[end] === " ";
  return !word.includes('"') && !word.includes("'") && next !== " " && next !== "\n" && !doubleBlank;
}

function isVerbatim(character: string): boolean {
  if ('"\\\x85\u2028\u2029\ufeff'.includes(character)) return false;
  const code = character.codePointAt(0) ?? 0;
  return (
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    code >= 0x10000
  );
}

function escapeOf(character: string): string {
  const short = escapes[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
