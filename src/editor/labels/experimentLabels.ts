import * as l10n from "@vscode/l10n";
import type { BestCheckpoint } from "../../engine/compare/best.ts";
import { jumpOf, type LineSeam, seamSummary } from "../../engine/compare/lineSeams.ts";
import { relativeTime, shortAge } from "../../engine/compare/present.ts";
import type { Drift } from "../../engine/environment/drift.ts";
import type { Experiment, ExperimentStatus } from "../../engine/model.ts";
import { openQuestion } from "../../engine/run/openQuestion.ts";
import type { Run } from "../../engine/run/run.ts";
import type { CommitInfo } from "../../engine/store/commitInfo.ts";
import type { Home } from "../../engine/store/homes.ts";
import { checkpointPlace, checkpointTooltip } from "./checkpointLabels.ts";
import { checkpointCount } from "./lensLabels.ts";
import { metricText, metricTexts } from "./metricLabels.ts";
import { questionIcon, waitingText } from "./questionLabels.ts";
import { escapeMarkdown, joined, type RowText } from "./rowText.ts";
import { launchTexts, needsDecision, positionText, runProgressText, runTooltip } from "./runLabels.ts";
import { jumpMark, seamFact } from "./seamLabels.ts";

/** An experiment with what the store and the runs tell about it. */
export interface ExperimentState {
  readonly experiment: Experiment;
  readonly status: ExperimentStatus;
  /** The live run that records into it. */
  readonly run: Run | null;
  /** Its newest run that is known here, whether it goes on or not. */
  readonly newestRun: Run | null;
  /** The stage of its last checkpoint, when dvc.yaml does not have it any more. */
  readonly missingStage: string | null;
  readonly best: BestCheckpoint | null;
  /** How its last run went on from where it began; `null`: it began fresh, or nobody can tell. */
  readonly seam: LineSeam | null;
  /** Set when no branch leads to its baseline any more. */
  readonly moved: MovedBaseline | null;
}

/** A baseline that is gone from all branches, and where its experiments are listed instead. */
export interface MovedBaseline {
  readonly baseline: CommitInfo;
  readonly home: Home;
}

/** The row of an experiment. A fork has a sign before its name, as its origin may not fit. */
export function experimentRow(state: ExperimentState, now: number): RowText {
  const { experiment, run, status } = state;
  const last = experiment.checkpoints.at(-1);
  const origin = forkOrigin(experiment);
  const hasJumped = state.seam !== null && jumpOf(state.seam) !== null;
  const asking = openQuestion(experiment);
  const position = asking === null ? positionOf(state) : waitingText(asking);
  const metric = metricOf(state);
  const facts = joined(
    // In a narrow sidebar only the first of them fit: how far it is while it runs, what it came to afterwards.
    ...(run === null && asking === null ? [metric, position] : [position, metric]),
    run === null ? shortAge(last?.createdAt ?? experiment.createdAt, now) : null,
    origin === null ? null : l10n.t("from {0}", origin),
    state.moved === null ? null : l10n.t("grew on {0}", shortId(state.moved.baseline.sha)),
  );
  return {
    label: origin === null ? experiment.name : `↳ ${experiment.name}`,
    description: hasJumped ? `${jumpMark} ${facts}` : facts,
    ...(asking === null ? experimentSign(status) : questionSign),
    accessibleLabel: joined(
      l10n.t("Experiment {0}", experiment.name),
      statusText(status),
      hasJumped && state.seam !== null ? seamSummary(state.seam) : null,
      facts,
      checkpointCount(experiment.checkpoints.length),
    ).replaceAll(" · ", ", "),
  };
}

/** `calm-otter@20`, for an experiment that was forked from another one. */
function forkOrigin({ name, resumedFrom }: Experiment): string | null {
  if (resumedFrom === null || resumedFrom.experiment === name) return null;
  return `${resumedFrom.experiment}@${resumedFrom.sequence}`;
}

function positionOf({ experiment, run, status }: ExperimentState): string | null {
  // The icon says that it is running.
  if (run !== null && needsDecision(run)) return runProgressText(run);
  if (run !== null) return positionText(run.progress.step, run.progress.total);
  const last = experiment.checkpoints.at(-1);
  // The end of a stage says less than the step that it ended at.
  const step = last?.kind === "stage-end" ? positionText(last.step, null) : null;
  const place = last === undefined ? null : (step ?? checkpointPlace(last));
  if (status !== "failed" && status !== "interrupted" && status !== "lost") return place;
  return place === null ? statusText(status) : l10n.t("{0} at {1}", statusText(status), place);
}

/** While it runs, how it goes now counts; afterwards, what it came to at its best. */
function metricOf({ experiment, run, best }: ExperimentState): string | null {
  if (run === null && best !== null) return metricText(best.metric.key, best.value);
  const last = experiment.checkpoints.at(-1);
  return last === undefined ? null : (metricTexts(last, best?.metric.key ?? null, 1)[0] ?? null);
}

/** All that is known of an experiment, in Markdown: its run, and its last checkpoint. */
export function experimentTooltip(
  state: ExperimentState,
  now: number,
  environment: Drift | null = null,
): string {
  const { experiment, run, best, status } = state;
  const last = experiment.checkpoints.at(-1);
  const origin = forkOrigin(experiment);
  const head =
    run === null
      ? `**${escapeMarkdown(experiment.name)}** · ${statusText(status)} · ${checkpointCount(experiment.checkpoints.length)}`
      : runTooltip(run, now);
  return [
    head,
    origin === null ? "" : `$(repo-forked) ${l10n.t("from {0}", escapeMarkdown(origin))}`,
    best === null
      ? ""
      : `$(star-full) ${escapeMarkdown(joined(metricText(best.metric.key, best.value), checkpointPlace(best.checkpoint)))}`,
    state.missingStage === null ? "" : `$(circle-slash) ${missingStageText(state.missingStage)}`,
    launchList(state.newestRun),
    state.seam === null ? "" : seamFact(state.seam),
    state.moved === null ? "" : `$(git-commit) ${movedText(state.moved)}`,
    last === undefined ? "" : "---",
    last === undefined
      ? ""
      : checkpointTooltip(
          last,
          { isBest: last === best?.checkpoint, isLatest: true, metric: null, environment },
          now,
        ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Why a checkpoint can't be resumed whose stage is gone, and what can be done instead. */
function missingStageText(stage: string): string {
  return l10n.t(
    "Stage {0} is not in dvc.yaml any more, so that it can't be resumed. Fork it with its own code, or apply its files",
    escapeMarkdown(stage),
  );
}

function launchList(run: Run | null): string {
  const texts = run === null ? [] : launchTexts(run);
  return texts.map((text) => `- ${escapeMarkdown(text)}`).join("\n");
}

function movedText({ baseline, home }: MovedBaseline): string {
  const was = `${shortId(baseline.sha)} ${escapeMarkdown(`“${baseline.subject}”`)}`;
  return home.relation === "successor"
    ? l10n.t("grew on {0}, since rewritten as {1}", was, shortId(home.sha))
    : l10n.t(
        "grew on {0}, since gone from all branches; listed under {1}, the nearest commit before it",
        was,
        shortId(home.sha),
      );
}

function shortId(sha: string): string {
  return sha.slice(0, 7);
}

/** A status in a word. */
export function statusText(status: ExperimentStatus): string {
  switch (status) {
    case "running":
      return l10n.t("running");
    case "succeeded":
      return l10n.t("done");
    case "failed":
      return l10n.t("failed");
    case "interrupted":
      return l10n.t("stopped");
    case "lost":
      return l10n.t("lost");
    case "recorded":
      return l10n.t("recorded");
  }
}

/** The row of a baseline: `main · a1b2c3d "wider hidden layer" · 2 days ago`. */
export function baselineRow(commit: CommitInfo, count: number, now: number): RowText {
  const title = joined(commit.branch, shortId(commit.sha));
  return {
    label: title,
    description: joined(`“${commit.subject}”`, relativeTime(commit.createdAt, now)),
    icon: "git-commit",
    color: null,
    accessibleLabel: l10n.t("Baseline {0}, {1}, {2}", title, commit.subject, experimentCount(count)),
  };
}

function experimentCount(count: number): string {
  return count === 1 ? l10n.t("1 experiment") : l10n.t("{0} experiments", count);
}

const questionSign = { icon: questionIcon, color: "charts.blue" } as const;

function experimentSign(status: ExperimentStatus): Pick<RowText, "icon" | "color"> {
  switch (status) {
    case "running":
      return { icon: "loading~spin", color: null };
    case "succeeded":
      return { icon: "pass", color: "testing.iconPassed" };
    case "failed":
      return { icon: "error", color: "testing.iconFailed" };
    case "interrupted":
      return { icon: "warning", color: "problemsWarningIcon.foreground" };
    case "lost":
      return { icon: "question", color: "problemsWarningIcon.foreground" };
    case "recorded":
      return { icon: "history", color: null };
  }
}
