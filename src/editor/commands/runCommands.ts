import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { StageTarget } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import type { FreshRequest } from "../../engine/run/request.ts";
import { registerCommand } from "../base/commands.ts";
import { modifyAndRun } from "../params/modifyAndRun.ts";
import { addToQueue } from "../queue/addToQueue.ts";
import { actOn } from "../resume/actOn.ts";
import type { Services } from "../services.ts";
import { chooseProject, chooseStages, isTrusted, pickCheckpoint } from "./choose.ts";
import { saveEdited, startRun } from "./startRun.ts";

/** Runs from the start, and what can be done with a checkpoint that is picked from a list. */
export function registerRunCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.run", log, async (target) => {
      if (!(await isTrusted())) return;
      // A tree's title button passes the selected row, which is no project.
      const engine = await chooseProject(services, target?.kind === "project" ? target : undefined);
      if (engine) await startRun(services, engine, { verb: "run", stages: [] });
    }),
    registerCommand("savepoint.runStage", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (chosen) await startRun(services, chosen.engine, chosen.request);
    }),
    registerCommand("savepoint.runDownstream", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (chosen) await startRun(services, chosen.engine, { ...chosen.request, reach: "downstream" });
    }),
    registerCommand("savepoint.runSingle", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (chosen) await startRun(services, chosen.engine, { ...chosen.request, reach: "single" });
    }),
    registerCommand("savepoint.runIsolated", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (chosen) await startRun(services, chosen.engine, { ...chosen.request, place: "isolated" });
    }),
    registerCommand("savepoint.addToQueue", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (chosen && (await saveEdited())) await addToQueue(services, chosen.engine, [chosen.request], false);
    }),
    registerCommand("savepoint.modifyParams", log, async (target) => {
      const chosen = await chooseForRun(services, target);
      if (!chosen) return;
      const { engine, request, stages } = chosen;
      const subject = stages.map(({ address }) => address).join(", ");
      const title = l10n.t("Run {0}", subject);
      await modifyAndRun(services, engine, { request, stages, title, subject });
    }),
    registerCommand("savepoint.pickCheckpoint", log, async (target) => {
      const found = await pickCheckpoint(services, target, l10n.t("Training checkpoints"));
      if (found) await actOn(services, found);
    }),
  ];
}

/** The stages to run, with the request for them. */
async function chooseForRun(
  services: Services,
  target: StageTarget | undefined,
): Promise<{
  readonly engine: Engine;
  readonly stages: readonly Stage[];
  readonly request: FreshRequest;
} | null> {
  if (!(await isTrusted())) return null;
  const chosen = await chooseStages(services, target?.kind === "stage" ? target : undefined);
  if (!chosen) return null;
  const stages = chosen.stages.map(({ address }) => address);
  // A stage that is named runs, also when it is up to date.
  return { ...chosen, request: { verb: "run", stages, force: true } };
}
