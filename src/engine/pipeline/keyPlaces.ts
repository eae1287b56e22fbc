import { isMap as isMapNode, isScalar as isScalarNode, type Node, parseDocument } from "yaml";
import { formatScalar, type Scalar } from "./data.ts";
import { type Literal, LiteralError, LiteralReader } from "./literal.ts";
import { formatOf } from "./params.ts";
import { readPython } from "./python.ts";
import { tomlValues } from "./toml.ts";

/** Where a value of a params or metrics file stands in its text, as offsets; ends are exclusive. */
export interface KeyPlace {
  /** Dotted, as checkpoints name it: `train.lr`. */
  readonly key: string;
  readonly start: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Characters above which a file is no params file that a person reads. */
const readLimit = 1_000_000;
const deepest = 50;

/**
 * The keys of all single values of a file, in the order of the text; lists count as one value. Empty while the file is
 * being typed and can't be read, and for what stands elsewhere (`*alias`, `<<`).
 */
export function keyPlaces(text: string, file: string): readonly KeyPlace[] {
  if (text.length > readLimit) return [];
  switch (formatOf(file)) {
    case "yaml":
      return yamlPlaces(text);
    case "toml":
      return tomlPlaces(text);
    case "python":
      return literalPlaces(text, readPython(text));
    case "json":
      return jsonPlaces(text);
  }
}

function yamlPlaces(text: string): readonly KeyPlace[] {
  let top: unknown;
  try {
    const document = parseDocument(text, {
      schema: "failsafe",
      uniqueKeys: false,
      logLevel: "error",
      merge: false,
      prettyErrors: false,
    });
    if (document.errors.length > 0) return [];
    top = document.contents;
  } catch {
    return []; // Nested so deeply that the parser's stack does not hold it.
  }
  const found: KeyPlace[] = [];
  const visit = (node: unknown, path: readonly string[]): void => {
    if (!isMapNode(node) || path.length > deepest) return;
    for (const { key, value } of node.items) {
      if (!isScalarNode(key) || !key.range) continue;
      const here = [...path, String(key.value)];
      if (isMapNode(value) && value.items.length > 0) visit(value, here);
      else {
        const range = (value as Node | null)?.range ?? [key.range[1], key.range[1]];
        const [start, keyEnd] = key.range;
        found.push({ key: here.join("."), start, keyEnd, valueStart: range[0], valueEnd: range[1] });
      }
    }
  };
  visit(top, []);
  return found;
}

function jsonPlaces(text: string): readonly KeyPlace[] {
  try {
    return literalPlaces(text, new LiteralReader(text, "json").readAll());
  } catch (error) {
    if (error instanceof LiteralError) return [];
    throw error;
  }
}

function literalPlaces(text: string, top: Literal): readonly KeyPlace[] {
  const found: KeyPlace[] = [];
  const visit = (entries: ReadonlyMap<Scalar, Literal>, path: readonly string[]): void => {
    for (const [name, entry] of entries) {
      const word = formatScalar(name);
      const here = [...path, word];
      if (entry.entries !== null && entry.entries.size > 0) visit(entry.entries, here);
      else found.push(literalPlace(text, word, here.join("."), entry));
    }
  };
  if (top.entries !== null) visit(top.entries, []);
  return found.sort((a, b) => a.start - b.start);
}

/** A reader of literals keeps where the value stands; its key is the nearest such word before it. */
function literalPlace(text: string, name: string, key: string, { start, end }: Literal): KeyPlace {
  let at = text.lastIndexOf(name, start - 1);
  while (at > 0 && /\w\w/.test(`${text[at - 1]}${text[at]}`)) at = text.lastIndexOf(name, at - 1);
  const keyStart = Math.max(at, 0);
  return { key, start: keyStart, keyEnd: keyStart + name.length, valueStart: start, valueEnd: end };
}

function tomlPlaces(text: string): readonly KeyPlace[] {
  return [...tomlValues(text)].map(({ key, keyStart, keyEnd, start, end }) => ({
    key: key.join("."),
    start: keyStart,
    keyEnd,
    valueStart: start,
    valueEnd: end,
  }));
}
