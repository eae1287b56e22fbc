import { resolve } from "node:path";
import { formatSize } from "../../engine/compare/present.ts";
import type { RestoreChange, RestoreReport } from "../../engine/store/restore.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { printable } from "../table.ts";

/** Lines that are printed of a long list of changed files. */
const longestList = 20;

/** `savepoint apply REF`: a checkpoint's files into the workspace. */
export const apply: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const found = await findCheckpoint(engine, invocation.words[0] ?? "");
    if (!found.ok) return found.problem;
    const scope = invocation.options.outputs === true ? "outputs" : "everything";
    const plan = await engine.planRestore(found.value.checkpoint, scope);
    if (!plan.ok) return plan.problem;
    const { title, changes } = plan.value;
    if (invocation.options["dry-run"] === true) {
      if (invocation.options.json) printJson(terminal, { checkpoint: title, changes });
      else if (changes.length === 0) terminal.print(printable(`The workspace is as it was at ${title}.`));
      else printChanges(terminal, changes);
      return exitCodes.done;
    }
    const restored = await engine.restore(plan.value);
    if (!restored.ok) return restored.problem;
    report(terminal, restored.value, invocation.options.json === true);
    return exitCodes.done;
  });

/** `savepoint undo`: takes the last change of the workspace by Savepoint back. */
export const undo: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const undone = await engine.undoRestore();
    if (!undone.ok) return undone.problem;
    report(terminal, undone.value, invocation.options.json === true);
    return exitCodes.done;
  });

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
