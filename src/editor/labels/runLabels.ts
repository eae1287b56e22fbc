import * as l10n from "@vscode/l10n";
import { formatDuration, formatNumber, formatRemaining } from "../../engine/compare/present.ts";
import type { Checkpoint } from "../../engine/model.ts";
import type { LaunchRecord, Run, RunProgress } from "../../engine/run/run.ts";
import { metricTexts } from "./metricLabels.ts";
import { escapeMarkdown, joined } from "./rowText.ts";

/** Whether a run still goes on, or may: a lost one is final only when its runner's record is found. */
export function isLive(run: Run): boolean {
  return run.state === "queued" || run.state === "starting" || run.state === "running";
}

/** Whether training waits until a person has said what happens to a checkpoint that can't be taken. */
export function needsDecision({ attention }: Run): boolean {
  return attention !== null && attention.choices.length > 0;
}

/** The run that goes on in the user's own files, if one does. */
export function workspaceRunOf(runs: readonly Run[]): Run | null {
  return runs.find((run) => isLive(run) && run.place === "workspace") ?? null;
}

/** `12/40`, or `step 12` when nobody knows the end; `null` before the first step. */
export function positionText(step: number | null, total: number | null): string | null {
  if (step === null) return null;
  return total === null
    ? l10n.t("step {0}", formatNumber(step))
    : `${formatNumber(step)}/${formatNumber(total)}`;
}

/** `30 %`, when step and total tell it. */
function percentText({ step, total }: Pick<RunProgress, "step" | "total">): string | null {
  if (step === null || total === null || total <= 0) return null;
  return l10n.t("{0} %", Math.min(100, Math.max(0, Math.floor((step / total) * 100))));
}

function decisionText(): string {
  return l10n.t("waits for your decision");
}

/** How far a run is, and that it waits where it does: what is left then depends on a person. */
export function runProgressText(run: Run): string {
  const { step, total } = run.progress;
  return needsDecision(run) ? joined(positionText(step, total), decisionText()) : progressText(run.progress);
}

/** `12/40 · 30 % · 4 min left`. */
export function progressText(progress: RunProgress): string {
  return joined(positionText(progress.step, progress.total), percentText(progress), remainingText(progress));
}

/** `4 min left`; nothing once all steps are done, when what is left is not training. */
function remainingText({ remaining }: RunProgress): string | null {
  return remaining === null || remaining <= 0 ? null : formatRemaining(remaining);
}

/** The status bar while something runs: `train 12/40 · 30 % · accuracy 0.914 · 4 min left`. */
export function runStatusText(
  run: Run,
  newest: Checkpoint | null,
  metricKey: string | null,
  others: { readonly running: number; readonly waiting: number },
): string {
  const { progress } = run;
  const metric = newest === null ? null : (metricTexts(newest, metricKey, 1)[0] ?? null);
  const place = [stageName(progress.stage) ?? run.experiment, positionText(progress.step, progress.total)];
  const isWaiting = needsDecision(run);
  return joined(
    place.filter((part) => part !== null).join(" "),
    isWaiting ? decisionText() : percentText(progress),
    metric,
    isWaiting ? null : remainingText(progress),
    progress.pending > 1 ? l10n.t("storing {0}", progress.pending) : null,
    others.running === 0 ? null : l10n.t("{0} more", others.running),
    others.waiting === 0 ? null : l10n.t("{0} queued", others.waiting),
  );
}

/** What a run is at, in Markdown. */
export function runTooltip(run: Run, now: number): string {
  const facts = [
    joined(runProgressText(run), l10n.t("{0} recorded", run.progress.checkpoints)),
    l10n.t("running for {0}", formatDuration(Math.max(0, now - run.startedAt))),
    run.progress.pending === 0 ? "" : l10n.t("{0} being stored", run.progress.pending),
    run.skippedCheckpoints === 0 ? "" : l10n.t("{0} could not be taken", run.skippedCheckpoints),
    run.attention === null ? "" : `$(warning) ${escapeMarkdown(run.attention.message)}`,
    run.readOnly ? l10n.t("started in another window or terminal: it can be watched here") : "",
  ].filter((fact) => fact !== "");
  const title = `**${escapeMarkdown(joined(stageName(run.progress.stage), run.experiment))}**`;
  return `${title}\n\n${facts.map((fact) => `- ${fact}`).join("\n")}`;
}

/** What the stages of a run went on from, and the launches of those that were launched again; for people. */
export function launchTexts(run: Run): readonly string[] {
  return run.stages.flatMap(({ stage, launches }) => {
    if (launches.length < 2 && launches.every(({ from }) => from === null)) return [];
    const name = stageName(stage) ?? stage;
    return launches.map((launch, index) =>
      joined(
        launches.length > 1 ? l10n.t("{0}, launch {1}", name, index + 1) : name,
        launch.iteration > 1 ? l10n.t("iteration {0}", launch.iteration) : null,
        launch.from === null ? l10n.t("fresh") : l10n.t("from {0}", launch.from),
        launchEndText(launch),
      ),
    );
  });
}

function launchEndText({ end }: LaunchRecord): string {
  if (end === null) return l10n.t("running");
  return end.state === "succeeded" ? l10n.t("done") : end.reason;
}

/** The name of a stage without the file that defines it. */
export function stageName(address: string | null): string | null {
  return address === null ? null : address.slice(address.lastIndexOf(":") + 1);
}
