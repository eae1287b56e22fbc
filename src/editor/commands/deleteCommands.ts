import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { CheckpointSource } from "../../contract.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import type { RemovedExperiment } from "../../engine/store/removal.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { checkpointCount } from "../labels/lensLabels.ts";
import { joined } from "../labels/rowText.ts";
import { pickSeveral } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { chooseProject, isTrusted, orShow } from "./choose.ts";
import { findCheckpoint } from "./targets.ts";

/** Experiments of one project that are to go. */
interface Chosen {
  readonly engine: Engine;
  readonly experiments: readonly Experiment[];
}

/** More names than these are counted in a question. */
const namesShown = 3;

/** Deletes experiments, and brings deleted ones back. */
export function registerDeleteCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.deleteExperiment", log, async (target, selected) => {
      if (!(await isTrusted())) return;
      const chosen = await choose(services, target, selected);
      if (chosen === null || chosen.experiments.length === 0 || !(await isMeant(chosen))) return;
      const removed = await orShow(services, await chosen.engine.removeExperiments(chosen.experiments));
      if (removed !== null) await offerUndo(services, chosen.engine, removed);
    }),
    registerCommand("savepoint.bringBack", log, async (target) => {
      if (!(await isTrusted())) return;
      const engine = await chooseProject(services, target);
      if (engine) await pickRemoved(services, engine);
    }),
  ];
}

/** The selected rows when the one that was clicked is among several, else that one, else what the person picks. */
async function choose(
  services: Services,
  target: CheckpointSource | undefined,
  selected: readonly CheckpointSource[] | undefined,
): Promise<Chosen | null> {
  await services.projects.whenLoaded();
  if (target === undefined) return pickExperiments(services);
  const rows = selected !== undefined && selected.length > 1 ? selected : [target];
  const ofProject = rows.filter(({ kind, root }) => kind === "experiment" && root === target.root);
  const experiments: Experiment[] = [];
  for (const row of ofProject) {
    const found = await orShow(services, findCheckpoint(services.projects, row));
    if (found === null) return null;
    experiments.push(found.experiment);
  }
  const engine = services.projects.byRoot(target.root);
  return engine ? { engine, experiments } : null;
}

async function pickExperiments(services: Services): Promise<Chosen | null> {
  const engine = await chooseProject(services, undefined);
  if (engine === null) return null;
  const experiments = await pickSeveral(
    engine.experiments.experiments.map((experiment) => ({
      label: `$(beaker) ${experiment.name}`,
      description: joined(
        checkpointCount(experiment.checkpoints.length),
        relativeTime(experiment.checkpoints.at(-1)?.createdAt ?? experiment.createdAt, Date.now()),
      ),
      value: experiment,
    })),
    { title: l10n.t("Delete Experiment"), placeholder: l10n.t("Which experiments?") },
  );
  return experiments && { engine, experiments };
}

async function isMeant({ experiments }: Chosen): Promise<boolean> {
  const [only] = experiments;
  const question =
    only !== undefined && experiments.length === 1
      ? l10n.t("Delete {0} with its {1}?", only.name, checkpointCount(only.checkpoints.length))
      : l10n.t("Delete {0} experiments: {1}?", experiments.length, nameList(experiments));
  const detail = l10n.t(
    "Forks keep the checkpoints that they share. For 30 days “Bring Back Deleted Experiment” undoes this.",
  );
  const yes = l10n.t("Delete");
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

async function offerUndo(
  services: Services,
  engine: Engine,
  removed: readonly RemovedExperiment[],
): Promise<void> {
  const undo = l10n.t("Undo");
  const answer = await vscode.window.showInformationMessage(l10n.t("Deleted {0}.", nameList(removed)), undo);
  if (answer === undo) await orShow(services, await engine.bringBack(removed));
}

async function pickRemoved(services: Services, engine: Engine): Promise<void> {
  const removed = await engine.removedExperiments();
  if (removed.length === 0) {
    const message = l10n.t("No deleted experiment can be brought back. They are kept for 30 days.");
    await showProblem({ reason: "nothing-to-undo", message }, services.log);
    return;
  }
  const chosen = await pickSeveral(
    removed.map((experiment) => ({
      label: `$(beaker) ${experiment.name}`,
      description: joined(l10n.t("deleted"), relativeTime(experiment.removedAt, Date.now())),
      // What was deleted last is most likely what is missed.
      picked: experiment.removedAt === removed[0]?.removedAt,
      value: experiment,
    })),
    { title: l10n.t("Bring Back Deleted Experiment"), placeholder: l10n.t("Which experiments?") },
  );
  if (chosen !== null && chosen.length > 0) await orShow(services, await engine.bringBack(chosen));
}

/** `amber-heron, calm-otter, dry-finch and 4 more` */
function nameList(experiments: readonly { readonly name: string }[]): string {
  const names = experiments.slice(0, namesShown).map(({ name }) => name);
  const rest = experiments.length - names.length;
  return rest === 0 ? names.join(", ") : l10n.t("{0} and {1} more", names.join(", "), rest);
}
