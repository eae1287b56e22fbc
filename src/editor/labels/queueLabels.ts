import * as l10n from "@vscode/l10n";
import { relativeTime } from "../../engine/compare/present.ts";
import type { QueuedRun } from "../../engine/queue/queuedRun.ts";
import type { Run } from "../../engine/run/run.ts";
import { changesText } from "./changeLabels.ts";
import { escapeMarkdown, joined, type RowText } from "./rowText.ts";
import { progressText, stageName } from "./runLabels.ts";

/** A run of the queue with what views need besides it. */
export interface QueueRowState {
  readonly queued: QueuedRun;
  /** Its place among those that wait, counted from 1; `null` when it does not wait any more. */
  readonly place: number | null;
  /** Its run, once it has begun. */
  readonly run: Run | null;
}

/** The row of a queued run: `amber-heron-lr-0.01  #1 · lr 0.01`. */
export function queueRow(state: QueueRowState): RowText {
  const { queued } = state;
  const { icon, color, words } = stateSign(state);
  const description = joined(
    state.place === null ? null : `#${state.place}`,
    queued.state === "running" && state.run !== null ? progressText(state.run.progress) : null,
    queued.state === "failed" ? queued.problem : null,
    changesText(queued.set),
    fromText(queued),
    stagesText(queued),
  );
  return {
    label: queued.name,
    description,
    icon,
    color,
    accessibleLabel: joined(queued.name, words, description).replaceAll(" · ", ", "),
  };
}

/** All that is known of a queued run, in Markdown. */
export function queueTooltip(state: QueueRowState, now: number): string {
  const { queued } = state;
  const set = queued.set.map(
    ({ file, key, value }) => `- ${escapeMarkdown(file)}: ${escapeMarkdown(key)} = ${escapeMarkdown(value)}`,
  );
  return [
    `**${escapeMarkdown(queued.name)}** · ${stateSign(state).words}`,
    queued.problem === null ? "" : `$(warning) ${escapeMarkdown(queued.problem)}`,
    joined(
      escapeMarkdown(fromText(queued) ?? ""),
      escapeMarkdown(stagesText(queued) ?? ""),
      l10n.t("queued {0}", relativeTime(queued.addedAt, now)),
    ),
    set.join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function fromText({ verb, from }: QueuedRun): string | null {
  if (from === null) return null;
  switch (verb) {
    case "resume":
      return l10n.t("resumes {0}", from);
    case "rewind":
      return l10n.t("rewinds to {0}", from);
    case "run":
    case "fork":
      return l10n.t("forks {0}", from);
  }
}

function stagesText({ stages }: QueuedRun): string | null {
  return stages.length === 0 ? null : stages.map((stage) => stageName(stage) ?? stage).join(", ");
}

function stateSign({ queued }: QueueRowState): {
  readonly icon: string;
  readonly color: string | null;
  readonly words: string;
} {
  switch (queued.state) {
    case "waiting":
      return { icon: "clock", color: null, words: l10n.t("waits for its turn") };
    case "running":
      return { icon: "loading~spin", color: null, words: l10n.t("running") };
    case "succeeded":
      return { icon: "check", color: "testing.iconPassed", words: l10n.t("done") };
    case "failed":
      return { icon: "error", color: "testing.iconFailed", words: l10n.t("failed") };
    case "interrupted":
      return { icon: "warning", color: "problemsWarningIcon.foreground", words: l10n.t("stopped") };
    case "cancelled":
      return { icon: "circle-slash", color: "disabledForeground", words: l10n.t("cancelled") };
  }
}
