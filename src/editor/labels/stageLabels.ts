import * as l10n from "@vscode/l10n";
import type { Stage, StageStatus } from "../../engine/pipeline/stage.ts";
import type { Run } from "../../engine/run/run.ts";
import { questionIcon } from "./questionLabels.ts";
import { escapeMarkdown, joined, type RowText } from "./rowText.ts";
import { isLive, launchTexts, needsDecision, runProgressText } from "./runLabels.ts";

/** A status in a few words. */
export function stageStatusText(status: StageStatus): string {
  switch (status.kind) {
    case "up-to-date":
      return l10n.t("up to date");
    case "never-run":
      return l10n.t("never run");
    case "changed":
      return status.reasons[0] ?? l10n.t("changed");
    case "blocked":
      return status.reason;
  }
}

/**
 * The row of a stage. `run` is the newest run with it, whether it goes on or not; `isAsking`, whether its code waits for
 * an answer in that run.
 */
export function stageRow(
  stage: Stage,
  status: StageStatus | undefined,
  run: Run | null,
  isAsking = false,
): RowText {
  const { icon, color, words } = isAsking
    ? { icon: questionIcon, color: "charts.blue", words: l10n.t("waits for your answer") }
    : stageSign(stage, status, run);
  return {
    label: stage.name,
    description: joined(words, stage.frozen ? l10n.t("frozen") : null),
    icon,
    color,
    accessibleLabel: l10n.t("Stage {0}, {1}", stage.name, words),
  };
}

/** Whether a live run is at the stage now. */
export function isRunningAt(run: Run, stage: Stage): boolean {
  return run.stages.some((part) => part.stage === stage.address && part.state === "running");
}

/** What a stage does, why it would run and how it ran last, in Markdown. */
export function stageTooltip(stage: Stage, status: StageStatus | undefined, run: Run | null): string {
  const reasons =
    status === undefined ? [] : status.kind === "changed" ? status.reasons : [stageStatusText(status)];
  const list = (title: string, items: readonly string[]) =>
    items.length === 0
      ? []
      : [`**${title}** ${items.map((item) => `\`${item.replaceAll("`", "'")}\``).join(", ")}`];
  return [
    `**${escapeMarkdown(stage.address)}**${stage.description === null ? "" : `\n\n${escapeMarkdown(stage.description)}`}`,
    `\`\`\`sh\n${stage.commands.join("\n").replaceAll("```", "'''")}\n\`\`\``,
    reasons.map((reason) => `- ${escapeMarkdown(reason)}`).join("\n"),
    ...launches(stage, run),
    ...list(l10n.t("Needs"), stage.dependencies),
    ...list(
      l10n.t("Makes"),
      stage.outputs.map(({ path }) => path),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** The launches of the stage in its newest run, when there is more to tell than that it ran. */
function launches({ address }: Stage, run: Run | null): readonly string[] {
  if (run === null) return [];
  const stages = run.stages.filter(({ stage }) => stage === address);
  const texts = launchTexts({ ...run, stages });
  return texts.length === 0 ? [] : [texts.map((text) => `- ${escapeMarkdown(text)}`).join("\n")];
}

function stageSign(
  stage: Stage,
  status: StageStatus | undefined,
  run: Run | null,
): { readonly icon: string; readonly color: string | null; readonly words: string } {
  const part = run?.stages.find(({ stage: address }) => address === stage.address);
  const isOver = run === null || !isLive(run);
  if (run && !isOver && part?.state === "running") {
    const progress = run.progress.stage === stage.address ? runProgressText(run) : null;
    return needsDecision(run)
      ? { icon: "warning", color: "problemsWarningIcon.foreground", words: joined(progress) }
      : { icon: "loading~spin", color: null, words: joined(l10n.t("running"), progress) };
  }
  if (!isOver && part?.state === "waiting")
    return { icon: "clock", color: null, words: l10n.t("waits for its turn") };
  if (status?.kind !== "up-to-date" && part?.state === "failed") {
    return { icon: "error", color: "testing.iconFailed", words: l10n.t("failed") };
  }
  if (status?.kind !== "up-to-date" && part?.state === "interrupted") {
    return { icon: "warning", color: "problemsWarningIcon.foreground", words: l10n.t("stopped") };
  }
  if (status === undefined) return { icon: "circle-outline", color: null, words: "" };
  switch (status.kind) {
    case "up-to-date":
      return { icon: "check", color: "testing.iconPassed", words: stageStatusText(status) };
    case "changed":
    case "never-run":
      return { icon: "circle-large-outline", color: null, words: stageStatusText(status) };
    case "blocked":
      return {
        icon: "circle-slash",
        color: "problemsWarningIcon.foreground",
        words: stageStatusText(status),
      };
  }
}
