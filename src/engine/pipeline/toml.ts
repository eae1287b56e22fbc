/** A stretch of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const keyPart = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+/y;

/** A value that is written out in a file, with its key in its parts, list indexes of `[[table]]`s included. */
export interface TomlValue extends Span {
  readonly key: readonly string[];
  readonly keyStart: number;
  readonly keyEnd: number;
}

/**
 * Where the value of a key stands in the text of a TOML file that is known to be valid; `null` when the key is not
 * written out there, as inside an inline table. The key is given in its parts.
 */
export function findTomlValue(text: string, key: readonly string[]): Span | null {
  const wanted = JSON.stringify(key);
  for (const found of tomlValues(text)) {
    if (JSON.stringify(found.key) === wanted) return { start: found.start, end: found.end };
  }
  return null;
}

/** The values of a TOML file in the order of the text, up to the first place that is not valid. */
export function* tomlValues(text: string): Iterable<TomlValue> {
  const counts = new Map<string, number>();
  let table: readonly string[] = [];
  let at = 0;
  while (at < text.length) {
    at = skipBlank(text, at);
    if (at >= text.length) return;
    if (text[at] === "[") {
      const isList = text[at + 1] === "[";
      const header = readKey(text, at + (isList ? 2 : 1));
      if (!header) return;
      table = withIndexes(header.parts, counts, isList);
      at = text.indexOf("]", header.end) + (isList ? 2 : 1);
      continue;
    }
    const name = readKey(text, at);
    if (!name || text[name.end] !== "=") return;
    const start = skipSpaces(text, name.end + 1);
    const end = valueEnd(text, start);
    const keyEnd = at + text.slice(at, name.end).trimEnd().length;
    yield { key: [...table, ...name.parts], keyStart: at, keyEnd, start, end };
    at = end;
  }
}

/** Puts the index of the list's last table after each name of a list of tables. */
function withIndexes(
  parts: readonly string[],
  counts: Map<string, number>,
  isList: boolean,
): readonly string[] {
  const result: string[] = [];
  for (const [index, part] of parts.entries()) {
    result.push(part);
    const path = JSON.stringify(result);
    if (isList && index === parts.length - 1) counts.set(path, (counts.get(path) ?? -1) + 1);
    const count = counts.get(path);
    if (count !== undefined) result.push(String(count));
  }
  return result;
}

function readKey(
  text: string,
  start: number,
): { readonly parts: readonly string[]; readonly end: number } | null {
  const parts: string[] = [];
  let at = skipSpaces(text, start);
  for (;;) {
    keyPart.lastIndex = at;
    const part = keyPart.exec(text)?.[0];
    if (part === undefined) return null;
    parts.push(plainKey(part));
    at = skipSpaces(text, at + part.length);
    if (text[at] !== ".") return { parts, end: at };
    at = skipSpaces(text, at + 1);
  }
}

function plainKey(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  if (!part.startsWith('"')) return part;
  try {
    return String(JSON.parse(part));
  } catch {
    return part;
  }
}

const piece =
  /"""(?:[^\\]|\\[\s\S])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[{\]}]|\r?\n|[^"'#[\]{}\r\n]+|[\s\S]/y;

function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  let end = start;
  while (at < text.length) {
    piece.lastIndex = at;
    const found = piece.exec(text)?.[0] ?? "";
    if (found === "") break;
    if (depth === 0 && (found.startsWith("#") || found === "\n" || found === "\r\n")) break;
    if (found === "[" || found === "{") depth++;
    if (found === "]" || found === "}") depth--;
    at += found.length;
    if (found.trim() !== "") end = at - (found.length - found.trimEnd().length);
  }
  return end;
}

function skipSpaces(text: string, at: number): number {
  let next = at;
  while (text[next] === " " || text[next] === "\t") next++;
  return next;
}

function skipBlank(text: string, at: number): number {
  const blank = /(?:\s|#[^\n]*)*/y;
  blank.lastIndex = at;
  return at + (blank.exec(text)?.[0].length ?? 0);
}
