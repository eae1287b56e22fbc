import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Result } from "../../engine/result.ts";
import type { RestorePlan, RestoreReport } from "../../engine/store/restore.ts";
import { pathsOf } from "../../engine/store/undoPoints.ts";
import { registerCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { nameSome, restoreCounts, restoreNames } from "../labels/restoreLabels.ts";
import { workspaceRunOf } from "../labels/runLabels.ts";
import { type Choice, pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { chooseCheckpoint, chooseProject, isTrusted, orShow } from "./choose.ts";
import type { FoundCheckpoint } from "./targets.ts";

/** Brings files of checkpoints back into the workspace, and takes that back. */
export function registerRestoreCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  return [
    registerCommand("savepoint.apply", log, async (source) => {
      if (!(await isTrusted())) return;
      const found = await chooseCheckpoint(services, source, l10n.t("Apply to workspace"));
      if (!found || !(await isIdle(services, found.engine))) return;
      const plan = await choosePlan(services, found);
      if (plan === null) return;
      const report = await orShow(services, await withProgress(() => found.engine.restore(plan)));
      if (report) await offerUndo(services, found.engine, report);
    }),
    registerCommand("savepoint.undoRestore", log, async (target) => {
      if (!(await isTrusted())) return;
      const engine = await chooseProject(services, target?.kind === "project" ? target : undefined);
      if (engine) await undo(services, engine);
    }),
    registerCommand("savepoint.undoEarlier", log, async (target) => {
      if (!(await isTrusted())) return;
      const engine = await chooseProject(services, target?.kind === "project" ? target : undefined);
      if (engine && (await isIdle(services, engine))) await undoEarlier(services, engine);
    }),
  ];
}

/** Files under a running stage are not exchanged. */
async function isIdle(services: Services, engine: Engine): Promise<boolean> {
  const run = workspaceRunOf(engine.runs.runs);
  if (run === null) return true;
  const message = l10n.t("{0} is running and writes to the same files. Stop it first.", run.experiment);
  await showProblem({ reason: "running", message }, services.log);
  return false;
}

/** Says for each extent what would change, before anything is written. */
async function choosePlan(
  services: Services,
  { engine, checkpoint }: FoundCheckpoint,
): Promise<RestorePlan | null> {
  const [outputs, everything] = await withProgress(() =>
    Promise.all([engine.planRestore(checkpoint, "outputs"), engine.planRestore(checkpoint, "everything")]),
  );
  const choices = [
    ...planChoice(outputs, l10n.t("Outputs"), "$(package)"),
    ...planChoice(everything, l10n.t("Everything: code, parameters and outputs"), "$(files)"),
  ];
  if (choices.length === 0) return orShow(services, outputs);
  const title = `${checkpoint.experiment}@${checkpoint.sequence}`;
  return pickOne(choices, {
    title: l10n.t("Apply {0} to the workspace", title),
    placeholder: l10n.t("What should be brought back? What it overwrites is kept for “Undo Last Restore”"),
  });
}

function planChoice(plan: Result<RestorePlan>, label: string, icon: string): readonly Choice<RestorePlan>[] {
  if (!plan.ok) return [];
  const { changes } = plan.value;
  return [
    {
      label: `${icon} ${label}`,
      description: restoreCounts(changes),
      detail: restoreNames(changes),
      value: plan.value,
    },
  ];
}

async function offerUndo(
  services: Services,
  engine: Engine,
  { title, changes }: RestoreReport,
): Promise<void> {
  if (changes.length === 0) {
    void vscode.window.showInformationMessage(l10n.t("The workspace is at {0} already.", title));
    return;
  }
  const undoTitle = l10n.t("Undo");
  const answer = await vscode.window.showInformationMessage(
    l10n.t("The workspace is at {0} now: {1}.", title, restoreCounts(changes)),
    undoTitle,
  );
  if (answer === undoTitle) await undo(services, engine);
}

async function undo(services: Services, engine: Engine): Promise<void> {
  if (!(await isIdle(services, engine))) return;
  const report = await orShow(services, await withProgress(() => engine.undoRestore()));
  if (report) tellUndone(report);
}

/** Lists the safety copies, then says what going back to the chosen one changes, before anything is written. */
async function undoEarlier(services: Services, engine: Engine): Promise<void> {
  const points = await engine.undoPoints();
  if (points.length === 0) {
    const message = l10n.t("There is no restore to take back.");
    await showProblem({ reason: "nothing-to-undo", message }, services.log);
    return;
  }
  const title = l10n.t("Undo Earlier Restore");
  const point = await pickOne(
    points.map((one) => ({
      label: `$(discard) ${l10n.t("before {0}", one.title)}`,
      description: relativeTime(one.createdAt, Date.now()),
      detail: nameSome(pathsOf(engine.project, one)),
      value: one,
    })),
    { title, placeholder: l10n.t("To which state should these files go back?") },
  );
  if (point === null) return;
  const plan = await orShow(services, await withProgress(() => engine.planUndo(point)));
  if (!plan) return;
  const agreed = await pickOne(planChoice({ ok: true, value: plan }, l10n.t("Go back"), "$(discard)"), {
    title: l10n.t("Go back to {0}", plan.title),
    placeholder: l10n.t("What is there now is kept, and can be brought back in the same way"),
  });
  const report = agreed && (await orShow(services, await withProgress(() => engine.restore(agreed))));
  if (report) tellUndone(report);
}

function tellUndone({ title, changes }: RestoreReport): void {
  void vscode.window.showInformationMessage(
    l10n.t("The workspace is at {0} again: {1}.", title, restoreCounts(changes)),
  );
}

function withProgress<Value>(work: () => Promise<Value>): Thenable<Value> {
  return vscode.window.withProgress({ location: { viewId: "savepoint.experiments" } }, work);
}
