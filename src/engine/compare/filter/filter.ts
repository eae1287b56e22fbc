import { readDuration } from "../../pipeline/duration.ts";
import { nearest } from "../../pipeline/schema.ts";
import { failure, type Result, success } from "../../result.ts";
import { matchesPattern } from "../pattern.ts";
import type { Fact, Facts } from "./facts.ts";
import { type Token, tokensOf } from "./tokens.ts";

const comparisons = ["==", "!=", "<=", ">=", "<", ">", "~"] as const;
type Comparison = (typeof comparisons)[number];

/** A filter expression that was understood, such as `status == failed and (accuracy > 0.9 or not starred)`. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "not"; readonly of: Filter }
  | { readonly kind: "has"; readonly name: string }
  | { readonly kind: "compare"; readonly name: string; readonly by: Comparison; readonly value: Fact };

/** Reads a filter expression. Reasons: `usage`, with the place of what is wrong. */
export function parseFilter(expression: string): Result<Filter> {
  const tokens = tokensOf(expression);
  if (!tokens.ok) return tokens;
  try {
    return success(new Parser(tokens.value).whole());
  } catch (error) {
    if (error instanceof Misread) return failure("usage", error.message);
    throw error;
  }
}

/** The names that a filter asks for. */
export function namesIn(filter: Filter): readonly string[] {
  if (filter.kind === "has" || filter.kind === "compare") return [filter.name];
  if (filter.kind === "not") return namesIn(filter.of);
  return [...namesIn(filter.left), ...namesIn(filter.right)];
}

/** What is wrong with a name that nothing has, for people; `null` when something has it, or there is nothing at all. */
export function unknownName(name: string, all: readonly Facts[]): string | null {
  if (all.length === 0 || all.some((facts) => facts.get(name) !== undefined)) return null;
  const near = nearest(name, [...new Set(all.flatMap(({ names }) => names))]);
  return `no experiment has a param or metric "${name}"${near === null ? "" : `; did you mean ${near}?`}`;
}

/** Whether an experiment passes a filter. What it has no value of passes no comparison but `!=`. */
export function passes(filter: Filter, facts: Facts): boolean {
  switch (filter.kind) {
    case "and":
      return passes(filter.left, facts) && passes(filter.right, facts);
    case "or":
      return passes(filter.left, facts) || passes(filter.right, facts);
    case "not":
      return !passes(filter.of, facts);
    case "has": {
      const fact = facts.get(filter.name) ?? null;
      return fact !== null && fact !== false && fact !== "";
    }
    case "compare":
      return compare(facts.get(filter.name) ?? null, filter.by, filter.value);
  }
}

function compare(fact: Fact, by: Comparison, value: Fact): boolean {
  if (by === "==") return isSame(fact, value);
  if (by === "!=") return !isSame(fact, value);
  if (fact === null) return false;
  if (by === "~") return matchesPattern(String(fact), String(value));
  if (typeof fact !== "number" || typeof value !== "number") return false;
  if (by === "<") return fact < value;
  if (by === "<=") return fact <= value;
  return by === ">" ? fact > value : fact >= value;
}

function isSame(a: Fact, b: Fact): boolean {
  return a === b || (a !== null && b !== null && String(a) === String(b));
}

/** The expression is not one. */
class Misread extends Error {}

/** `not` binds closer than `and`, and that closer than `or`. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Filter {
    const filter = this.#or();
    if (this.#token.kind !== "end") throw this.#unexpected("and, or, or the end");
    return filter;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: 1 };
  }

  #take(): Token {
    const token = this.#token;
    this.#next += 1;
    return token;
  }

  #takes(operator: string): boolean {
    const isIt = this.#token.kind === "operator" && this.#token.text === operator;
    if (isIt) this.#next += 1;
    return isIt;
  }

  #or(): Filter {
    let left = this.#and();
    while (this.#takes("or")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Filter {
    let left = this.#not();
    while (this.#takes("and")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Filter {
    return this.#takes("not") ? { kind: "not", of: this.#not() } : this.#comparison();
  }

  #comparison(): Filter {
    if (this.#takes("(")) {
      const inner = this.#or();
      if (!this.#takes(")")) throw this.#unexpected(")");
      return inner;
    }
    if (this.#token.kind !== "word" && this.#token.kind !== "text") throw this.#unexpected("a name");
    const { text: name } = this.#take();
    const by = comparisons.find((comparison) => this.#takes(comparison));
    if (by === undefined) return { kind: "has", name };
    if (this.#token.kind !== "word" && this.#token.kind !== "text") throw this.#unexpected("a value");
    const token = this.#take();
    const value = token.kind === "text" ? token.text : readValue(token.text, name);
    if (/^[<>]/.test(by) && typeof value !== "number") {
      throw new Misread(`${name} ${by} needs a number, and "${token.text}" at character ${token.at} is none`);
    }
    return { kind: "compare", name, by, value };
  }

  #unexpected(wanted: string): Misread {
    const { kind, text, at } = this.#token;
    return new Misread(
      kind === "end"
        ? `it ends where ${wanted} should follow`
        : `"${text}" at character ${at} stands where ${wanted} should be`,
    );
  }
}

function readValue(word: string, name: string): Fact {
  if (word === "true" || word === "false") return word === "true";
  if (word === "null" || word === "none") return null;
  const number = Number(word);
  if (!Number.isNaN(number)) return number;
  const duration = name === "age" ? readDuration(word) : undefined;
  return duration === undefined ? word : duration / 1000;
}
