import * as l10n from "@vscode/l10n";
import { compareCheckpoints, type ValueDifference } from "../../engine/compare/difference.ts";
import { formatNumber, formatSize, formatTime, stepLabel } from "../../engine/compare/present.ts";
import { type FlatValue, flatten } from "../../engine/compare/values.ts";
import type { Checkpoint } from "../../engine/model.ts";
import { checkpointPlace, checkpointReference } from "../labels/checkpointLabels.ts";
import { valueText } from "../labels/metricLabels.ts";
import { joined } from "../labels/rowText.ts";

/** A checkpoint as the log tells it. */
export interface LogEntry {
  readonly checkpoint: Checkpoint;
  /** The one before it in its experiment; `null` for the first. */
  readonly previous: Checkpoint | null;
  readonly isBest: boolean;
  readonly isLatest: boolean;
}

export interface ExperimentLog {
  readonly text: string;
  /** Lines, counted from 0, on which the blocks begin, in the order of the entries that are shown. */
  readonly headings: readonly number[];
}

/** Checkpoints that a log shows; older ones are in the picker and in the comparison. */
export const shownEntries = 500;

/** Values of one kind that a block names. */
const shownValues = 12;

/** Makes a document like that of `git log`: one block for each checkpoint, in the order given. */
export function logText(title: string, entries: readonly LogEntry[]): ExperimentLog {
  const lines = [oneLine(title), ""];
  const headings: number[] = [];
  for (const entry of entries.slice(0, shownEntries)) {
    headings.push(lines.length);
    lines.push(...block(entry), "");
  }
  if (entries.length === 0) lines.push(l10n.t("There is no checkpoint yet."));
  const rest = entries.length - shownEntries;
  if (rest > 0) lines.push(l10n.t("{0} older checkpoints are not listed.", formatNumber(rest)));
  return { text: `${lines.join("\n").trimEnd()}\n`, headings };
}

function block({ checkpoint, previous, isBest, isLatest }: LogEntry): readonly string[] {
  const { annotations, outs, warning, resumedFrom } = checkpoint;
  const marks = [
    isBest ? l10n.t("best") : null,
    isLatest ? l10n.t("latest") : null,
    annotations.starred ? l10n.t("starred") : null,
    ...annotations.tags,
  ].filter((mark) => mark !== null);
  const isNewRun = previous?.run !== checkpoint.run;
  const facts: readonly (readonly [string, string])[] = [
    [l10n.t("Step"), joined(placeOf(checkpoint), checkpoint.stage)],
    [l10n.t("Date"), `${formatTime(checkpoint.createdAt)} UTC`],
    [
      l10n.t("From"),
      isNewRun && resumedFrom !== null ? `${resumedFrom.experiment}@${resumedFrom.sequence}` : "",
    ],
    [l10n.t("Metrics"), metricsOf(checkpoint, previous)],
    [l10n.t("Params"), paramsOf(checkpoint, previous)],
    [
      l10n.t("Outputs"),
      listed(outs.map(({ path, size }) => (size === null ? path : `${path} ${formatSize(size)}`))),
    ],
    [l10n.t("Note"), annotations.note ?? ""],
    [l10n.t("Warning"), warning ?? ""],
  ];
  const heading = `checkpoint ${checkpointReference(checkpoint)}`;
  return [
    oneLine(marks.length === 0 ? heading : `${heading} (${marks.join(", ")})`),
    ...facts
      .filter(([, text]) => text !== "")
      .map(([name, text]) => `    ${`${name}:`.padEnd(9)} ${oneLine(text)}`),
  ];
}

/** With the total, for which a tree row has no room: `step 8/40`. */
function placeOf(checkpoint: Checkpoint): string {
  return checkpoint.kind === "stage-end" ? checkpointPlace(checkpoint) : stepLabel(checkpoint);
}

/** The values, each with how it changed since the checkpoint before. */
function metricsOf(checkpoint: Checkpoint, previous: Checkpoint | null): string {
  const changes = new Map<string, ValueDifference>();
  if (previous !== null)
    for (const one of compareCheckpoints(previous, checkpoint).metrics) changes.set(keyOf(one), one);
  const texts = flatten(checkpoint.metrics).map((value) => {
    const text = `${value.key} ${valueText(value.value)}`;
    const change = changes.get(keyOf(value));
    return change?.change ? `${text} (${changeText(change.change, change.verdict)})` : text;
  });
  return listed(texts);
}

/** All parameters of the first checkpoint of an experiment; of the others those that are other than before. */
function paramsOf(checkpoint: Checkpoint, previous: Checkpoint | null): string {
  if (previous === null)
    return listed(flatten(checkpoint.params).map(({ key, value }) => `${key} ${valueText(value)}`));
  const absent = l10n.t("none");
  return listed(
    compareCheckpoints(previous, checkpoint).params.map(({ key, before, after }) => {
      const [old, young] = [before, after].map((value) => (value === undefined ? absent : valueText(value)));
      return `${key} ${old} → ${young}`;
    }),
  );
}

function changeText(change: number, verdict: ValueDifference["verdict"]): string {
  // The plain sign: editors put a frame around a minus that looks like another one.
  const number = `${change > 0 ? "+" : "-"}${formatNumber(Math.abs(change))}`;
  if (verdict === null) return number;
  return `${number} ${verdict === "better" ? l10n.t("better") : l10n.t("worse")}`;
}

function keyOf({ file, key }: Pick<FlatValue, "file" | "key">): string {
  return JSON.stringify([file, key]);
}

function listed(texts: readonly string[]): string {
  const rest = texts.length - shownValues;
  const shown = texts.slice(0, shownValues).join(", ");
  return rest > 0 ? l10n.t("{0} and {1} more", shown, rest) : shown;
}

/** Values and names come from files: one that has line breaks must not look like a block of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trimEnd();
}
