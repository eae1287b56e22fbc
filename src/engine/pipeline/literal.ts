import type { Data, Scalar } from "./data.ts";

/** A value in a text, with its place; `entries` are those of a mapping that stands there as such. */
export interface Literal {
  readonly value: Data;
  readonly start: number;
  readonly end: number;
  readonly entries: ReadonlyMap<Scalar, Literal> | null;
}

export type LiteralSyntax = "json" | "python";

/** The text is not a literal of the kind asked for: an expression in Python, a mistake in JSON. */
export class LiteralError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const deepestNesting = 200;
const constants: { readonly [syntax in LiteralSyntax]: ReadonlyMap<string, Scalar> } = {
  json: new Map<string, Scalar>([
    ["true", true],
    ["false", false],
    ["null", null],
    // What Python's json module writes for them.
    ["NaN", NaN],
    ["Infinity", Infinity],
  ]),
  python: new Map<string, Scalar>([
    ["True", true],
    ["False", false],
    ["None", null],
  ]),
};
const pythonInteger =
  /(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:0(?:_?0)*|[1-9](?:_?\d)*)(?![\d.eEjJ_]))/y;
const pythonFloat =
  /(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*|\d(?:_?\d)*(?=[eE]))(?:[eE][-+]?\d(?:_?\d)*)?/y;
const jsonNumber = /(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const simpleEscapes: { readonly [letter: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  a: "\x07",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "/": "/",
};

/** Reads one literal of JSON or of Python (what `ast.literal_eval` takes) that fills a stretch of a text. */
export class LiteralReader {
  readonly #text: string;
  readonly #syntax: LiteralSyntax;
  #at: number;

  constructor(text: string, syntax: LiteralSyntax, start = 0) {
    this.#text = text;
    this.#syntax = syntax;
    this.#at = start;
  }

  /** The literal that stands there and nothing else up to the end. Throws {@link LiteralError}. */
  readAll(): Literal {
    this.#skipBlank();
    const start = this.#at;
    const first = this.#value(0);
    this.#skipBlank();
    if (this.#syntax === "python" && this.#text[this.#at] === ",") {
      // A tuple without parentheses.
      const items = [first.value];
      let end = this.#at;
      while (this.#take(",")) {
        end = this.#at;
        this.#skipBlank();
        if (this.#at >= this.#text.length) break;
        const next = this.#value(0);
        items.push(next.value);
        end = next.end;
        this.#skipBlank();
      }
      this.#expectEnd();
      return { value: items, start, end, entries: null };
    }
    this.#expectEnd();
    return first;
  }

  #expectEnd(): void {
    if (this.#at < this.#text.length) this.#fail("there is more after the value");
  }

  #value(depth: number): Literal {
    if (depth > deepestNesting) this.#fail("it nests too deeply");
    this.#skipBlank();
    const start = this.#at;
    const character = this.#text[start] ?? "";
    if (character === "{") return this.#braces(depth);
    if (character === "[") return this.#items("[", "]", depth);
    if (character === "(" && this.#syntax === "python") return this.#items("(", ")", depth);
    if (character === "-" || (character === "+" && this.#syntax === "python")) {
      return this.#leaf(this.#signed(), start);
    }
    if (/[\d.]/.test(character)) return this.#leaf(this.#number(), start);
    if (character === '"' || this.#atPythonText()) return this.#leaf(this.#texts(), start);
    return this.#leaf(this.#word(), start);
  }

  #signed(): Scalar {
    const isNegative = this.#text[this.#at] === "-";
    this.#at++;
    if (this.#syntax === "python") this.#skipBlank();
    const number = this.#text[this.#at] === "I" ? this.#word() : this.#number();
    if (typeof number !== "number" && typeof number !== "bigint") this.#fail("a number is expected here");
    return isNegative ? -number : number;
  }

  #leaf(value: Scalar, start: number): Literal {
    return { value, start, end: this.#at, entries: null };
  }

  #braces(depth: number): Literal {
    const start = this.#at;
    this.#take("{");
    const entries = new Map<Scalar, Literal>();
    const items: Data[] = [];
    this.#skipBlank();
    while (!this.#take("}")) {
      const key = this.#value(depth + 1);
      this.#skipBlank();
      if (this.#take(":")) {
        if (key.value !== null && typeof key.value === "object")
          this.#fail("a key can't be a list or a mapping");
        entries.set(key.value as Scalar, this.#value(depth + 1));
      } else if (this.#syntax === "python") items.push(key.value);
      else this.#fail("':' is expected here");
      if (!this.#separator("}")) break;
    }
    if (items.length > 0 && entries.size > 0) this.#fail("keys and plain values are mixed");
    if (items.length > 0) return { value: items, start, end: this.#at, entries: null };
    const value = new Map([...entries].map(([key, entry]): [Scalar, Data] => [key, entry.value]));
    return { value, start, end: this.#at, entries };
  }

  #items(open: string, close: string, depth: number): Literal {
    const start = this.#at;
    this.#take(open);
    const items: Data[] = [];
    let commas = 0;
    let only: Literal | null = null;
    this.#skipBlank();
    while (!this.#take(close)) {
      only = this.#value(depth + 1);
      items.push(only.value);
      const before = this.#at;
      const more = this.#separator(close);
      if (this.#text.slice(before, this.#at).includes(",")) commas++;
      if (!more) break;
    }
    // Parentheses around one value without a comma mean nothing.
    if (open === "(" && items.length === 1 && commas === 0 && only) return { ...only, start, end: this.#at };
    return { value: items, start, end: this.#at, entries: null };
  }

  /** Whether another item follows; takes the closing bracket when none does. */
  #separator(close: string): boolean {
    this.#skipBlank();
    if (this.#take(close)) return false;
    if (!this.#take(",")) this.#fail(`',' or '${close}' is expected here`);
    this.#skipBlank();
    if (this.#text[this.#at] !== close) return true;
    if (this.#syntax === "json") this.#fail("a value is expected after ','");
    this.#take(close);
    return false;
  }

  #number(): Scalar {
    if (this.#syntax === "json") {
      const match = this.#match(jsonNumber);
      if (!match) this.#fail("a value is expected here");
      return match[1] || match[2] ? Number(match[0]) : BigInt(match[0]);
    }
    const whole = this.#match(pythonInteger);
    if (whole)
      return BigInt(
        whole[0]
          .replaceAll("_", "")
          .toLowerCase()
          .replace(/^0+(?=\d)/, ""),
      );
    const float = this.#match(pythonFloat);
    if (!float) this.#fail("a value is expected here");
    return Number(float[0].replaceAll("_", ""));
  }

  #word(): Scalar {
    const word = this.#match(/[A-Za-z_]\w*/y)?.[0];
    const constant = word === undefined ? undefined : constants[this.#syntax].get(word);
    if (constant === undefined)
      this.#fail(word ? `'${word}' is not a plain value` : "a value is expected here");
    return constant;
  }

  #atPythonText(): boolean {
    if (this.#syntax !== "python") return false;
    return /(?:[rRuUbB]|[rR][bB]|[bB][rR])?['"]/y.test(this.#text.slice(this.#at, this.#at + 3));
  }

  /** Python joins texts that stand side by side. */
  #texts(): string {
    if (this.#syntax === "json") return this.#quoted(false, ['"']);
    let result = "";
    for (;;) {
      const prefix = this.#match(/[rRuUbB]{0,2}(?=['"])/y)?.[0] ?? "";
      if (/[bB]/.test(prefix)) this.#fail("bytes are not a parameter value");
      result += this.#quoted(/[rR]/.test(prefix), ['"""', "'''", '"', "'"]);
      const after = this.#at;
      this.#skipBlank();
      if (!this.#atPythonText()) {
        this.#at = after;
        return result;
      }
    }
  }

  #quoted(raw: boolean, quotes: readonly string[]): string {
    const quote = quotes.find((candidate) => this.#text.startsWith(candidate, this.#at));
    if (!quote) this.#fail("a quoted text is expected here");
    const start = this.#at;
    this.#at += quote.length;
    let result = "";
    while (!this.#text.startsWith(quote, this.#at)) {
      const character = this.#text[this.#at];
      if (character === undefined || (character === "\n" && quote.length === 1)) {
        this.#at = start;
        this.#fail("the quoted text has no end");
      }
      if (this.#syntax === "json" && character < " ") this.#fail("a control character must be escaped");
      if (character !== "\\") {
        result += character;
        this.#at++;
      } else if (raw) {
        result += this.#text.slice(this.#at, this.#at + 2);
        this.#at += 2;
      } else result += this.#escape();
    }
    this.#at += quote.length;
    return result;
  }

  #escape(): string {
    const numeric = this.#match(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2}))/y);
    if (numeric) {
      const code = Number.parseInt(numeric[1] ?? numeric[2] ?? numeric[3] ?? "", 16);
      if (code > 0x10ffff) this.#fail("there is no such character");
      // Halves of a surrogate pair find each other, as both are UTF-16.
      return numeric[1] ? String.fromCharCode(code) : String.fromCodePoint(code);
    }
    const letter = this.#text[this.#at + 1] ?? "";
    const simple = simpleEscapes[letter];
    const python = this.#syntax === "python";
    if (!python && (simple === undefined || "av'".includes(letter))) this.#fail("the escape is not known");
    const octal = python ? this.#match(/\\([0-7]{1,3})/y) : null;
    if (octal) return String.fromCharCode(Number.parseInt(octal[1] ?? "0", 8));
    this.#at += 2;
    if (python && letter === "\n") return "";
    if (python && letter === "/") return "\\/";
    return simple ?? `\\${letter}`;
  }

  #match(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at;
    const match = form.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipBlank(): void {
    this.#match(this.#syntax === "json" ? /[ \t\r\n]*/y : /(?:[ \t\r\n\f]|\\\r?\n|#[^\n]*)*/y);
  }

  #fail(message: string): never {
    throw new LiteralError(message, Math.min(this.#at, this.#text.length));
  }
}
