/**
 * The messages between the comparison panel's page and its host in the editor. Both sides share this file;
 * neither trusts the other: what arrives is `unknown` until a guard has read it.
 *
 * The page says `ready` first and gets one snapshot. From then on the host sends single changes, each with the next
 * revision; a page that misses one says `resync` and gets a snapshot again. A hidden page gets nothing.
 */

/** Raised when a message changes its meaning; the two sides only talk when they have the same. */
export const protocolVersion = 2;

/** Experiments and checkpoints that one comparison can hold. */
export const maximumRows = 50;

/** What a person selected: a checkpoint, or with `sequence: null` an experiment, which means its last checkpoint. */
export interface Reference {
  /** Root of the project, absolute. */
  readonly root: string;
  readonly experiment: string;
  readonly sequence: number | null;
}

/** A value of a params or metrics file; lists and numbers that JSON cannot hold come as text. */
export type Cell = string | number | boolean | null;

/** Values by file, then by dotted key: `{"params.yaml": {"train.lr": 0.1}}`. */
export type CellsByFile = { readonly [file: string]: { readonly [key: string]: Cell } };

export type Goal = "maximize" | "minimize";

/** One selected experiment or checkpoint. */
export interface ComparedRow {
  /** {@link referenceKey} of the reference. */
  readonly key: string;
  readonly reference: Reference;
  /** Key of the {@link MetricLine} that it lies on. */
  readonly line: string;
  /** The checkpoint's own place, also when the whole experiment is selected. */
  readonly sequence: number;
  readonly step: number | null;
  readonly total: number | null;
  /** Name that the training code gave to the checkpoint. */
  readonly name: string | null;
  readonly stage: string | null;
  /** `running`, `succeeded` and so on; the word is shown as it is when the page does not know it. */
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** `amber-heron@20` when the experiment was forked or resumed from another line. */
  readonly origin: string | null;
  readonly starred: boolean;
  readonly thinned: boolean;
  readonly params: CellsByFile;
  readonly metrics: CellsByFile;
}

/** How a metric went on at a place where training was resumed. */
export interface LineSeam {
  /** Of the first checkpoint after it. */
  readonly sequence: number;
  readonly file: string;
  readonly key: string;
  /** Whether it jumped, and not for the better: worth a mark. */
  readonly isJump: boolean;
  /** For people: `loss jumped by 38 % after amber-heron@20`. */
  readonly text: string;
}

/** The metrics of one experiment over its checkpoints, as columns of equal length, oldest first. */
export interface MetricLine {
  readonly key: string;
  readonly root: string;
  readonly experiment: string;
  /** Decides colour and dash; an experiment keeps it as long as it stays in the comparison. */
  readonly slot: number;
  /** How many of the first points belong to the line that it was forked from. */
  readonly inherited: number;
  readonly seams: readonly LineSeam[];
  readonly sequences: readonly number[];
  readonly steps: readonly (number | null)[];
  /** Milliseconds since the epoch. */
  readonly times: readonly number[];
  /** Milliseconds of training up to the point: pauses between runs are left out. */
  readonly elapsed: readonly number[];
  /** By file, then by dotted key; `null` where a checkpoint has no such number. */
  readonly metrics: { readonly [file: string]: { readonly [key: string]: readonly (number | null)[] } };
}

/** One point that is added at the end of a line. */
export interface LinePoint {
  readonly sequence: number;
  readonly step: number | null;
  readonly time: number;
  readonly elapsed: number;
  readonly metrics: { readonly [file: string]: { readonly [key: string]: number } };
}

/** A selected reference that nothing can be shown for, and why; for people. */
export interface MissingReference {
  readonly key: string;
  readonly label: string;
  readonly reason: string;
}

export interface Snapshot {
  readonly kind: "snapshot";
  readonly protocol: number;
  readonly revision: number;
  /** All that is selected, in order; the page persists it so that the panel can be restored. */
  readonly selection: readonly Reference[];
  readonly rows: readonly ComparedRow[];
  readonly lines: readonly MetricLine[];
  readonly missing: readonly MissingReference[];
  /** Which way is better, by file and key of the metric. A metric that is not named has no direction. */
  readonly goals: { readonly [file: string]: { readonly [key: string]: Goal } };
  /** Whether the host still reads the store. */
  readonly loading: boolean;
  /** Whether the references are of more than one project, so that names need the project's name beside them. */
  readonly severalProjects: boolean;
}

/** A checkpoint was recorded in a shown experiment. */
export interface Append {
  readonly kind: "append";
  readonly revision: number;
  readonly line: string;
  readonly point: LinePoint;
  /** All seams of the line, as they are now. */
  readonly seams: readonly LineSeam[];
  /** Rows that show the last checkpoint of that experiment, as they are now. */
  readonly rows: readonly ComparedRow[];
  /** Directions of metrics that were not seen before. */
  readonly goals: Snapshot["goals"];
}

/** Rows changed without a new checkpoint: a run ended, a star was given. */
export interface RowsChanged {
  readonly kind: "rows";
  readonly revision: number;
  readonly rows: readonly ComparedRow[];
}

export type HostMessage = Snapshot | Append | RowsChanged;

const checkpointActions = ["resume", "fork", "rewind", "apply", "reveal"] as const;
export type CheckpointAction = (typeof checkpointActions)[number];

export type PageMessage =
  | { readonly kind: "ready"; readonly protocol: number }
  | { readonly kind: "resync" }
  /** A verb for one checkpoint of a shown line. */
  | {
      readonly kind: "act";
      readonly action: CheckpointAction;
      readonly line: string;
      readonly sequence: number;
    }
  /** Ask the person for more experiments or checkpoints. */
  | { readonly kind: "add" }
  /** Take rows, or missing references, out of the comparison. */
  | { readonly kind: "dismiss"; readonly keys: readonly string[] }
  | { readonly kind: "copy"; readonly text: string };

/** Longest text that the page may put on the clipboard, in UTF-16 units. */
export const maximumCopyLength = 5_000_000;

/** Identifies a reference within a comparison. */
export function referenceKey(reference: Reference): string {
  return JSON.stringify([reference.root, reference.experiment, reference.sequence]);
}

/** Identifies an experiment within a comparison. */
export function lineKey(root: string, experiment: string): string {
  return JSON.stringify([root, experiment]);
}

/** `amber-heron@12`, or `amber-heron` for a whole experiment. */
export function referenceLabel(reference: Pick<Reference, "experiment" | "sequence">): string {
  return reference.sequence === null ? reference.experiment : `${reference.experiment}@${reference.sequence}`;
}

/** Reads a message of the page; `null` when it is not one. */
export function parsePageMessage(data: unknown): PageMessage | null {
  if (!isRecord(data)) return null;
  switch (data.kind) {
    case "ready":
      return isCount(data.protocol) ? { kind: "ready", protocol: data.protocol } : null;
    case "resync":
      return { kind: "resync" };
    case "add":
      return { kind: "add" };
    case "act": {
      const { line, sequence } = data;
      const action = checkpointActions.find((known) => known === data.action);
      if (action === undefined || typeof line !== "string" || !isCount(sequence)) return null;
      return { kind: "act", action, line, sequence };
    }
    case "dismiss": {
      const { keys } = data;
      const valid = isListOf(keys, isText) && keys.length <= 2 * maximumRows;
      return valid ? { kind: "dismiss", keys } : null;
    }
    case "copy": {
      const { text } = data;
      return isText(text) && text.length <= maximumCopyLength ? { kind: "copy", text } : null;
    }
    default:
      return null;
  }
}

/** Reads a message of the host; `null` when it is not one, or one of another protocol version. */
export function parseHostMessage(data: unknown): HostMessage | null {
  if (!isRecord(data) || !isCount(data.revision)) return null;
  if (typeof data.kind !== "string" || !Object.hasOwn(hostShapes, data.kind)) return null;
  const isShape = hostShapes[data.kind as HostMessage["kind"]];
  // The guard has looked at each field that the type names.
  return isShape(data) ? (data as unknown as HostMessage) : null;
}

/** Reads references that were kept over a reload; entries that are none are left out. */
export function parseReferences(data: unknown): readonly Reference[] {
  if (!Array.isArray(data)) return [];
  return data.filter(isReference).slice(0, maximumRows);
}

function isReference(data: unknown): data is Reference {
  return (
    isRecord(data) &&
    isText(data.root) &&
    isText(data.experiment) &&
    (data.sequence === null || isCount(data.sequence))
  );
}

const hostShapes: { readonly [kind in HostMessage["kind"]]: (data: UnknownRecord) => boolean } = {
  snapshot: (data) =>
    data.protocol === protocolVersion &&
    isListOf(data.selection, isReference) &&
    isListOf(data.rows, isRow) &&
    isListOf(data.lines, isLine) &&
    isListOf(data.missing, isMissing) &&
    isTable(data.goals, isGoal) &&
    typeof data.loading === "boolean" &&
    typeof data.severalProjects === "boolean",
  append: (data) =>
    isText(data.line) &&
    isPoint(data.point) &&
    isListOf(data.seams, isSeam) &&
    isListOf(data.rows, isRow) &&
    isTable(data.goals, isGoal),
  rows: (data) => isListOf(data.rows, isRow),
};

function isRow(data: unknown): data is ComparedRow {
  return (
    isRecord(data) &&
    isText(data.key) &&
    isReference(data.reference) &&
    isText(data.line) &&
    isCount(data.sequence) &&
    isNumberOrNull(data.step) &&
    isNumberOrNull(data.total) &&
    isTextOrNull(data.name) &&
    isTextOrNull(data.stage) &&
    isText(data.status) &&
    isNumber(data.createdAt) &&
    isTextOrNull(data.origin) &&
    typeof data.starred === "boolean" &&
    typeof data.thinned === "boolean" &&
    isTable(data.params, isCell) &&
    isTable(data.metrics, isCell)
  );
}

function isLine(data: unknown): data is MetricLine {
  if (!isRecord(data) || !isListOf(data.sequences, isNumber)) return false;
  const { length } = data.sequences;
  return (
    isText(data.key) &&
    isText(data.root) &&
    isText(data.experiment) &&
    isCount(data.slot) &&
    isCount(data.inherited) &&
    isListOf(data.seams, isSeam) &&
    isListOf(data.steps, isNumberOrNull, length) &&
    isListOf(data.times, isNumber, length) &&
    isListOf(data.elapsed, isNumber, length) &&
    isTable(data.metrics, (column): column is (number | null)[] => isListOf(column, isNumberOrNull, length))
  );
}

function isSeam(data: unknown): data is LineSeam {
  return (
    isRecord(data) &&
    isCount(data.sequence) &&
    isText(data.file) &&
    isText(data.key) &&
    typeof data.isJump === "boolean" &&
    isText(data.text)
  );
}

function isPoint(data: unknown): data is LinePoint {
  return (
    isRecord(data) &&
    isCount(data.sequence) &&
    isNumberOrNull(data.step) &&
    isNumber(data.time) &&
    isNumber(data.elapsed) &&
    isTable(data.metrics, isNumber)
  );
}

function isMissing(data: unknown): data is MissingReference {
  return isRecord(data) && isText(data.key) && isText(data.label) && isText(data.reason);
}

type UnknownRecord = { readonly [key: string]: unknown };

function isRecord(data: unknown): data is UnknownRecord {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function isTable<Entry>(data: unknown, isEntry: (entry: unknown) => entry is Entry): boolean {
  return (
    isRecord(data) &&
    Object.values(data).every(
      (file) => isRecord(file) && Object.values(file).every((entry) => isEntry(entry)),
    )
  );
}

function isListOf<Entry>(
  data: unknown,
  isEntry: (entry: unknown) => entry is Entry,
  length?: number,
): data is Entry[] {
  return Array.isArray(data) && (length === undefined || data.length === length) && data.every(isEntry);
}

function isText(data: unknown): data is string {
  return typeof data === "string";
}

function isTextOrNull(data: unknown): data is string | null {
  return data === null || isText(data);
}

function isNumber(data: unknown): data is number {
  return typeof data === "number" && Number.isFinite(data);
}

function isNumberOrNull(data: unknown): data is number | null {
  return data === null || isNumber(data);
}

/** A whole number from 0 on. */
function isCount(data: unknown): data is number {
  return Number.isSafeInteger(data) && (data as number) >= 0;
}

function isCell(data: unknown): data is Cell {
  return data === null || isText(data) || isNumber(data) || typeof data === "boolean";
}

function isGoal(data: unknown): data is Goal {
  return data === "maximize" || data === "minimize";
}
