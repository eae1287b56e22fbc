import { availableParallelism } from "node:os";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { ProjectTarget, QueuedTarget } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import { registerCommand } from "../base/commands.ts";
import { chooseProject, isTrusted } from "../commands/choose.ts";
import type { Services } from "../services.ts";

/** Most runs at the same time that can be asked for. */
const mostJobs = 64;

/** What can be done with the queue and with what waits in it. */
export function registerQueueCommands(services: Services): readonly vscode.Disposable[] {
  const { log, projects } = services;
  const withQueue = async (target: unknown, work: (engine: Engine) => unknown) => {
    if (!(await isTrusted())) return;
    const engine = await chooseProject(services, asProject(target));
    if (engine) await work(engine);
  };
  const each = async (
    target: QueuedTarget | undefined,
    selected: readonly QueuedTarget[] | undefined,
    work: (engine: Engine, id: string) => unknown,
  ) => {
    for (const { root, id } of rowsOf(target, selected)) {
      const engine = projects.byRoot(root);
      if (engine) await work(engine, id);
    }
  };
  return [
    registerCommand("savepoint.queueStart", log, (target) =>
      withQueue(target, ({ queue }) => queue.start(queue.jobs)),
    ),
    registerCommand("savepoint.queuePause", log, (target) => withQueue(target, ({ queue }) => queue.pause())),
    registerCommand("savepoint.queueJobs", log, (target) =>
      withQueue(target, async ({ queue }) => {
        const jobs = await askJobs(queue.jobs);
        if (jobs !== null) await queue.setJobs(jobs);
      }),
    ),
    registerCommand("savepoint.queueClear", log, (target) =>
      withQueue(target, ({ queue }) => queue.clearFinished()),
    ),
    registerCommand("savepoint.queueMoveUp", log, (target, selected) =>
      each(target, selected, ({ queue }, id) => queue.move(id, neighbours(queue.entries, id).before)),
    ),
    registerCommand("savepoint.queueMoveDown", log, (target, selected) =>
      // From the last one up, so that each finds the next one in its place.
      each(target, selected?.toReversed(), ({ queue }, id) => {
        const { after, afterNext } = neighbours(queue.entries, id);
        return after === null ? undefined : queue.move(id, afterNext);
      }),
    ),
    registerCommand("savepoint.queueCancel", log, (target, selected) =>
      each(target, selected, ({ queue }, id) => queue.cancel(id)),
    ),
  ];
}

/** A view's title button passes the selected row, which is no project. */
function asProject(target: unknown): ProjectTarget | undefined {
  const { kind, root } = (target ?? {}) as { readonly kind?: string; readonly root?: string };
  return (kind === "project" || kind === "queueProject") && root !== undefined
    ? { kind: "project", root }
    : undefined;
}

function rowsOf(
  target: QueuedTarget | undefined,
  selected: readonly QueuedTarget[] | undefined,
): readonly QueuedTarget[] {
  const rows = selected !== undefined && selected.length > 1 ? selected : target ? [target] : [];
  return rows.filter(({ kind }) => kind === "queued");
}

/** The waiting entries around one: the one before it, the one after it, and the one after that. */
function neighbours(entries: Engine["queue"]["entries"], id: string) {
  const ids = entries.filter(({ state }) => state === "waiting").map((entry) => entry.id);
  const at = ids.indexOf(id);
  return { before: ids[at - 1] ?? id, after: ids[at + 1] ?? null, afterNext: ids[at + 2] ?? null };
}

async function askJobs(present: number): Promise<number | null> {
  const typed = await vscode.window.showInputBox({
    title: l10n.t("Queue"),
    prompt: l10n.t("How many runs at the same time? This machine has {0} processors", availableParallelism()),
    value: String(present),
    validateInput: (text) =>
      /^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= mostJobs
        ? null
        : l10n.t("A whole number from 1 to {0}", mostJobs),
  });
  return typed === undefined ? null : Number(typed);
}
