import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Experiment } from "../../engine/model.ts";
import { bestOf } from "../bestMetric.ts";
import type { FoundCheckpoint } from "../commands/targets.ts";
import { checkpointPlace } from "../labels/checkpointLabels.ts";
import { metricTexts } from "../labels/metricLabels.ts";
import { joined } from "../labels/rowText.ts";
import { type Choice, separator } from "./pick.ts";

/** Checkpoints as entries, in the order given, with a line before each experiment. */
export function checkpointChoices(
  found: readonly FoundCheckpoint[],
  now: number,
): readonly (Choice<FoundCheckpoint> | vscode.QuickPickItem)[] {
  let experiment: Experiment | null = null;
  const isSeveral = found.some((one) => one.experiment !== found[0]?.experiment);
  return found.flatMap((one) => {
    const heading = one.experiment === experiment ? [] : [separator(one.experiment.name)];
    experiment = one.experiment;
    return [...heading, choice(one, isSeveral, now)];
  });
}

function choice(found: FoundCheckpoint, isSeveral: boolean, now: number): Choice<FoundCheckpoint> {
  const { engine, experiment, checkpoint } = found;
  const best = bestOf(engine, experiment);
  const isBest = best?.checkpoint === checkpoint;
  const isLatest = experiment.checkpoints.at(-1) === checkpoint;
  const icon = isBest
    ? "$(star-full)"
    : checkpoint.annotations.starred
      ? "$(star-empty)"
      : "$(circle-small-filled)";
  return {
    label: `${icon} ${checkpointPlace(checkpoint)}`,
    description: joined(
      // The name needs the room.
      ...metricTexts(checkpoint, best?.metric.key ?? null, isSeveral ? 2 : 3),
      relativeTime(checkpoint.createdAt, now),
      isBest ? l10n.t("best") : null,
      isLatest ? l10n.t("latest") : null,
      // Filtering by the experiment's name finds its checkpoints.
      isSeveral ? experiment.name : null,
    ),
    value: found,
  };
}
