import { compactEnvironment, parseEnvironment } from "../environment/environment.ts";
import type { Environment } from "../model.ts";
import {
  type CheckpointKind,
  type Origin,
  type OutputRecord,
  type PipelineProgress,
  type Question,
  signalMetricsFile,
  type Value,
  type ValuesByFile,
} from "../model.ts";
import type { Project } from "../project.ts";
import { readQuestion } from "../signal/question.ts";
import { isOutputPath } from "./directoryObject.ts";
import { parseProgress } from "./pipelineProgress.ts";

/**
 * The message of a checkpoint's commit. A line for people, then trailers that `git interpret-trailers` reads too.
 * Everything about a checkpoint that does not stand in its tree is here, and a copy of its values, so that listing
 * thousands of checkpoints reads commits only.
 */
export interface CheckpointMessage {
  readonly experiment: string;
  readonly sequence: number;
  /** The project's prefix, as {@link Project} has it, where it is said: a repository may hold several. */
  readonly project?: string;
  readonly kind: Exclude<CheckpointKind, "foreign">;
  readonly run: string | null;
  readonly stage: string | null;
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  /** Milliseconds since the epoch; Git's own dates have whole seconds only. */
  readonly createdAt: number | null;
  readonly resumedFrom: Origin | null;
  readonly metadata: { readonly [key: string]: Value };
  readonly warning: string | null;
  readonly question?: Question | null;
  readonly progress?: PipelineProgress | null;
  readonly environment?: Environment;
  /** `null` when they were too large for a message: the tree has them. */
  readonly values: CheckpointValues | null;
  /** Set by {@link parseMessage} when `values` is `null`: the metrics of the signal, which stand in no file. */
  readonly signalMetrics?: { readonly [key: string]: Value };
}

/** What listing shows of a checkpoint's tree. */
export interface CheckpointValues {
  readonly metrics: ValuesByFile;
  readonly params: ValuesByFile;
  readonly outs: readonly OutputRecord[];
}

/** Bytes above which the values are left out of the message. */
const valuesLimit = 32 * 1024;

/** Levels of nesting in JSON: deeper data overflows the stack of whoever walks through it. */
const deepest = 100;

const kinds = ["signal", "stage-end", "watch", "manual", "interval"] as const;

/**
 * The text for `git commit-tree`. Text of any kind is safe in every field: what would break a line is written as a
 * JSON string. NaN and infinities in values become the strings `NaN`, `Infinity` and `-Infinity`.
 */
export function formatMessage(message: CheckpointMessage): string {
  const values = message.values && encodeValues(message.values);
  const signalMetrics = message.values?.metrics[signalMetricsFile];
  const trailers: [string, string | null][] = [
    ["Version", "1"],
    ["Experiment", encodeText(message.experiment)],
    ["Sequence", String(message.sequence)],
    ["Project", message.project === undefined ? null : encodeText(message.project || "./")],
    ["Kind", message.kind],
    ["Run", encodeOptional(message.run)],
    ["Stage", encodeOptional(message.stage)],
    ["Step", encodeNumber(message.step)],
    ["Total", encodeNumber(message.total)],
    ["Name", encodeOptional(message.name)],
    ["Time", encodeTime(message.createdAt)],
    ["Resumed-From", message.resumedFrom && encodeText(formatOrigin(message.resumedFrom))],
    ["Metadata", Object.keys(message.metadata).length > 0 ? encodeJson(message.metadata) : null],
    ["Warning", encodeOptional(message.warning)],
    ["Question", message.question ? encodeJson(message.question) : null],
    ["Progress", message.progress ? encodeJson(message.progress) : null],
    ["Environment", encodeEnvironment(message.environment)],
    ["Values", values],
    ["Signal-Metrics", values === null && signalMetrics !== undefined ? encodeJson(signalMetrics) : null],
  ];
  const lines = trailers.flatMap(([key, value]) => (value === null ? [] : [`Savepoint-${key}: ${value}\n`]));
  return `${subject(message)}\n\n${lines.join("")}`;
}

/** Reads a commit's message. `null` when Savepoint did not write it. Fields that make no sense are taken as absent. */
export function parseMessage(text: string): CheckpointMessage | null {
  const trailers = readTrailers(text);
  if (!/^[1-9]\d{0,5}$/.test(trailers.get("Version") ?? "")) return null;
  const textOf = (key: string) => decodeText(trailers.get(key));
  const experiment = textOf("Experiment");
  const sequence = numberOf(trailers.get("Sequence"));
  if (!experiment || sequence === null || !Number.isSafeInteger(sequence) || sequence < 1) return null;
  const kind = trailers.get("Kind");
  const project = textOf("Project");
  const time = Date.parse(trailers.get("Time") ?? "");
  const values = parseValues(trailers.get("Values"));
  const signalMetrics = values === null ? asRecord(parseJson(trailers.get("Signal-Metrics"))) : null;
  return {
    experiment,
    sequence,
    ...(project === null ? {} : { project: project === "./" ? "" : project }),
    // A kind that only a later version knows is still a checkpoint that somebody asked for.
    kind: kinds.find((known) => known === kind) ?? "signal",
    run: textOf("Run"),
    stage: textOf("Stage"),
    step: numberOf(trailers.get("Step")),
    total: numberOf(trailers.get("Total")),
    name: textOf("Name"),
    createdAt: Number.isNaN(time) ? null : time,
    resumedFrom: parseOrigin(textOf("Resumed-From")),
    metadata: asRecord(parseJson(trailers.get("Metadata"))) ?? {},
    warning: textOf("Warning"),
    ...(trailers.has("Progress") ? { progress: parseProgress(parseJson(trailers.get("Progress"))) } : {}),
    ...(trailers.has("Question") ? { question: parseQuestion(trailers.get("Question")) } : {}),
    ...environmentIn(trailers.get("Environment")),
    values,
    ...(signalMetrics === null ? {} : { signalMetrics }),
  };
}

function subject(message: CheckpointMessage): string {
  const step = message.step === null ? (message.name ?? "") : `step ${message.step}`;
  const words = `savepoint: ${message.experiment}@${message.sequence} ${message.stage ?? ""} ${step}`;
  const line = words.replace(/[\p{C}\p{Z}]+/gu, " ").trim();
  return [...line].slice(0, 120).join("");
}

/** The last paragraph's `Savepoint-…` lines by the rest of their key; the first of each key counts. */
function readTrailers(text: string): ReadonlyMap<string, string> {
  const trimmed = text.trimEnd();
  const trailers = new Map<string, string>();
  for (const line of trimmed.slice(trimmed.lastIndexOf("\n\n") + 1).split("\n")) {
    if (!line.startsWith("Savepoint-")) continue;
    const colon = line.indexOf(": ");
    if (colon < 0) continue;
    const key = line.slice("Savepoint-".length, colon);
    if (!trailers.has(key)) trailers.set(key, line.slice(colon + 2));
  }
  return trailers;
}

function encodeText(text: string): string {
  const isPlain = text === text.trim() && /^[^"\p{C}\p{Zl}\p{Zp}][^\p{C}\p{Zl}\p{Zp}]*$/u.test(text);
  return isPlain ? text : encodeJson(text);
}

function encodeOptional(text: string | null): string | null {
  return text === null ? null : encodeText(text);
}

function decodeText(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  if (!text.startsWith('"')) return text;
  const value = parseJson(text);
  return typeof value === "string" ? value : null;
}

function encodeNumber(value: number | null): string | null {
  return value === null || !Number.isFinite(value) ? null : String(value);
}

function encodeTime(milliseconds: number | null): string | null {
  if (milliseconds === null) return null;
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || !/^-?\d/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** JSON on one line, with the escapes that keep every reader's idea of a line the same. */
function encodeJson(value: unknown): string {
  return JSON.stringify(plain(value, 0)).replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A copy that JSON has words for; what is nested too deep becomes `…`. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return "…";
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isWithin(value, deepest) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isWithin(item, levels - 1));
}

function encodeEnvironment(environment: Environment | undefined): string | null {
  const text = environment === undefined ? null : encodeJson(compactEnvironment(environment));
  return text !== null && Buffer.byteLength(text) <= valuesLimit ? text : null;
}

/** Environments by their text: most runs have one of a few, and each is some kilobytes. */
const environments = new Map<string, Environment | null>();
const rememberedEnvironments = 50;

function environmentIn(text: string | undefined): { readonly environment?: Environment } {
  if (text === undefined) return {};
  const known = environments.get(text);
  const environment = known === undefined ? parseEnvironment(parseJson(text)) : known;
  if (environments.size >= rememberedEnvironments) environments.clear();
  environments.set(text, environment);
  return environment === null ? {} : { environment };
}

function parseQuestion(text: string | undefined): Question | null {
  const read = readQuestion(parseJson(text));
  return read.ok ? read.value : null;
}

function formatOrigin(origin: Origin): string {
  return `${origin.experiment}@${origin.sequence} ${origin.sha}`;
}

function parseOrigin(text: string | null): Origin | null {
  const match = /^(.+)@(\d{1,15}) ([0-9a-f]{40}|[0-9a-f]{64})$/s.exec(text ?? "");
  const [, experiment, sequence, sha] = match ?? [];
  if (experiment === undefined || sequence === undefined || sha === undefined) return null;
  return { experiment, sequence: Number(sequence), sha };
}

/** Defaults are left out of the outputs: they are most of their text. */
function encodeValues(values: CheckpointValues): string | null {
  const outs = values.outs.map((out) => ({
    path: out.path,
    ...(out.hash === "" ? {} : { hash: out.hash }),
    ...(out.size === null ? {} : { size: out.size }),
    ...(out.fileCount === null ? {} : { fileCount: out.fileCount }),
    ...(out.isExecutable ? { isExecutable: true } : {}),
    ...(out.cached ? {} : { cached: false }),
    ...(out.legacy ? { legacy: true } : {}),
  }));
  const text = encodeJson({ metrics: values.metrics, params: values.params, outs });
  return Buffer.byteLength(text) > valuesLimit ? null : text;
}

function parseValues(text: string | undefined): CheckpointValues | null {
  const values = asRecord(parseJson(text));
  if (values === null) return null;
  const metrics = valuesByFile(values.metrics);
  const params = valuesByFile(values.params);
  const outs = Array.isArray(values.outs) ? values.outs.map(parseOutput) : null;
  if (metrics === null || params === null || outs === null) return null;
  return { metrics, params, outs: outs.filter((out) => out !== null) };
}

function valuesByFile(value: unknown): ValuesByFile | null {
  const files = asRecord(value);
  return files !== null && Object.values(files).every((values) => asRecord(values) !== null)
    ? (files as ValuesByFile)
    : null;
}

function parseOutput(value: unknown): OutputRecord | null {
  const out = asRecord(value);
  const path = out?.path;
  // A path that leads out of the project, or into what runs programs, must never reach what restores it.
  if (out === null || typeof path !== "string" || !isOutputPath(path)) return null;
  const { hash, size, fileCount } = out;
  return {
    path,
    hash: typeof hash === "string" && /^[0-9a-f]{32}(\.dir)?$/.test(hash) ? hash : "",
    size: typeof size === "number" ? size : null,
    fileCount: typeof fileCount === "number" ? fileCount : null,
    isExecutable: out.isExecutable === true,
    cached: out.cached !== false,
    legacy: out.legacy === true,
  };
}

function asRecord(value: unknown): { readonly [key: string]: Value } | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Value })
    : null;
}
