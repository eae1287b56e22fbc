import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import type { Problem } from "../../engine/result.ts";
import { findDebugCommand } from "../../engine/run/debugCommand.ts";
import { stageToContinue } from "../../engine/run/plan.ts";
import type { RunRequest } from "../../engine/run/request.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { offerDebugger } from "../debug/debuggers.ts";
import { debugName, startDebugged } from "../debug/debugRun.ts";
import type { Services } from "../services.ts";
import { chooseCheckpoint, chooseStages, isTrusted, orShow } from "./choose.ts";
import { saveEdited } from "./startRun.ts";

/** Runs under the debugger of the stage's language: from the start, or with the state of a checkpoint restored. */
export function registerDebugCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.debugStage", log, async (target) => {
      if (!(await isTrusted())) return;
      const chosen = await chooseStages(services, target?.kind === "stage" ? target : undefined);
      const stage = chosen?.stages[0];
      if (!chosen || stage === undefined) return;
      const name = debugName(chosen.engine, stage.name);
      await debug(services, chosen.engine, stage, {
        verb: "run",
        stages: [stage.address],
        force: true,
        name,
      });
    }),
    registerCommand("savepoint.debug", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Debug from checkpoint"));
      if (!found) return;
      const { engine, checkpoint } = found;
      const stage = await orShow(services, stageToContinue(engine.pipeline.pipeline.stages, checkpoint));
      if (stage === null) return;
      // A fork: what is tried out under a debugger is no part of the experiment that it looks into.
      const name = debugName(engine, checkpoint.experiment);
      await debug(services, engine, stage, { verb: "fork", checkpoint, force: true, name });
    }),
  ];
}

async function debug(services: Services, engine: Engine, stage: Stage, request: RunRequest): Promise<void> {
  if (!(await saveEdited())) return;
  // What fails under a debugger is to be looked at, not tried again.
  const isOpen = () => services.projects.byRoot(engine.project.root) === engine;
  const started = await startDebugged(engine, stage, { ...request, retries: 0 }, isOpen);
  if (!started.ok) await tell(services, stage, started.problem);
}

async function tell(services: Services, stage: Stage, problem: Problem): Promise<void> {
  const found = findDebugCommand(stage.commands);
  if (problem.reason === "no-debugger" && found.ok) {
    await offerDebugger(found.value.language, problem.message);
  } else await showProblem(problem, services.log);
}
