import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { CheckpointSource } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import type { Reference } from "../../webview/protocol.ts";
import { referenceKey } from "../../webview/protocol.ts";
import { registerCommand } from "../base/commands.ts";
import { bestOf } from "../bestMetric.ts";
import { checkpointPlace } from "../labels/checkpointLabels.ts";
import { metricText } from "../labels/metricLabels.ts";
import { joined } from "../labels/rowText.ts";
import { type Choice, pickSeveral, separator } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { checkpointsOfStage, findCheckpoint } from "./targets.ts";

/** Opens a comparison of what is selected, ticked, or picked. */
export function registerCompareCommands(
  services: Services,
  open: (references: readonly Reference[]) => void,
): readonly vscode.Disposable[] {
  const { log, selection } = services;
  return [
    registerCommand("savepoint.compare", log, async (target, selected) => {
      await services.projects.whenLoaded();
      const named = referencesOf(services, target, selected);
      const references = named.length >= 2 ? named : await pickReferences(services, named);
      if (references.length > 0) open(references);
    }),
    registerCommand("savepoint.clearSelection", log, () => selection.clear()),
  ];
}

/** Lets a person choose what to compare; what is there already is ticked. Empty when they changed their mind. */
export async function pickReferences(
  services: Services,
  current: readonly Reference[],
): Promise<readonly Reference[]> {
  const ticked = new Set(current.map(referenceKey));
  const items = services.projects.all.flatMap((engine) => {
    const choices = engine.experiments.experiments.map((experiment) => experimentChoice(engine, experiment));
    return choices.map((choice) => ({ ...choice, picked: ticked.has(referenceKey(choice.value)) }));
  });
  const known = new Set(items.map(({ value }) => referenceKey(value)));
  const checkpoints = current
    .filter((reference) => !known.has(referenceKey(reference)))
    .map((reference) => ({
      label: `$(circle-small-filled) ${reference.experiment}@${reference.sequence}`,
      picked: true,
      value: reference,
    }));
  const heading = checkpoints.length === 0 ? [] : [separator(l10n.t("Checkpoints"))];
  const picked = await pickSeveral(
    [
      ...heading,
      ...checkpoints,
      ...(heading.length === 0 ? [] : [separator(l10n.t("Experiments"))]),
      ...items,
    ],
    { title: l10n.t("Compare"), placeholder: l10n.t("Tick two or more experiments") },
  );
  return picked ?? [];
}

/** What the arguments, the selected rows and the ticks name together. */
function referencesOf(
  services: Services,
  target: CheckpointSource | undefined,
  selected: readonly CheckpointSource[] | undefined,
): readonly Reference[] {
  const { projects, selection } = services;
  if (target?.kind === "stage") {
    const engine = projects.byRoot(target.root);
    if (!engine) return [];
    const names = checkpointsOfStage(engine, target.stage).map(({ experiment }) => experiment.name);
    return [...new Set(names)].map((experiment) => ({ root: target.root, experiment, sequence: null }));
  }
  const rows = selected !== undefined && selected.length > 1 ? selected : target ? [target] : [];
  const references = [...rows, ...selection.targets].flatMap((source) => referenceOf(services, source));
  return [...new Map(references.map((reference) => [referenceKey(reference), reference])).values()];
}

function referenceOf({ projects }: Services, source: CheckpointSource): readonly Reference[] {
  if (source.kind !== "experiment" && source.kind !== "checkpoint") return [];
  const found = findCheckpoint(projects, source);
  if (!found.ok) return [];
  const { experiment, checkpoint } = found.value;
  const sequence = source.kind === "checkpoint" ? checkpoint.sequence : null;
  return [{ root: source.root, experiment: experiment.name, sequence }];
}

function experimentChoice(engine: Engine, experiment: Experiment): Choice<Reference> {
  const best = bestOf(engine, experiment);
  const last = experiment.checkpoints.at(-1);
  return {
    label: `$(beaker) ${experiment.name}`,
    description: joined(
      last === undefined ? null : checkpointPlace(last),
      best === null ? null : metricText(best.metric.key, best.value),
    ),
    value: { root: engine.project.root, experiment: experiment.name, sequence: null },
  };
}
