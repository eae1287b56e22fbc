import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { CheckpointTarget, CommandId } from "../../contract.ts";
import type { FoundCheckpoint } from "../commands/targets.ts";
import { experimentKey } from "../experimentKey.ts";
import { checkpointReference } from "../labels/checkpointLabels.ts";
import { joined } from "../labels/rowText.ts";
import { type Choice, pickOne, separator } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { asChoices, carryOut, factsOf } from "./continueFrom.ts";
import { type ResumeAnswer, resumeItems } from "./resumeItems.ts";

type Action = ResumeAnswer | { readonly kind: "command"; readonly command: CommandId };

/** What can be done with a checkpoint that was picked from a list, with what going on from it would mean. */
export async function actOn(services: Services, found: FoundCheckpoint): Promise<void> {
  const { engine, experiment, checkpoint } = found;
  const facts = vscode.workspace.isTrusted ? await factsOf(found, "resume", "as-is") : null;
  const action = await pickOne<Action>(
    [
      ...(facts === null ? [] : asChoices(resumeItems(facts))),
      ...otherActions(checkpointReference(checkpoint)),
    ],
    {
      title: joined(experiment.name, facts?.place),
      placeholder: l10n.t("What should happen with this checkpoint?"),
    },
  );
  if (action === null) return;
  if (action.kind !== "command") {
    await carryOut(services, found, action);
    return;
  }
  const target: CheckpointTarget = {
    kind: "checkpoint",
    root: engine.project.root,
    experiment: experimentKey(engine.experiments.experiments, experiment),
    sha: checkpoint.sha,
  };
  await vscode.commands.executeCommand(action.command, target);
}

function otherActions(reference: string): readonly (Choice<Action> | vscode.QuickPickItem)[] {
  const action = (icon: string, label: string, description: string, command: CommandId): Choice<Action> => ({
    label: `$(${icon}) ${label}`,
    description,
    value: { kind: "command", command },
  });
  return [
    separator(l10n.t("With its files and values")),
    action("git-compare", l10n.t("Compare…"), l10n.t("with another one"), "savepoint.compare"),
    action(
      "desktop-download",
      l10n.t("Apply to Workspace…"),
      l10n.t("bring its files back"),
      "savepoint.apply",
    ),
    action("go-to-file", l10n.t("Open File…"), l10n.t("as it was then"), "savepoint.openFile"),
    action("copy", l10n.t("Copy Reference"), reference, "savepoint.copyReference"),
  ];
}
