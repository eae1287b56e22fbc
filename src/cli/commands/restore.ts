import { resolve } from "node:path";
import { formatSize, relativeTime } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Problem, Result } from "../../engine/result.ts";
import type { RestoreChange, RestorePlan, RestoreReport } from "../../engine/store/restore.ts";
import { pathsOf, type UndoPoint } from "../../engine/store/undoPoints.ts";
import type { Invocation } from "../arguments.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { formatTable, printable } from "../table.ts";

/** Lines that are printed of a long list of changed files. */
const longestList = 20;

/** `savepoint apply REF`: a checkpoint's files into the workspace. */
export const apply: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const found = await findCheckpoint(engine, invocation.words[0] ?? "");
    if (!found.ok) return found.problem;
    const scope = invocation.options.outputs === true ? "outputs" : "everything";
    return carryOut(engine, await engine.planRestore(found.value.checkpoint, scope), invocation, terminal);
  });

/** `savepoint undo [NUMBER]`: takes the last change of the workspace by Savepoint back, or an earlier one. */
export const undo: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const points = await engine.undoPoints();
    if (invocation.options.list === true) return list(engine, points, invocation, terminal);
    if (points.length === 0)
      return { reason: "nothing-to-undo", message: "There is no restore to take back." };
    const word = invocation.words[0] ?? "1";
    const point = /^\d+$/.test(word) ? points[Number(word) - 1] : undefined;
    if (point === undefined) {
      const range = points.length === 1 ? "1" : `1 to ${points.length}`;
      return { reason: "usage", message: `savepoint undo takes a number of savepoint undo --list: ${range}` };
    }
    return carryOut(engine, await engine.planUndo(point), invocation, terminal);
  });

async function carryOut(
  engine: Engine,
  plan: Result<RestorePlan>,
  { options }: Invocation,
  terminal: Terminal,
): Promise<number | Problem> {
  if (!plan.ok) return plan.problem;
  const { title, changes, checkpoint } = plan.value;
  if (options["dry-run"] === true) {
    if (options.json) printJson(terminal, { [checkpoint === null ? "undo" : "checkpoint"]: title, changes });
    else if (changes.length === 0) terminal.print(printable(`The workspace is as it was at ${title}.`));
    else printChanges(terminal, changes);
    return exitCodes.done;
  }
  const restored = await engine.restore(plan.value);
  if (!restored.ok) return restored.problem;
  report(terminal, restored.value, options.json === true);
  return exitCodes.done;
}

/** What can be taken back, newest first. */
function list(
  { project }: Engine,
  points: readonly UndoPoint[],
  { options }: Invocation,
  terminal: Terminal,
): number {
  const shown = points.map((point, index) => ({
    number: index + 1,
    before: point.title,
    createdAt: point.createdAt,
    ref: point.ref,
    paths: pathsOf(project, point),
  }));
  if (options.json) printJson(terminal, { undo: shown });
  else if (shown.length === 0) terminal.print("There is no restore to take back.");
  else {
    const rows = shown.map(({ number, before, createdAt, paths }) => [
      String(number),
      relativeTime(createdAt, terminal.now),
      before,
      paths.length > 3 ? `${paths.slice(0, 3).join(", ")}, …` : paths.join(", "),
    ]);
    const columns = [
      { title: "#", align: "right" as const },
      { title: "WHEN" },
      { title: "BACK TO BEFORE" },
      { title: "FILES" },
    ];
    terminal.print(formatTable(columns, rows));
  }
  return exitCodes.done;
}

/** `savepoint export REF DIRECTORY`: a checkpoint's files into a folder of their own. */
export const exportFiles: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const [reference = "", folder = ""] = invocation.words;
    const found = await findCheckpoint(engine, reference);
    if (!found.ok) return found.problem;
    const directory = resolve(invocation.directory, folder);
    const exported = await engine.exportCheckpoint(found.value.checkpoint, directory);
    if (!exported.ok) return exported.problem;
    const { files } = exported.value;
    if (invocation.options.json) printJson(terminal, { directory, files });
    else terminal.print(`Wrote ${files} file${files === 1 ? "" : "s"} to ${printable(directory)}.`);
    return exitCodes.done;
  });

function report(terminal: Terminal, restored: RestoreReport, asJson: boolean): void {
  const { title, changes, undoRef } = restored;
  if (asJson) printJson(terminal, { restored: title, changes, undo: undoRef });
  else if (changes.length === 0)
    terminal.print(printable(`Nothing to do: the workspace is as it was at ${title}.`));
  else {
    printChanges(terminal, changes);
    terminal.print(printable(`The workspace is at ${title}. savepoint undo takes this back.`));
  }
}

function printChanges(terminal: Terminal, changes: readonly RestoreChange[]): void {
  for (const { action, path, size } of changes.slice(0, longestList)) {
    const bytes = size === null ? "" : ` (${formatSize(size)})`;
    terminal.print(`${action.padEnd(7)}  ${printable(path)}${bytes}`);
  }
  if (changes.length > longestList) terminal.print(`… and ${changes.length - longestList} more files`);
}
