import type * as vscode from "vscode";
import type { CheckpointTarget } from "../contract.ts";
import { Emitter } from "../engine/event.ts";
import { runCommand } from "./base/commands.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { pickReferences, registerCompareCommands } from "./commands/compareCommands.ts";
import { ComparisonPanels } from "./comparison/comparisonPanels.ts";
import type { ComparisonActions, ComparisonSource } from "./comparison/comparisonPorts.ts";
import type { Services } from "./services.ts";

/** Connects the comparison panels with the projects and the commands. */
export function registerComparison(services: Services, extensionUri: vscode.Uri): vscode.Disposable {
  const { projects } = services;
  const owned = new DisposableStore();
  const changed = owned.add(new Emitter<void>());
  owned.add(projects.onDidChange(() => changed.fire()));
  const source: ComparisonSource = {
    get engines() {
      return projects.all;
    },
    get isLoading() {
      return projects.state === "loading";
    },
    onDidChange: changed.event,
  };
  const actions: ComparisonActions = {
    act: (action, target: CheckpointTarget) => runCommand(actionCommands[action], target),
    pick: (current) => pickReferences(services, current),
  };
  const panels = new ComparisonPanels(extensionUri, source, actions);
  owned.addAll(
    panels.register(),
    ...registerCompareCommands(services, (references) => panels.openComparison(references)),
  );
  return owned;
}

const actionCommands = {
  resume: "savepoint.resume",
  fork: "savepoint.fork",
  rewind: "savepoint.rewind",
  apply: "savepoint.apply",
  reveal: "savepoint.reveal",
} as const;
