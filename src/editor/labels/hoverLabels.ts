import * as l10n from "@vscode/l10n";
import type { CheckpointTarget, CommandId, ParamTarget, StageTarget } from "../../contract.ts";
import type { MetricSummary, Reading } from "../../engine/compare/metricSummary.ts";
import type { ParamHistory, TriedValue } from "../../engine/compare/paramHistory.ts";
import { formatNumber, relativeTime } from "../../engine/compare/present.ts";
import { numberOf } from "../../engine/compare/values.ts";
import type { Checkpoint } from "../../engine/model.ts";
import { checkpointPlace } from "./checkpointLabels.ts";
import { commandLink } from "./commandLink.ts";
import { checkpointCount } from "./lensLabels.ts";
import { valueText } from "./metricLabels.ts";
import { escapeMarkdown, joined } from "./rowText.ts";
import { triedCount } from "./triedLabels.ts";

/** The commands that links in hovers may run. */
export const hoverCommands: readonly CommandId[] = [
  "savepoint.reveal",
  "savepoint.resume",
  "savepoint.debug",
  "savepoint.pickCheckpoint",
  "savepoint.compare",
  "savepoint.showTriedValues",
];

/** Draws numbers as the URI of an image; `null` when there are too few. `marked` is the index of the one with the dot. */
export type Draw = (values: readonly number[], marked?: number) => string | null;

/** Rows of a table; a hover has little room. */
const rowLimit = 6;
const wordLimit = 40;

/** A stage's training checkpoints, and how its deciding metric went. */
export interface StageHover {
  readonly target: StageTarget;
  readonly newest: Checkpoint | null;
  readonly count: number;
  readonly summary: MetricSummary | null;
  /** Whether commands can run: the workspace is trusted, and no run goes on there. */
  readonly canResume: boolean;
  readonly canDebug: boolean;
}

export function stageHover(hover: StageHover, draw: Draw, now: number): string {
  const { target, newest, count, summary } = hover;
  const title = joined(
    `**${escapeMarkdown(target.stage)}**`,
    checkpointCount(count),
    newest === null ? null : l10n.t("newest {0}", relativeTime(newest.createdAt, now)),
  );
  if (newest === null) return `${title}\n\n${l10n.t("It has no training checkpoint yet.")}`;
  const place = escapeMarkdown(checkpointPlace(newest));
  const links = [
    hover.canResume
      ? commandLink(`$(debug-continue) ${l10n.t("Resume from {0}", place)}`, "savepoint.resume", target)
      : null,
    hover.canResume && hover.canDebug
      ? commandLink(`$(debug-alt) ${l10n.t("Debug")}`, "savepoint.debug", target)
      : null,
    commandLink(`$(history) ${l10n.t("Checkpoints…")}`, "savepoint.pickCheckpoint", target),
    commandLink(`$(git-compare) ${l10n.t("Compare")}`, "savepoint.compare", target),
  ];
  return [title, ...(summary === null ? [] : [summaryText(target.root, summary, draw)]), row(links)].join(
    "\n\n",
  );
}

/** How one metric went, or the ends of several of a file. */
export function metricHover(root: string, summaries: readonly MetricSummary[], draw: Draw): string {
  const [only] = summaries;
  const text =
    only !== undefined && summaries.length === 1 ? summaryText(root, only, draw) : manyMetrics(summaries);
  return `${text}\n\n${row([commandLink(`$(git-compare) ${l10n.t("Compare…")}`, "savepoint.compare")])}`;
}

function manyMetrics(summaries: readonly MetricSummary[]): string {
  const cell = (reading: Reading | null, isBest: boolean) =>
    reading === null ? "" : number(reading.value, isBest);
  const rows = summaries
    .slice(0, rowLimit)
    .map(({ metric, last, best, min, max }) => [
      escapeMarkdown(shortened(lastKey(metric))),
      cell(last, false),
      cell(best, true),
      cell(min, false),
      cell(max, false),
    ]);
  const rest = summaries.length - rows.length;
  const heads = ["", l10n.t("last"), l10n.t("best"), l10n.t("min"), l10n.t("max")];
  return table(heads, rest > 0 ? [...rows, [l10n.t("{0} more", rest), "", "", "", ""]] : rows);
}

/** The values that a parameter was tried with, and what came of each. */
export function paramHover(root: string, history: ParamHistory, draw: Draw): string {
  const target: ParamTarget = { kind: "param", root, file: history.file, key: history.key };
  const { values } = history;
  const metric = history.metric === null ? l10n.t("Checkpoint") : lastKey(history.metric.key);
  const rows = values
    .slice(0, rowLimit)
    .map((tried, index) => [
      code(tried.value),
      tried.best === null ? "" : number(tried.best.value, index === 0),
      checkpointLink(root, tried.best?.checkpoint ?? tried.newest),
    ]);
  const links =
    values.length < 2
      ? []
      : [
          commandLink(
            `$(list-ordered) ${l10n.t("All {0} values…", values.length)}`,
            "savepoint.showTriedValues",
            target,
          ),
        ];
  return [
    joined(`**${escapeMarkdown(history.key)}**`, triedCount(values.length), paramRange(history)),
    paramPicture(history, draw),
    table([l10n.t("Value"), escapeMarkdown(metric), ""], rows),
    row(links),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** The parameters of a group, `train` in `params: [train]`: those that were tried with several values first. */
export function groupHover(key: string, histories: readonly ParamHistory[]): string {
  const shown = histories.toSorted((a, b) => b.values.length - a.values.length).slice(0, rowLimit);
  const rows = shown.map(({ key: full, values, metric }) => [
    escapeMarkdown(shortened(full.slice(key.length + 1))),
    formatNumber(values.length),
    values[0]?.best == null || metric === null ? "" : code(values[0].value),
  ]);
  const rest = histories.length - rows.length;
  const more = rest > 0 ? [[l10n.t("{0} more", rest), "", ""]] : [];
  return [
    `**${escapeMarkdown(key)}**`,
    table(["", l10n.t("values tried"), l10n.t("best")], [...rows, ...more]),
    row([commandLink(`$(list-ordered) ${l10n.t("Tried values…")}`, "savepoint.showTriedValues")]),
  ].join("\n\n");
}

function summaryText(root: string, summary: MetricSummary, draw: Draw): string {
  const { last, best, min, max, series } = summary;
  const marked = series.lastIndexOf(
    best?.checkpoint.experiment === last.checkpoint.experiment ? best.value : NaN,
  );
  const picture = draw(series, marked < 0 ? undefined : marked);
  const words = l10n.t("from {0} to {1}", formatNumber(series[0] ?? 0), formatNumber(last.value));
  const bestLabel = l10n.t("best");
  const rows: readonly (readonly [string, Reading | null])[] = [
    [l10n.t("last"), last],
    [bestLabel, best],
    [l10n.t("min"), min],
    [l10n.t("max"), max],
  ];
  const body = rows.flatMap(([label, reading]) =>
    reading === null
      ? []
      : [[label, number(reading.value, label === bestLabel), checkpointLink(root, reading.checkpoint)]],
  );
  return [
    ...(picture === null ? [] : [`![${escapeMarkdown(words)}](${picture})`]),
    table(["", escapeMarkdown(lastKey(summary.metric)), ""], body),
  ].join("\n\n");
}

/** The best metric over the values of a parameter, from its smallest to its largest. */
function paramPicture({ values, metric, key }: ParamHistory, draw: Draw): string {
  const points = values
    .flatMap(({ value, best }) => {
      const x = numberOf(value);
      return x === null || best === null ? [] : [{ x, y: best.value }];
    })
    .toSorted((a, b) => a.x - b.x);
  const top = values[0]?.best?.value;
  const picture =
    points.length < 3
      ? null
      : draw(
          points.map(({ y }) => y),
          points.findIndex(({ y }) => y === top),
        );
  if (picture === null || metric === null) return "";
  const words = l10n.t("{0} from the smallest {1} to the largest", lastKey(metric.key), key);
  return `![${escapeMarkdown(words)}](${picture})`;
}

function paramRange({ values }: ParamHistory): string | null {
  const numbers = values.flatMap(({ value }) => numberOf(value) ?? []);
  if (numbers.length < 2 || numbers.length < values.length) return null;
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  return l10n.t("{0} to {1}", formatNumber(low), formatNumber(high));
}

/** `accuracy` of `metrics.json:val.accuracy` stays `val.accuracy`: a hover has room for the whole key. */
function lastKey(metric: string): string {
  return metric.slice(metric.indexOf(":") + 1);
}

function number(value: number, isBest: boolean): string {
  const text = escapeMarkdown(formatNumber(value));
  return isBest ? `**${text}**` : text;
}

function code(value: TriedValue["value"]): string {
  return escapeMarkdown(shortened(valueText(value)));
}

function checkpointLink(root: string, checkpoint: Checkpoint): string {
  const target: CheckpointTarget = {
    kind: "checkpoint",
    root,
    experiment: checkpoint.experiment,
    sha: checkpoint.sha,
  };
  const words = joined(checkpoint.experiment, checkpointPlace(checkpoint));
  return commandLink(escapeMarkdown(shortened(words)), "savepoint.reveal", target);
}

function shortened(text: string): string {
  return text.length > wordLimit ? `${text.slice(0, wordLimit - 1)}…` : text;
}

/** Words on the left and at the end, numbers between them on the right; cells of VS Code's tables touch otherwise. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = ([first = "", ...cells]: readonly string[]) =>
    `| ${[first, ...cells.map((cell) => (cell === "" ? "" : gap + cell))].join(" | ")} |`;
  const numbers = heads.length === 3 ? ["--:", ":--"] : heads.slice(1).map(() => "--:");
  return [line(heads), `|${[":--", ...numbers].join("|")}|`, ...rows.map(line)].join("\n");
}

const gap = "&nbsp;&nbsp;&nbsp;";

function row(links: readonly (string | null)[]): string {
  return links.filter((link) => link !== null).join(gap);
}
