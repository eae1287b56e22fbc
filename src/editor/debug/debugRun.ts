import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { numberedName } from "../../engine/compare/names.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { failure, type Result, success } from "../../engine/result.ts";
import { type DebuggedStage, findDebugCommand, withDebugger } from "../../engine/run/debugCommand.ts";
import type { RunRequest } from "../../engine/run/request.ts";
import { isLive } from "../labels/runLabels.ts";
import { debuggerFor } from "./debuggers.ts";
import { freePort } from "./port.ts";
import type { DebugPlace } from "./processDebuggers.ts";

const pollMilliseconds = 150;

/** Whether a stage can be debugged in this window: by its command, and by the extensions that are there. */
export function canDebug({ commands }: Stage): boolean {
  const found = findDebugCommand(commands);
  return found.ok && debuggerFor(found.value.language).ok;
}

/** A name of its own for an experiment that is made while debugging, so that the one it comes from stays as it is. */
export function debugName(engine: Engine, base: string): string {
  const name = `${base.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")}-debug`;
  const taken = new Set(engine.experiments.experiments.map((experiment) => experiment.name));
  return numberedName(name, (candidate) => taken.has(candidate));
}

/**
 * Starts a run whose stage waits for its debugger, and lets the debugger in. Otherwise it is a run like any other: the
 * runner, the environment, checkpoints that are answered and recorded. When the debugger is disconnected, training
 * goes on without it; when it can't get in, the run is stopped, so that nothing waits for ever. `isOpen` says whether the project
 * still is.
 */
export async function startDebugged(
  engine: Engine,
  stage: Stage,
  request: RunRequest,
  isOpen: () => boolean,
): Promise<Result<void>> {
  const found = findDebugCommand(stage.commands);
  if (!found.ok) return found;
  const usable = debuggerFor(found.value.language);
  if (!usable.ok) return usable;
  const place: DebugPlace = {
    port: await freePort(),
    file: join(tmpdir(), `savepoint-debug-${randomUUID()}.json`),
  };
  const debugged: DebuggedStage = {
    stage: stage.address,
    commands: withDebugger(stage.commands, found.value, usable.value.words(place)),
    environment: usable.value.environment(place),
  };
  const started = await engine.runs.start({ ...request, debugged });
  if (!started.ok) return started;
  const { id, experiment } = started.value;
  const isLiving = () => isOpen() && engine.runs.runs.some((run) => run.id === id && isLive(run));
  // What the stage depends on may run before it, for as long as it takes.
  while (!(await usable.value.isWaiting(place))) {
    // A run that ends before tells itself why.
    if (!isLiving()) return success(undefined);
    await delay(pollMilliseconds);
  }
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(engine.project.root));
  const configuration = usable.value.configuration(`${stage.address} · ${experiment}`, place);
  if (await vscode.debug.startDebugging(folder, configuration)) return success(undefined);
  await engine.runs.stop(id, "now");
  return failure(
    "not-attached",
    l10n.t("The debugger could not connect to {0}, so it was stopped.", stage.address),
  );
}
