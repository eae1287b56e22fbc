import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { ContinuedRequest, FreshRequest, RunRequest } from "../../engine/run/request.ts";
import { runCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import type { Services } from "../services.ts";

/** Saves what a person edits, then starts a run; its problem is shown. */
export async function startRun(services: Services, engine: Engine, request: RunRequest): Promise<void> {
  if (!(await saveEdited())) return;
  const started = await vscode.window.withProgress({ location: { viewId: "savepoint.experiments" } }, () =>
    engine.runs.start(request),
  );
  if (started.ok) return;
  const { problem } = started;
  if (problem.reason === "up-to-date" && request.verb === "run") {
    await offerToForce(services, engine, request, problem.message);
  } else if (problem.reason === "load-changed" && request.verb === "run") {
    await askForConsent(services, engine, request, problem.message);
  } else if (problem.reason === "stage-missing" && request.verb !== "run") {
    await offerFiles(engine, request, problem.message);
  } else if (problem.reason === "invalid-stage") {
    await pointAtProblems(problem.message);
  } else await showProblem(problem, services.log);
}

/**
 * Saves the editors, as for every task: what the person sees in them is what runs, unless they chose otherwise.
 * `false` when saving was cancelled.
 */
export async function saveEdited(): Promise<boolean> {
  const saves = vscode.workspace.getConfiguration("task").get("saveBeforeRun") !== "never";
  return !saves || (await vscode.workspace.saveAll(false));
}

/** A pipeline file has a mistake: the Problems panel leads to its place. */
async function pointAtProblems(message: string): Promise<void> {
  const show = l10n.t("Show Problems");
  if ((await vscode.window.showErrorMessage(message, show)) === show) {
    await vscode.commands.executeCommand("workbench.actions.view.problems");
  }
}

/** What would be loaded was made with something else than there is now: a person decides. */
async function askForConsent(
  services: Services,
  engine: Engine,
  request: FreshRequest,
  detail: string,
): Promise<void> {
  const load = l10n.t("Load It");
  const fresh = l10n.t("Start Fresh");
  const question = l10n.t("Something changed since the checkpoint that would be loaded. Go on from it?");
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, load, fresh);
  if (answer === load) await startRun(services, engine, { ...request, acceptChanges: true });
  if (answer === fresh) await startRun(services, engine, { ...request, policy: "fresh" });
}

/** The stage of a checkpoint is gone from dvc.yaml: its own code still has it, and its files are there to be had. */
async function offerFiles(engine: Engine, { checkpoint }: ContinuedRequest, message: string): Promise<void> {
  const { experiment, sha } = checkpoint;
  const target = { kind: "checkpoint", root: engine.project.root, experiment, sha } as const;
  const ownCode = l10n.t("Fork with Its Own Code");
  const apply = l10n.t("Apply to Workspace…");
  const answer = await vscode.window.showErrorMessage(message, ownCode, apply);
  if (answer === ownCode) await runCommand("savepoint.forkOwnCode", target);
  if (answer === apply) await runCommand("savepoint.apply", target);
}

/** Nothing would run: that is worth a question, not an error. */
async function offerToForce(
  services: Services,
  engine: Engine,
  request: FreshRequest,
  message: string,
): Promise<void> {
  const anyway = l10n.t("Run Anyway");
  const answer = await vscode.window.showInformationMessage(message, anyway);
  if (answer === anyway) await startRun(services, engine, { ...request, force: true });
}
