import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { RunSource } from "../../contract.ts";
import { askAboutAttention } from "../attention.ts";
import { registerCommand, runCommand } from "../base/commands.ts";
import type { Services } from "../services.ts";
import { revealTerminal, terminalTitle } from "../tasks/taskLauncher.ts";
import { chooseRun, orShow } from "./choose.ts";

/** What can be done with a run while it goes on. */
export function registerRunningCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  const stop = async (source: RunSource | undefined, when: "now" | "after-next-checkpoint") => {
    const found = await chooseRun(services, source, l10n.t("Stop"));
    if (found) await orShow(services, await found.engine.runs.stop(found.run.id, when));
  };
  return [
    registerCommand("savepoint.stop", log, (source) => stop(source, "now")),
    registerCommand("savepoint.stopAfterCheckpoint", log, (source) => stop(source, "after-next-checkpoint")),
    registerCommand("savepoint.recordNow", log, async (source) => {
      const found = await chooseRun(services, source, l10n.t("Record checkpoint now"));
      if (found) await orShow(services, await found.engine.runs.recordNow(found.run.id));
    }),
    registerCommand("savepoint.decide", log, async (source) => {
      const found = await chooseRun(services, source, l10n.t("Decide"));
      if (found) await askAboutAttention(found.engine, found.run);
    }),
    registerCommand("savepoint.showTerminal", log, async (source) => {
      const found = await chooseRun(services, source, l10n.t("Show terminal"));
      if (!found) return;
      const { run } = found;
      if (found.engine.runs.reveal(run.id)) return;
      // An adopted run's terminal was opened before the reload.
      const stage = run.progress.stage ?? run.stages[0]?.stage ?? "";
      if (revealTerminal(terminalTitle(stage, run.experiment))) return;
      // Its terminal is in another window or went with the reload: what it writes is here to be read all the same.
      await runCommand("savepoint.showOutput", { kind: "run", root: found.engine.project.root, run: run.id });
    }),
  ];
}
