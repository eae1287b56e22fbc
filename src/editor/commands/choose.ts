import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type {
  CheckpointSource,
  ExperimentTarget,
  ProjectTarget,
  RunSource,
  StageTarget,
} from "../../contract.ts";
import { ownCheckpoints } from "../../engine/compare/lineage.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import type { Result } from "../../engine/result.ts";
import { showProblem } from "../base/messages.ts";
import { bestOf } from "../bestMetric.ts";
import { checkpointPlace } from "../labels/checkpointLabels.ts";
import { metricTexts } from "../labels/metricLabels.ts";
import { joined } from "../labels/rowText.ts";
import { progressText } from "../labels/runLabels.ts";
import { stageStatusText } from "../labels/stageLabels.ts";
import { checkpointChoices } from "../pickers/checkpointChoices.ts";
import { pickOne } from "../pickers/pick.ts";
import { pickFromMany } from "../pickers/pickFromMany.ts";
import type { Services } from "../services.ts";
import {
  checkpointsOfStage,
  type FoundCheckpoint,
  type FoundRun,
  findCheckpoint,
  findEngine,
  findRun,
  liveRuns,
  newestOfEach,
  noCheckpoint,
  stagesOf,
} from "./targets.ts";

/** The value, or `null` after its problem was shown. */
export async function orShow<Value>(services: Services, result: Result<Value>): Promise<Value | null> {
  if (result.ok) return result.value;
  await showProblem(result.problem, services.log);
  return null;
}

/** Says no when the workspace is not trusted: commands stay callable where their buttons are hidden. */
export async function isTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = l10n.t("Manage Workspace Trust");
  const answer = await vscode.window.showWarningMessage(
    l10n.t(
      "Savepoint runs stages and restores checkpoints in trusted workspaces only: stages are commands from the workspace.",
    ),
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

/** The project that is named, the only one, or the one that the person picks. */
export async function chooseProject(
  services: Services,
  target: ProjectTarget | undefined,
): Promise<Engine | null> {
  const { projects } = services;
  await projects.whenLoaded();
  if (target) return orShow(services, findEngine(projects, target.root));
  const [only] = projects.all;
  if (only === undefined) {
    const message = l10n.t(
      "There is no project here yet: open a folder with a Git repository and a dvc.yaml.",
    );
    await showProblem(projects.problem ?? { reason: "no-project", message }, services.log);
    return null;
  }
  if (projects.all.length === 1) return only;
  return pickOne(
    projects.all.map((engine) => ({
      label: `$(folder) ${basename(engine.project.root)}`,
      description: engine.project.root,
      value: engine,
    })),
    { title: l10n.t("Project"), placeholder: l10n.t("Which project?") },
  );
}

/** The stages that are named, or one that the person picks. */
export async function chooseStages(
  services: Services,
  target: StageTarget | undefined,
): Promise<{ readonly engine: Engine; readonly stages: readonly Stage[] } | null> {
  const engine = await chooseProject(services, target && { kind: "project", root: target.root });
  if (engine === null) return null;
  const pipeline = engine.pipeline.pipeline.stages;
  const candidates = target ? stagesOf(engine, target.stage) : pipeline;
  if (target && candidates.length === 1) return { engine, stages: candidates };
  if (candidates.length === 0) {
    const message =
      target === undefined
        ? l10n.t("There is no stage in dvc.yaml yet.")
        : l10n.t("The stage {0} can't be run: see the Problems panel, or save dvc.yaml.", target.stage);
    await showProblem({ reason: "no-stage", message }, services.log);
    return null;
  }
  const all = target
    ? [{ label: `$(run-all) ${l10n.t("All {0}", candidates.length)}`, value: candidates }]
    : [];
  const stages = await pickOne<readonly Stage[]>(
    [
      ...all,
      ...candidates.map((stage) => {
        const status = engine.pipeline.statuses.get(stage.address);
        return {
          label: `$(play) ${stage.address}`,
          description: status ? stageStatusText(status) : "",
          value: [stage],
        };
      }),
    ],
    {
      title: l10n.t("Run Stage"),
      placeholder: l10n.t("Which stage? What it depends on runs before it if it changed"),
    },
  );
  return stages === null ? null : { engine, stages };
}

/** The checkpoint that a command's argument stands for, or one that the person picks. */
export async function chooseCheckpoint(
  services: Services,
  source: CheckpointSource | undefined,
  title: string,
): Promise<FoundCheckpoint | null> {
  await services.projects.whenLoaded();
  if (source === undefined) return pickCheckpoint(services, undefined, title);
  const engine = source.kind === "stage" ? services.projects.byRoot(source.root) : null;
  const generated = engine && source.kind === "stage" ? newestOfEach(engine, source.stage) : [];
  if (generated.length > 1) return pickGenerated(generated, title);
  return orShow(services, findCheckpoint(services.projects, source));
}

/** The newest checkpoint of one of the stages that `foreach` or `matrix` generates. */
function pickGenerated(newest: readonly FoundCheckpoint[], title: string): Promise<FoundCheckpoint | null> {
  const now = Date.now();
  return pickOne(
    newest.map((found) => ({
      label: `$(history) ${found.checkpoint.stage ?? ""}`,
      description: joined(
        checkpointPlace(found.checkpoint),
        ...metricTexts(found.checkpoint, bestOf(found.engine, found.experiment)?.metric.key ?? null, 1),
        relativeTime(found.checkpoint.createdAt, now),
        found.experiment.name,
      ),
      value: found,
    })),
    { title, placeholder: l10n.t("Of which stage? Its newest checkpoint is taken") },
  );
}

/** One of the checkpoints of a stage, of an experiment, or of all, picked by the person. */
export async function pickCheckpoint(
  services: Services,
  target: StageTarget | ExperimentTarget | undefined,
  title: string,
): Promise<FoundCheckpoint | null> {
  const found = checkpointsIn(services, target);
  if (found.length === 0) {
    const message =
      target?.kind === "stage"
        ? noCheckpoint(target.stage)
        : l10n.t("There is no training checkpoint yet. Run an experiment first.");
    await showProblem({ reason: "no-checkpoint", message }, services.log);
    return null;
  }
  return pickFromMany(checkpointChoices(found, Date.now()), {
    title,
    placeholder: l10n.t("Step, metric, experiment …"),
  });
}

/** The live run that a command's argument stands for, the only one, or one that the person picks. */
export async function chooseRun(
  services: Services,
  source: RunSource | undefined,
  title: string,
): Promise<FoundRun | null> {
  if (source) return orShow(services, findRun(services.projects, source));
  const live = liveRuns(services.projects);
  const [only] = live;
  if (live.length < 2) {
    if (!only)
      await showProblem({ reason: "not-running", message: l10n.t("Nothing is running.") }, services.log);
    return only ?? null;
  }
  return pickOne(
    live.map((found) => ({
      label: `$(pulse) ${found.run.experiment}`,
      description: `${found.run.progress.stage ?? ""} ${progressText(found.run.progress)}`,
      value: found,
    })),
    { title, placeholder: l10n.t("Which run?") },
  );
}

function checkpointsIn(
  { projects }: Services,
  target: StageTarget | ExperimentTarget | undefined,
): readonly FoundCheckpoint[] {
  if (target?.kind === "stage") {
    const engine = projects.byRoot(target.root);
    return engine ? byExperiment(checkpointsOfStage(engine, target.stage)) : [];
  }
  if (target?.kind === "experiment") {
    const last = findCheckpoint(projects, target);
    if (!last.ok) return [];
    const { engine, experiment } = last.value;
    return experiment.checkpoints.toReversed().map((checkpoint) => ({ engine, experiment, checkpoint }));
  }
  return projects.all.flatMap((engine) =>
    engine.experiments.experiments.flatMap((experiment) =>
      ownCheckpoints(experiment)
        .toReversed()
        .map((checkpoint) => ({ engine, experiment, checkpoint })),
    ),
  );
}

/** Experiments one after another, each newest first, as the list is divided by experiment. */
function byExperiment(found: readonly FoundCheckpoint[]): readonly FoundCheckpoint[] {
  const groups = new Map<string, FoundCheckpoint[]>();
  for (const one of found) groups.set(one.experiment.ref, [...(groups.get(one.experiment.ref) ?? []), one]);
  return [...groups.values()].flat();
}
