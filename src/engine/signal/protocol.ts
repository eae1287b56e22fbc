import type { Question, Value } from "../model.ts";
import { readQuestion } from "./question.ts";

/** What training code asks for by a signal file; absent values are `null` or empty. */
export interface SignalRequest {
  /** Comes back in the answer, so that the code knows it for its own. */
  readonly id: string | null;
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  readonly metrics: { readonly [key: string]: Value };
  readonly metadata: { readonly [key: string]: Value };
  /** `stage-end` asks for a checkpoint when the stage is over, and does not want to wait. */
  readonly when: "now" | "stage-end";
  /** Whether the stage is to be run once more after it has succeeded; `null` leaves that as it is. */
  readonly again: boolean | null;
  /** A question for a person, for whose answer the code waits. */
  readonly ask: Question | null;
}

export interface ParsedSignal {
  readonly request: SignalRequest;
  /** What was wrong with the signal, for people; `null` when it was in order. */
  readonly warning: string | null;
}

/** A signal of more bytes is not read. */
export const signalLimit = 1024 * 1024;

const plainRequest: SignalRequest = {
  id: null,
  step: null,
  total: null,
  name: null,
  metrics: {},
  metadata: {},
  when: "now",
  again: null,
  ask: null,
};
const knownKeys = new Set([
  "v",
  "id",
  "step",
  "total",
  "name",
  "metrics",
  "metadata",
  "latest",
  "when",
  "again",
  "ask",
]);
const depthLimit = 40;
const nameLimit = 200;

/** What mends content that can't be read; it is often read half written. */
const remedy = "Write one JSON object under another name and rename it, or leave the file empty.";

/** A request without content, with a warning: a checkpoint is recorded even when its signal can't be understood. */
export function plainSignal(warning: string | null = null): ParsedSignal {
  return { request: plainRequest, warning };
}

/**
 * Reads the content of a signal file. Never fails: what can't be used is left out and named in the warning, since a
 * typo must not cost a checkpoint.
 */
export function parseSignal(bytes: Buffer): ParsedSignal {
  if (bytes.length > signalLimit)
    return plainSignal("The signal is larger than 1 MiB, so its content was ignored. Write less into it.");
  const text = decode(bytes);
  if (text === null)
    return plainSignal(`The signal is not UTF-8 text, so its content was ignored. ${remedy}`);
  if (text.trim() === "") return plainSignal();
  const content = parseJson(text);
  if (!content.ok)
    return plainSignal(`The signal is not JSON, so its content was ignored (${content.message}). ${remedy}`);
  if (!isRecord(content.value)) {
    return plainSignal(`The signal is JSON but not an object, so its content was ignored. ${remedy}`);
  }
  return readRequest(content.value);
}

function readRequest(content: { readonly [key: string]: unknown }): ParsedSignal {
  const problems: string[] = [];
  const read = <Type>(key: string, expected: string, check: (value: unknown) => Type | undefined) => {
    const value = content[key];
    if (value === undefined || value === null) return null;
    const checked = check(value);
    if (checked === undefined) problems.push(`"${key}" must be ${expected}`);
    return checked ?? null;
  };
  const values = (key: string) =>
    read(key, `an object of JSON values, at most ${depthLimit} deep`, (value) => asValues(value)) ?? {};

  read("v", "1", (value) => (value === 1 ? value : undefined));
  const id = read("id", `text of 1 to ${nameLimit} characters`, asName);
  const step = read("step", "a number from 0 up", (value) => asNumber(value, 0));
  const total = read("total", "a number above 0", (value) => asNumber(value, Number.MIN_VALUE));
  const name = read("name", `text of 1 to ${nameLimit} characters`, asName);
  const metrics = values("metrics");
  const metadata = values("metadata");
  const latest = read("latest", "true or false", asBoolean);
  const again = read("again", "true or false", asBoolean);
  const when = read("when", '"now" or "stage-end"', asWhen) ?? "now";
  const ask = content.ask === undefined || content.ask === null ? null : readQuestion(content.ask);
  if (ask?.ok === false) problems.push(`"ask" ${ask.problem.message}`);
  for (const key of Object.keys(content)) {
    if (!knownKeys.has(key))
      problems.push(`${JSON.stringify(key.slice(0, 40))} is not a key of the protocol`);
  }
  return {
    // A checkpoint that is not the latest is a statement about the model, which only its author can use.
    request: {
      id,
      step,
      total,
      name,
      metrics,
      metadata: latest === false ? { ...metadata, latest } : metadata,
      when,
      again,
      ask: ask?.ok ? ask.value : null,
    },
    warning:
      problems.length === 0 ? null : `Parts of the signal were ignored: ${problems.slice(0, 5).join("; ")}.`,
  };
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

type Json = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

function parseJson(text: string): Json {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // Python's json writes NaN and Infinity, and a model that has diverged is worth a checkpoint with its metrics.
    // A text that never ends counts up to the end, so that none is gone through twice.
    const quoted = text.replace(/"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    );
    if (quoted !== text) {
      const again = parseJson(quoted);
      if (again.ok) return again;
    }
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, message: message.replace(/\s+/g, " ").slice(0, 120) };
  }
}

function asNumber(value: unknown, minimum: number): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= minimum ? value : undefined;
}

function asName(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= nameLimit ? value : undefined;
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function asWhen(value: unknown): SignalRequest["when"] | undefined {
  return value === "now" || value === "stage-end" ? value : undefined;
}

function asValues(value: unknown): { readonly [key: string]: Value } | undefined {
  return isRecord(value) && isPlain(value, depthLimit) ? (value as { [key: string]: Value }) : undefined;
}

/** Not deeper than we show, and without the one key that does harm to those who copy objects carelessly. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0 || Object.hasOwn(value, "__proto__")) return false;
  return Object.values(value).every((item) => isPlain(item, depth - 1));
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
