import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import { registerCommand } from "../base/commands.ts";
import { continueFrom } from "../resume/continueFrom.ts";
import type { ContinuingVerb, ContinuingWay } from "../resume/resumeFacts.ts";
import type { Services } from "../services.ts";
import { chooseCheckpoint, isTrusted } from "./choose.ts";

const verbs = ["resume", "fork", "rewind"] as const;
const ways = { "": "as-is", WithParams: "changed-params", OwnCode: "own-code" } as const;

/** The three verbs that begin at a checkpoint, each in three ways, and from the diff that a person looks at. */
export function registerContinueCommands(services: Services): readonly vscode.Disposable[] {
  const { log } = services;
  return verbs.flatMap((verb) => [
    ...(["", "WithParams", "OwnCode"] as const).map((suffix) =>
      registerCommand(`savepoint.${verb}${suffix}`, log, async (...[source]) => {
        if (!(await isTrusted())) return;
        const found = await chooseCheckpoint(services, source, pickerTitle(verb, ways[suffix]));
        if (found) await continueFrom(services, found, verb, ways[suffix]);
      }),
    ),
    registerCommand(`savepoint.${verb}Reviewed`, log, async () => {
      const found = services.changes.active;
      if (found && (await isTrusted())) await continueFrom(services, found, verb, "as-is", true);
    }),
  ]);
}

function pickerTitle(verb: ContinuingVerb, way: ContinuingWay): string {
  const titles = {
    resume: l10n.t("Resume from checkpoint"),
    fork: l10n.t("Fork from checkpoint"),
    rewind: l10n.t("Rewind to checkpoint"),
  };
  switch (way) {
    case "as-is":
      return titles[verb];
    case "changed-params":
      return l10n.t("{0} with changed parameters", titles[verb]);
    case "own-code":
      return l10n.t("{0} with its own code", titles[verb]);
  }
}
