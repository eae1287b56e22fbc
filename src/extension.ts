import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { AttentionNotifier } from "./editor/attention.ts";
import { DisposableStore } from "./editor/base/disposableStore.ts";
import { inBackground } from "./editor/base/messages.ts";
import { BestValueHints } from "./editor/bestValueHints.ts";
import { registerClientCommands } from "./editor/commands/clientCommands.ts";
import { registerContinueCommands } from "./editor/commands/continueCommands.ts";
import { registerDebugCommands } from "./editor/commands/debugCommands.ts";
import { registerDeleteCommands } from "./editor/commands/deleteCommands.ts";
import { registerExplainCommand } from "./editor/commands/explainStage.ts";
import { registerFileCommands } from "./editor/commands/fileCommands.ts";
import { registerLoadingCommands } from "./editor/commands/loadingCommands.ts";
import { registerOtherCommands } from "./editor/commands/otherCommands.ts";
import { registerOutputCommands } from "./editor/commands/outputCommands.ts";
import { registerRestoreCommands } from "./editor/commands/restoreCommands.ts";
import { registerRunCommands } from "./editor/commands/runCommands.ts";
import { registerRunningCommands } from "./editor/commands/runningCommands.ts";
import { registerTriedCommands } from "./editor/commands/triedCommands.ts";
import { CommitReader } from "./editor/commitInfo.ts";
import { CompareSelection } from "./editor/compareSelection.ts";
import { registerComparison } from "./editor/comparisonHost.ts";
import { ContextState } from "./editor/contextState.ts";
import { PipelineDiagnostics } from "./editor/diagnostics.ts";
import { engineOpener } from "./editor/engineOpener.ts";
import { ExperimentLogs } from "./editor/experimentLog/experimentLogs.ts";
import { FailureNotifier } from "./editor/failureNotifier.ts";
import { CheckpointFileSystem } from "./editor/files/checkpointFileSystem.ts";
import { HoverProvider } from "./editor/hovers/hoverProvider.ts";
import { ChangedInputs } from "./editor/lenses/changedInputs.ts";
import { callSiteLenses, loadSiteLenses, pipelineLenses } from "./editor/lenses/lensKinds.ts";
import { LensProvider } from "./editor/lenses/lensProvider.ts";
import { paramLenses } from "./editor/lenses/paramLenses.ts";
import { PatternSetting } from "./editor/lenses/patternSetting.ts";
import { ProjectFiles } from "./editor/projectFiles.ts";
import { Projects } from "./editor/projects.ts";
import { createPublicApi, type SavepointApi } from "./editor/publicApi.ts";
import { registerQuestionCommands } from "./editor/questions/questionCommands.ts";
import { QuestionNotifier } from "./editor/questions/questionNotifier.ts";
import { registerQueueCommands } from "./editor/queue/queueCommands.ts";
import { QueueView } from "./editor/queue/queueView.ts";
import { ChangesDiff } from "./editor/resume/changesDiff.ts";
import { RunOutputs } from "./editor/runOutputs.ts";
import type { Services } from "./editor/services.ts";
import { StageGutter } from "./editor/stageGutter.ts";
import { StatusBar } from "./editor/statusBar.ts";
import { registerStageTasks } from "./editor/tasks/stageTasks.ts";
import { ExperimentsView } from "./editor/views/experimentsView.ts";
import { PipelineView } from "./editor/views/pipelineView.ts";

/** Everything that lives as long as the extension. */
let owned: DisposableStore | null = null;

/** Composes and registers; reading projects goes on after it has returned. */
export function activate(context: vscode.ExtensionContext): SavepointApi {
  if (vscode.l10n.bundle) l10n.config({ contents: vscode.l10n.bundle });
  const store = new DisposableStore();
  owned = store;
  const log = store.add(vscode.window.createOutputChannel("Savepoint", { log: true }));
  const projects = store.add(new Projects(engineOpener(context), log));
  const selection = store.add(new CompareSelection());
  const changes = store.add(new ChangesDiff(projects, log));
  const services: Services = { log, projects, selection, changes };
  const patterns = store.add(new PatternSetting(log));
  const inputs = store.add(new ChangedInputs(log));
  const experiments = new ExperimentsView(projects, selection, new CommitReader());
  const logs = new ExperimentLogs(projects);
  const outputs = new RunOutputs(projects);
  store.addAll(
    experiments,
    logs,
    outputs,
    new ContextState(services),
    new ProjectFiles(projects, log),
    new CheckpointFileSystem(projects),
    new PipelineView(projects),
    new QueueView(projects),
    new PipelineDiagnostics(projects),
    new LensProvider(projects, pipelineLenses(inputs)),
    new LensProvider(projects, callSiteLenses(patterns, inputs)),
    new LensProvider(projects, loadSiteLenses(inputs)),
    new LensProvider(projects, paramLenses),
    new HoverProvider(projects),
    new BestValueHints(projects),
    new StageGutter(projects, context.extensionUri),
    new StatusBar(services),
    new AttentionNotifier(projects, log),
    new FailureNotifier(projects, log),
    new QuestionNotifier(services),
    registerStageTasks(projects),
    registerComparison(services, context.extensionUri),
    ...registerRunCommands(services),
    ...registerContinueCommands(services),
    ...registerQueueCommands(services),
    ...registerLoadingCommands(services, context.globalStorageUri),
    ...registerRunningCommands(services),
    ...registerOutputCommands(services, outputs),
    ...registerExplainCommand(services),
    ...registerQuestionCommands(services),
    ...registerRestoreCommands(services),
    ...registerDeleteCommands(services),
    ...registerFileCommands(services, logs),
    ...registerDebugCommands(services),
    ...registerTriedCommands(services),
    ...registerClientCommands(services, context.extensionUri),
    ...registerOtherCommands(services, experiments),
  );
  inBackground(projects.find(), "Looking for projects", log);
  return createPublicApi(String(context.extension.packageJSON.version), projects);
}

export function deactivate(): void {
  owned?.dispose();
  owned = null;
}
