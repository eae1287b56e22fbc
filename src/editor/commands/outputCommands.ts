import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { CheckpointTarget, RunSource } from "../../contract.ts";
import { relativeTime } from "../../engine/compare/present.ts";
import { failure, type Result, success } from "../../engine/result.ts";
import type { Run } from "../../engine/run/run.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { statusText } from "../labels/experimentLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import { pickOne } from "../pickers/pick.ts";
import type { RunOutputs } from "../runOutputs.ts";
import type { Services } from "../services.ts";
import { orShow } from "./choose.ts";
import { type FoundRun, findCheckpoint, findEngine, stagesOf } from "./targets.ts";

/** Shows what a run wrote to its terminal, also long after its end. */
export function registerOutputCommands(
  services: Services,
  outputs: RunOutputs,
): readonly vscode.Disposable[] {
  return [
    registerCommand("savepoint.showOutput", services.log, async (source) => {
      await services.projects.whenLoaded();
      const found = source
        ? await orShow(services, findStartedRun(services, source))
        : await pickRun(services);
      if (found) await outputs.show(found.engine, found.run);
    }),
  ];
}

/** The newest run that a target stands for of which a stage was started. */
function findStartedRun(services: Services, source: RunSource | CheckpointTarget): Result<FoundRun> {
  const engine = findEngine(services.projects, source.root);
  if (!engine.ok) return engine;
  const recorded = source.kind === "checkpoint" ? findCheckpoint(services.projects, source) : null;
  const addresses =
    source.kind === "stage" ? stagesOf(engine.value, source.stage).map(({ address }) => address) : [];
  const isMeant = (run: Run): boolean => {
    switch (source.kind) {
      case "run":
        return run.id === source.run;
      case "queued":
        return run.id === engine.value.queue.entries.find(({ id }) => id === source.id)?.runId;
      case "experiment":
        return run.experiment === source.experiment;
      case "checkpoint":
        return recorded?.ok === true && run.id === recorded.value.checkpoint.run;
      case "stage":
        return run.stages.some(({ stage, launches }) => launches.length > 0 && addresses.includes(stage));
    }
  };
  const run = engine.value.runs.runs.findLast((one) => isStarted(one) && isMeant(one));
  if (run) return success({ engine: engine.value, run });
  return failure(
    "no-output",
    l10n.t("There is no output of it here: it ran on another machine, or too long ago."),
  );
}

async function pickRun(services: Services): Promise<FoundRun | null> {
  const found = services.projects.all.flatMap((engine) =>
    engine.runs.runs.filter(isStarted).map((run) => ({ engine, run })),
  );
  if (found.length === 0) {
    await showProblem({ reason: "no-run", message: l10n.t("Nothing was run here yet.") }, services.log);
    return null;
  }
  const choices = found.toReversed().map((one) => ({
    label: `$(output) ${one.run.experiment}`,
    description: stateText(one.run),
    detail: `${startedStages(one.run).join(", ")} · ${relativeTime(one.run.startedAt, Date.now())}`,
    value: one,
  }));
  return pickOne(choices, { title: l10n.t("Show output"), placeholder: l10n.t("Of which run?") });
}

function isStarted(run: Run): boolean {
  return startedStages(run).length > 0;
}

function startedStages({ stages }: Run): readonly string[] {
  return stages.filter(({ launches }) => launches.length > 0).map(({ stage }) => stage);
}

function stateText(run: Run): string {
  return run.end === null || isLive(run) ? statusText("running") : statusText(run.end.state);
}
