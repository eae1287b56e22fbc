import {
  type Document,
  isAlias,
  isMap as isMapNode,
  isPair,
  isScalar as isScalarNode,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { type Data, isList, isMap, isScalar, type Scalar, Timestamp } from "./data.ts";

/** Lines and columns count from 0. */
export interface TextRange {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}

export interface YamlProblem {
  readonly message: string;
  readonly range: TextRange;
  /** Whether it is no YAML at all, so that what was read around it may not be what was meant. */
  readonly isSyntax: boolean;
}

export interface ValueSpan {
  readonly start: number;
  readonly end: number;
  /** `null` for an entry of a list. */
  readonly keyEnd: number | null;
}

/** Keys and indexes from the top of a file to a place in it. */
export type DataPath = readonly (string | number)[];

/** A YAML file as far as it could be read, with the places of what is in it. */
export interface YamlFile {
  readonly data: Data;
  readonly problems: readonly YamlProblem[];
  /** Where the value (or, for `"key"`, its key) stands; the nearest place above it when there is no such path. */
  locate(path: DataPath, part?: "key" | "value"): TextRange;
  /** Offsets of exactly the value at the path, and of the end of its key; `null` when it does not stand there. */
  span(path: DataPath): ValueSpan | null;
  /** Lines of the pair at the path; the end is exclusive and leaves out comments and blank lines after it. */
  lines(path: DataPath): { readonly start: number; readonly end: number };
}

/** More nodes than this that are there by repetition is an attack ("billion laughs"), not a file. */
const mostRepeated = 200_000;
const deepestNesting = 200;

/** Reads YAML 1.2 with the types that DVC's reader gives it. Never throws: what is wrong is in `problems`. */
export function readYaml(source: string): YamlFile {
  // The parser does not take a carriage return alone for the end of a line, as everything else does.
  const text = source.replace(/\r(?!\n)/g, "\n");
  const counter = new LineCounter();
  let document: Document.Parsed;
  try {
    // The schema without types: plain scalars get theirs below, as DVC's reader has a few more notations than 1.2.
    document = parseDocument(text, {
      schema: "failsafe",
      lineCounter: counter,
      uniqueKeys: false,
      logLevel: "error",
      merge: false,
      prettyErrors: false,
    });
  } catch (error) {
    // Nesting so deep that the parser's stack does not hold it.
    const message = error instanceof Error ? error.message : String(error);
    return unreadable(`This file can't be read as YAML: ${message}`);
  }
  const position = (offset: number) => {
    const { line, col } = counter.linePos(Math.min(Math.max(offset, 0), text.length));
    return { line: Math.max(line - 1, 0), column: Math.max(col - 1, 0) };
  };
  const range = (start: number, end: number): TextRange => ({
    start: position(start),
    end: position(Math.max(end, start)),
  });
  const contentEnd = text.trimEnd().length;
  const problems: YamlProblem[] = document.errors.map((error) => {
    // What is open at the end of the file was opened in its last value: that is where a person has to look.
    const isAtEnd = error.pos[0] >= contentEnd;
    const start = isAtEnd ? startOfLast(document.contents) : error.pos[0];
    const end = isAtEnd ? contentEnd : error.pos[1];
    return {
      message: syntaxMessage(error),
      range: range(start, end),
      isSyntax: true,
    };
  });
  const reader = new NodeReader((message, node) =>
    problems.push({ message, range: range(node.range?.[0] ?? 0, node.range?.[1] ?? 0), isSyntax: false }),
  );
  const data = reader.read(document.contents, 0);
  return {
    data,
    problems,
    locate(path, part = "value") {
      const { key, value } = find(document, path, false);
      const node = part === "key" ? (key ?? value) : (value ?? key);
      const spot = node?.range ?? document.contents?.range ?? [0, 0];
      return range(spot[0], spot[1]);
    },
    span(path) {
      const { key, value, found } = find(document, path, true);
      if (!found || !value?.range || isAlias(value)) return null;
      return { start: value.range[0], end: value.range[1], keyEnd: key?.range?.[1] ?? null };
    },
    lines(path) {
      const { key, value } = find(document, path, false);
      const start = key?.range?.[0] ?? value?.range?.[0] ?? 0;
      const end = Math.max(value?.range?.[1] ?? 0, key?.range?.[1] ?? 0, start);
      const last = position(end);
      // A block ends at the start of the line after it.
      const exclusive = last.column === 0 && end > start ? last.line : last.line + 1;
      const first = position(start).line;
      return { start: first, end: Math.max(exclusive, first + 1) };
    },
  };
}

function syntaxMessage({ code, message }: YAMLParseError): string {
  if (code === "MULTIPLE_DOCS") return "Only one document can be in this file; remove what begins at '---'";
  return `Invalid YAML: ${message.split("\n")[0]}`;
}

/** Where the last value of a document begins. */
function startOfLast(node: unknown): number {
  if (isPair(node)) return startOfLast(node.value ?? node.key);
  const last = isMapNode(node) || isSeq(node) ? node.items.at(-1) : undefined;
  return last === undefined ? ((node as Node | null)?.range?.[0] ?? 0) : startOfLast(last);
}

function unreadable(message: string): YamlFile {
  const nowhere = { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };
  return {
    data: null,
    problems: [{ message, range: nowhere, isSyntax: true }],
    locate: () => nowhere,
    span: () => null,
    lines: () => ({ start: 0, end: 1 }),
  };
}

/** The pair (or item) at a path, or the deepest one above it that exists. */
function find(
  document: Document.Parsed,
  path: DataPath,
  inPlace: boolean,
): { key: Node | null; value: Node | null; found: boolean } {
  let key: Node | null = null;
  let value: Node | null = document.contents as Node | null;
  for (const step of path) {
    const container: unknown = isAlias(value) && !inPlace ? value.resolve(document) : value;
    if (isMapNode(container)) {
      const pair = pairsByKey(container).get(String(step));
      if (!pair) return { key, value, found: false };
      key = pair.key as Node;
      value = (pair.value as Node | null) ?? null;
    } else if (isSeq(container) && typeof step === "number" && container.items[step]) {
      const item = container.items[step];
      key = null;
      value = isPair(item) ? (item.key as Node) : (item as Node);
    } else return { key, value, found: false };
  }
  return { key, value, found: true };
}

const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();

/** Of keys that are there twice, the first. */
function pairsByKey(container: YAMLMap): ReadonlyMap<string, Pair> {
  let index = indexes.get(container);
  if (!index) {
    index = new Map();
    for (const pair of container.items) {
      if (!isScalarNode(pair.key)) continue;
      const key = String(pair.key.value);
      if (!index.has(key)) index.set(key, pair);
    }
    indexes.set(container, index);
  }
  return index;
}

class NodeReader {
  readonly #report: (message: string, node: Node) => void;
  /** What anchors stand for so far, with the number of nodes in it. */
  readonly #anchors = new Map<string, { readonly data: Data; readonly size: number }>();
  #count = 0;
  #repeated = 0;
  #tooDeep = false;

  constructor(report: (message: string, node: Node) => void) {
    this.#report = report;
  }

  read(node: unknown, depth: number): Data {
    const before = this.#count++;
    if (depth > deepestNesting) {
      if (!this.#tooDeep)
        this.#report("This file nests too deeply to be read; make it simpler", node as Node);
      this.#tooDeep = true;
      return null;
    }
    if (isAlias(node)) return this.#repeat(node.source, node);
    const data = this.#content(node, depth);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor) this.#anchors.set(anchor, { data, size: this.#count - before });
    return data;
  }

  /** The data is shared, but whoever walks through it meets it again and again: its size counts each time. */
  #repeat(source: string, node: Node): Data {
    const target = this.#anchors.get(source);
    if (!target) {
      this.#report(`There is no '&${source}' above that '*${source}' could stand for`, node);
      return null;
    }
    const within = this.#repeated <= mostRepeated;
    this.#count += target.size;
    this.#repeated += target.size;
    if (this.#repeated <= mostRepeated) return target.data;
    if (within) this.#report("This file repeats too much by '*' to be read; make it simpler", node);
    return null;
  }

  #content(node: unknown, depth: number): Data {
    if (isScalarNode(node))
      return this.#scalar(node as Node & { value: unknown; type?: string; tag?: string });
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    return isMapNode(node) ? this.#map(node.items, depth) : null;
  }

  #map(pairs: readonly Pair[], depth: number): Data {
    const own = new Map<Scalar, Data>();
    const merged = new Map<Scalar, Data>();
    for (const { key, value } of pairs) {
      if (isScalarNode(key) && key.type === "PLAIN" && key.value === "<<") {
        this.#merge(this.read(value, depth + 1), key as Node, merged);
        continue;
      }
      const name = this.read(key, depth + 1);
      if (!isScalar(name)) this.#report("A key can't be a list or a mapping", key as Node);
      else if (own.has(name)) {
        const text = isScalarNode(key) ? String(key.value) : "";
        this.#report(`The key '${text}' is here twice; remove one`, key as Node);
      } else own.set(name, this.read(value, depth + 1));
    }
    // What is merged comes first, and is overridden in its place.
    for (const [name, item] of own) merged.set(name, item);
    return merged;
  }

  /** Of several mappings that are merged, the first that has a key counts. */
  #merge(sources: Data, key: Node, merged: Map<Scalar, Data>): void {
    for (const source of isList(sources) ? sources : [sources]) {
      if (!isMap(source)) this.#report("Only a mapping can be merged with <<", key);
      else for (const [name, item] of source) if (!merged.has(name)) merged.set(name, item);
    }
  }

  #scalar(node: Node & { value: unknown; type?: string; tag?: string }): Scalar {
    const text = typeof node.value === "string" ? node.value : "";
    switch (node.tag) {
      case undefined:
        if (node.type !== "PLAIN" && node.type !== undefined) return text;
        if (text === "<<" || text === "=")
          this.#report(`'${text}' has a meaning of its own here; put it in quotes`, node);
        return plainScalar(text);
      case "!":
      case "tag:yaml.org,2002:str":
        return text;
      case "tag:yaml.org,2002:float": {
        const value = plainScalar(text);
        return typeof value === "bigint" ? Number(value) : value;
      }
      case "tag:yaml.org,2002:int":
      case "tag:yaml.org,2002:bool":
      case "tag:yaml.org,2002:null":
      case "tag:yaml.org,2002:timestamp":
        return plainScalar(text);
      default:
        this.#report(`The tag '${node.tag}' is not known here; remove it`, node);
        return text;
    }
  }
}

const nullForm = /^(?:~|null|Null|NULL|)$/;
const boolForm = /^(?:true|True|TRUE|false|False|FALSE)$/;
const intForm = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9][0-9_]*|0x[0-9a-fA-F_]+)$/;
const floatForm =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+][0-9]+)?)$/;
const infinityForm = /^[-+]?\.(?:inf|Inf|INF)$/;
const nanForm = /^\.(?:nan|NaN|NAN)$/;
const timestampForm =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

/** The value of an unquoted scalar: YAML 1.2 as DVC's reader has it, with `1_000`, `0b11` and dates. */
export function plainScalar(text: string): Scalar {
  if (nullForm.test(text)) return null;
  if (boolForm.test(text)) return text.toLowerCase() === "true";
  if (intForm.test(text)) return wholeNumber(text);
  if (floatForm.test(text)) return Number(text.replaceAll("_", ""));
  if (infinityForm.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (nanForm.test(text)) return NaN;
  if (timestampForm.test(text)) return new Timestamp(text);
  return text;
}

function wholeNumber(text: string): Scalar {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "");
  // A leading zero alone does not make it octal.
  const literal = /^0[box]/.test(digits) ? digits : digits.replace(/^0+(?=\d)/, "");
  if (literal === "" || /^0[box]$/.test(literal)) return text;
  const number = BigInt(literal);
  return negative ? -number : number;
}
