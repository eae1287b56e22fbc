import * as l10n from "@vscode/l10n";
import { jumpOf, type LineSeam, seamText } from "../../engine/compare/lineSeams.ts";
import { formatSize, relativeTime, shortAge, stepLabel } from "../../engine/compare/present.ts";
import { flatten } from "../../engine/compare/values.ts";
import { type Drift, driftText } from "../../engine/environment/drift.ts";
import { environmentSummary } from "../../engine/environment/environment.ts";
import type { Answer, Checkpoint } from "../../engine/model.ts";
import { metricTexts, valueText } from "./metricLabels.ts";
import { givenText, onOneLine } from "./questionLabels.ts";
import { escapeMarkdown, joined, type RowText } from "./rowText.ts";
import { stageName } from "./runLabels.ts";
import { jumpMark, seamFact } from "./seamLabels.ts";

/** Marks of a checkpoint among the others of its experiment. */
export interface CheckpointMarks {
  readonly isBest: boolean;
  readonly isLatest: boolean;
  /** The metric that decides which is the best: `key` or `file:key`. */
  readonly metric: string | null;
  /** Set for the first checkpoint after a resume: how training went on. */
  readonly seam?: LineSeam | null;
  /** What it was recorded in, and what is other now. */
  readonly environment?: Drift | null;
}

/**
 * Where a checkpoint stands, in the code's words where it has some: `epoch 12`, `step 1,200`. The one at the end of a
 * stage often has the step of the one before it: it is told apart as `end of train`.
 */
export function checkpointPlace(checkpoint: Checkpoint): string {
  const { kind, stage } = checkpoint;
  if (kind === "stage-end" && stage !== null) return l10n.t("end of {0}", stageName(stage) ?? stage);
  return stepLabel({ ...checkpoint, total: null });
}

/** The reference by which the command line and other people name it: `amber-heron@12`. */
export function checkpointReference(checkpoint: Checkpoint): string {
  return `${checkpoint.experiment}@${checkpoint.sequence}`;
}

export function checkpointRow(checkpoint: Checkpoint, marks: CheckpointMarks, now: number): RowText {
  const { annotations } = checkpoint;
  const place = checkpointPlace(checkpoint);
  const metrics = metricTexts(checkpoint, marks.metric, 2);
  const jumped = marks.seam ? jumpOf(marks.seam) : null;
  const jump = jumped === null ? null : seamText(jumped);
  const words = [
    place,
    marks.isBest ? l10n.t("best") : null,
    marks.isLatest ? l10n.t("latest") : null,
    annotations.starred ? l10n.t("starred") : null,
    annotations.thinned ? l10n.t("outputs collected") : null,
    checkpoint.warning === null ? null : l10n.t("with a warning"),
    questionText(checkpoint),
    ...metrics,
    relativeTime(checkpoint.createdAt, now),
    jump,
  ];
  return {
    label: place,
    // One metric and a short age fit into a sidebar of the usual width; the tooltip has all.
    description: joined(
      jump === null ? null : `${jumpMark} ${jump}`,
      questionText(checkpoint),
      metrics[0],
      shortAge(checkpoint.createdAt, now),
      checkpoint.kind === "manual" ? l10n.t("by hand") : null,
    ),
    ...checkpointSign(checkpoint, marks),
    accessibleLabel: words.filter((word) => word !== null).join(", "),
  };
}

/** What was answered to a checkpoint's question, or that it asks one. */
function questionText({ question, annotations }: Checkpoint): string | null {
  if (question === null) return null;
  return annotations.answer === null
    ? l10n.t("asks: {0}", onOneLine(question.question))
    : givenText(annotations.answer.value);
}

function answerText({ value, by }: Answer): string {
  return by === null ? givenText(value) : l10n.t("{0}, by {1}", givenText(value), by);
}

/** All that is known of a checkpoint, in Markdown. */
export function checkpointTooltip(checkpoint: Checkpoint, marks: CheckpointMarks, now: number): string {
  const { annotations } = checkpoint;
  const title = joined(
    `**${escapeMarkdown(checkpointReference(checkpoint))}**`,
    escapeMarkdown(checkpointPlace(checkpoint)),
    marks.isBest ? `$(star-full) ${l10n.t("best")}` : null,
  );
  const facts = [
    checkpoint.warning === null ? "" : `$(warning) ${escapeMarkdown(checkpoint.warning)}`,
    checkpoint.question === null ? "" : `$(comment) ${escapeMarkdown(checkpoint.question.question)}`,
    annotations.answer === null ? "" : `$(check) ${escapeMarkdown(answerText(annotations.answer))}`,
    annotations.note === null ? "" : `$(note) ${escapeMarkdown(annotations.note)}`,
    annotations.tags.length === 0 ? "" : `$(tag) ${annotations.tags.map(escapeMarkdown).join(", ")}`,
    marks.seam ? seamFact(marks.seam) : "",
    ...environmentFacts(marks.environment ?? null),
    joined(
      relativeTime(checkpoint.createdAt, now),
      checkpoint.stage === null ? null : escapeMarkdown(checkpoint.stage),
    ),
  ].filter((fact) => fact !== "");
  const outputs = checkpoint.outs.map(
    (out) => [out.path, out.size === null ? "" : formatSize(out.size)] as const,
  );
  return [
    title,
    facts.join("  \n"),
    table(
      l10n.t("Metric"),
      flatten(checkpoint.metrics).map(({ key, value }) => [key, valueText(value)]),
    ),
    table(
      l10n.t("Parameter"),
      flatten(checkpoint.params).map(({ key, value }) => [key, valueText(value)]),
    ),
    table(l10n.t("Output"), outputs),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** `Python 3.11.2, 34 packages`, and what the stage would run in now that is other than that. */
function environmentFacts(drift: Drift | null): readonly string[] {
  if (drift === null || drift.recorded === null) return [];
  const changed = driftText(drift.items);
  return [
    `$(package) ${escapeMarkdown(environmentSummary(drift.recorded))}`,
    ...(changed === "" ? [] : [`$(warning) ${l10n.t("now {0}", escapeMarkdown(changed))}`]),
  ];
}

/** Rows of a tooltip's table; more would not fit on the screen. */
const tableLimit = 12;

function table(heading: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const shown = rows
    .slice(0, tableLimit)
    .map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  const rest = rows.length > tableLimit ? [`| ${l10n.t("{0} more", rows.length - tableLimit)} | |`] : [];
  return [`| ${heading} | |`, "|:--|--:|", ...shown, ...rest].join("\n");
}

function checkpointSign(checkpoint: Checkpoint, marks: CheckpointMarks): Pick<RowText, "icon" | "color"> {
  if (checkpoint.warning !== null) return { icon: "warning", color: "problemsWarningIcon.foreground" };
  if (marks.isBest) return { icon: "star-full", color: "charts.yellow" };
  if (checkpoint.annotations.starred) return { icon: "star-empty", color: null };
  if (checkpoint.annotations.thinned) return { icon: "circle-outline", color: "disabledForeground" };
  return { icon: "circle-small-filled", color: null };
}
