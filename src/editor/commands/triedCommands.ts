import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { ExperimentTarget, ParamTarget } from "../../contract.ts";
import { type ParamHistory, paramId, type TriedValue } from "../../engine/compare/paramHistory.ts";
import type { Engine } from "../../engine/engine.ts";
import { registerCommand, runCommand } from "../base/commands.ts";
import { showProblem } from "../base/messages.ts";
import { paramLens, triedCount, triedRow } from "../labels/triedLabels.ts";
import { paramsOf } from "../paramIndex.ts";
import { type Choice, pickOne, separator } from "../pickers/pick.ts";
import { actOn } from "../resume/actOn.ts";
import type { Services } from "../services.ts";
import { chooseProject, orShow } from "./choose.ts";
import { findCheckpoint } from "./targets.ts";

type Picked = { readonly kind: "value"; readonly tried: TriedValue } | { readonly kind: "compare" };

/** Lists what a parameter was tried with; from there to the checkpoint that a value did best at, or to a comparison. */
export function registerTriedCommands(services: Services): readonly vscode.Disposable[] {
  return [
    registerCommand("savepoint.showTriedValues", services.log, async (target) => {
      const engine = await chooseProject(services, target && { kind: "project", root: target.root });
      if (engine === null) return;
      const history = await chooseParam(services, engine, target);
      if (history !== null) await showValues(services, engine, history);
    }),
  ];
}

/** The parameter that is named, or one of those that were tried with several values. */
async function chooseParam(
  services: Services,
  engine: Engine,
  target: ParamTarget | undefined,
): Promise<ParamHistory | null> {
  const histories = paramsOf(engine);
  const named = target && histories.get(paramId(target.file, target.key));
  if (named !== undefined) return named;
  const varied = [...histories.values()].filter(({ values }) => values.length > 1);
  if (target === undefined && varied.length > 0) {
    return pickOne(
      varied.map((history) => ({
        label: `$(symbol-parameter) ${history.key}`,
        description: paramLens(history).title,
        detail: history.file === "params.yaml" ? "" : history.file,
        value: history,
      })),
      { title: l10n.t("Tried values"), placeholder: l10n.t("Of which parameter?") },
    );
  }
  const message =
    target === undefined
      ? l10n.t("No parameter was tried with more than one value yet.")
      : l10n.t("No experiment has the parameter {0} of {1}.", target.key, target.file);
  await showProblem({ reason: "not-tried", message }, services.log);
  return null;
}

async function showValues(services: Services, engine: Engine, history: ParamHistory): Promise<void> {
  const names = [...new Set(history.values.flatMap(({ experiments }) => experiments))];
  const values = history.values.map(
    (tried): Choice<Picked> => ({ ...triedRow(tried, history), value: { kind: "value", tried } }),
  );
  const compare: Choice<Picked> = {
    label: `$(git-compare) ${l10n.t("Compare {0} Experiments", names.length)}`,
    value: { kind: "compare" },
  };
  const picked = await pickOne<Picked>([...values, ...(names.length > 1 ? [separator(""), compare] : [])], {
    title: `${history.key} · ${triedCount(values.length)}`,
    placeholder: l10n.t("Choose a value to go on from its best checkpoint"),
  });
  if (picked === null) return;
  const { root } = engine.project;
  if (picked.kind === "compare") {
    const targets = names.map((experiment): ExperimentTarget => ({ kind: "experiment", root, experiment }));
    await runCommand("savepoint.compare", undefined, targets);
    return;
  }
  const { experiment, sha } = picked.tried.best?.checkpoint ?? picked.tried.newest;
  const found = await orShow(
    services,
    findCheckpoint(services.projects, { kind: "checkpoint", root, experiment, sha }),
  );
  if (found !== null) await actOn(services, found);
}
