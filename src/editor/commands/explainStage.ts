import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { Stage, StageCause, StageStatus } from "../../engine/pipeline/stage.ts";
import { registerCommand } from "../base/commands.ts";
import { stageStatusText } from "../labels/stageLabels.ts";
import { pickOne } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { chooseStages } from "./choose.ts";

/** "Why Does It Run?": the reasons one by one, each with the file that it is about. */
export function registerExplainCommand(services: Services): readonly vscode.Disposable[] {
  return [
    registerCommand("savepoint.explainStage", services.log, async (target) => {
      const chosen = await chooseStages(services, target?.kind === "stage" ? target : undefined);
      const [stage] = chosen?.stages ?? [];
      if (chosen && stage) await explain(chosen.engine, stage);
    }),
  ];
}

async function explain(engine: Engine, stage: Stage): Promise<void> {
  const state = await engine.refreshPipeline();
  const causes = causesOf(stage, state.statuses.get(stage.address));
  const file = await pickOne(
    causes.map(({ text, path, before, now }) => ({
      label: `$(${path === null ? "info" : "diff-modified"}) ${text}`,
      ...detailOf(text, before, now),
      value: path ?? stage.file,
    })),
    {
      title: l10n.t("Why does {0} run?", stage.address),
      placeholder: l10n.t(
        "What was recorded when it ran last, and what is there now. Pick one to open its file",
      ),
    },
  );
  if (file === null) return;
  await openCause(engine, stage, file);
}

/** A folder is shown in the explorer; of what is not there, the stage that names it is shown. */
async function openCause(engine: Engine, stage: Stage, file: string): Promise<void> {
  const root = vscode.Uri.file(engine.project.root);
  const uri = vscode.Uri.joinPath(root, file);
  const found = await vscode.workspace.fs.stat(uri).then(
    ({ type }) => type,
    () => null,
  );
  if (found === vscode.FileType.Directory) await vscode.commands.executeCommand("revealInExplorer", uri);
  else if (found !== null && file !== stage.file) await vscode.commands.executeCommand("vscode.open", uri);
  else {
    const { start } = stage.lines;
    const selection = new vscode.Range(start, 0, start, 0);
    await vscode.window.showTextDocument(vscode.Uri.joinPath(root, stage.file), { selection, preview: true });
  }
}

/** What the reason itself does not say. */
function detailOf(text: string, before: string | null, now: string | null): { readonly detail?: string } {
  const isSaid = [before, now].every((value) => value === null || text.includes(value));
  if (isSaid) return {};
  return { detail: l10n.t("then {0}, now {1}", before ?? l10n.t("nothing"), now ?? l10n.t("nothing")) };
}

function causesOf(stage: Stage, status: StageStatus | undefined): readonly StageCause[] {
  if (status?.kind === "changed") return status.causes;
  const text =
    status === undefined
      ? l10n.t("not known yet")
      : stage.frozen
        ? l10n.t("frozen in dvc.yaml: it is not run, not even by force")
        : status.kind === "up-to-date"
          ? l10n.t("up to date: command, dependencies, parameters and outputs are as recorded")
          : stageStatusText(status);
  return [{ text, path: null, before: null, now: null }];
}
