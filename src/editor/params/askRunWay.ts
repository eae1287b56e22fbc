import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Engine } from "../../engine/engine.ts";
import type { RunRequest } from "../../engine/run/request.ts";
import { manyRuns } from "../../engine/sweep/sweep.ts";
import { runCount } from "../labels/changeLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import { type Choice, pickOne, separator } from "../pickers/pick.ts";

/** How runs come to run: one at once, or all by the queue, which may wait to be started. */
export type RunWay =
  | {
      readonly kind: "now";
      readonly place: "workspace" | "isolated";
      readonly code: "workspace" | "checkpoint";
    }
  | { readonly kind: "queue"; readonly isStarted: boolean; readonly code: "workspace" | "checkpoint" };

/** Asks how the runs of a request shall run; `null` when the person changed their mind. */
export async function askRunWay(
  engine: Engine,
  request: RunRequest,
  count: number,
  title: string,
): Promise<RunWay | null> {
  const ways =
    request.verb === "run"
      ? waysFor(engine, count, "workspace")
      : [
          separator(l10n.t("With the current code")),
          ...waysFor(engine, count, "workspace"),
          separator(l10n.t("With the checkpoint's own code")),
          ...waysFor(engine, count, "checkpoint"),
        ];
  const way = await pickOne<RunWay>(ways, {
    title,
    placeholder: count === 1 ? l10n.t("Where shall it run?") : l10n.t("When shall the {0} runs go?", count),
  });
  return way !== null && (await isMeant(count)) ? way : null;
}

function waysFor(engine: Engine, count: number, code: "workspace" | "checkpoint"): readonly Choice<RunWay>[] {
  const { queue, runs } = engine;
  const waiting = queue.entries.filter(({ state }) => state === "waiting").length;
  const jobs = queue.jobs === 1 ? l10n.t("one at a time") : l10n.t("{0} at a time", queue.jobs);
  const isBusy = runs.runs.some((run) => isLive(run) && run.place === "workspace");
  const here: Choice<RunWay> = {
    label: `$(play) ${l10n.t("Run Here")}`,
    description: l10n.t("in the workspace, whose params files are changed"),
    value: { kind: "now", place: "workspace", code },
  };
  const isolated: Choice<RunWay> = {
    label: `$(vm) ${l10n.t("Run Isolated")}`,
    description: l10n.t("in a worktree of its own; the workspace stays as it is"),
    value: { kind: "now", place: "isolated", code },
  };
  const queued: Choice<RunWay> = {
    label: `$(list-ordered) ${count === 1 ? l10n.t("Add to Queue") : l10n.t("Queue {0} Runs", count)}`,
    description: queue.isPaused
      ? l10n.t("start the queue when you like")
      : l10n.t("after {0}", runCount(waiting)),
    value: { kind: "queue", isStarted: false, code },
  };
  const started: Choice<RunWay> = {
    label: `$(run-all) ${l10n.t("Queue {0} Runs and Start", count)}`,
    description: l10n.t("isolated, {0}", jobs),
    value: { kind: "queue", isStarted: true, code },
  };
  if (count > 1) return [started, queued];
  return isBusy || code === "checkpoint" ? [isolated, queued] : [here, isolated, queued];
}

/** Very many runs may come of a slip of the finger. */
async function isMeant(count: number): Promise<boolean> {
  if (count <= manyRuns) return true;
  const yes = l10n.t("Queue {0} Runs", count);
  const message = l10n.t("These values make {0}. Queue them all?", runCount(count));
  return (await vscode.window.showWarningMessage(message, { modal: true }, yes)) === yes;
}

/** The request, to run in that way. */
export function withWay(request: RunRequest, way: RunWay): RunRequest {
  const place = way.kind === "queue" ? "isolated" : way.place;
  return request.verb === "run" ? { ...request, place } : { ...request, place, code: way.code };
}
