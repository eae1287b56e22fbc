import { formatSize } from "../../engine/compare/present.ts";
import type { Checkpoint } from "../../engine/model.ts";
import { type Command, exitCodes, printJson } from "../command.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { printable } from "../table.ts";

/** Checkpoints that are named of those that a damaged object belongs to. */
const namedCheckpoints = 3;

/** `savepoint verify [REF]`: hashes what is stored again, of one checkpoint or of all. Damage makes it fail. */
export const verify: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const [reference] = invocation.words;
    let checkpoints: readonly Checkpoint[];
    if (reference === undefined) {
      await engine.experiments.refresh();
      checkpoints = engine.experiments.experiments.flatMap((experiment) => experiment.checkpoints);
    } else {
      const found = await findCheckpoint(engine, reference);
      if (!found.ok) return found.problem;
      checkpoints = [found.value.checkpoint];
    }
    const { objects, size, problems } = await engine.verify(checkpoints);
    const found = problems.map(({ outputs, ...problem }) => ({
      ...problem,
      checkpoints: labelsOf(checkpoints, outputs),
    }));
    if (invocation.options.json) printJson(terminal, { objects, size, problems: found });
    else {
      for (const { path, hash, kind, checkpoints: labels } of found) {
        terminal.print(printable(`${kind.padEnd(7)}  ${path} (${hash}) of ${summary(labels)}`));
      }
      const verdict =
        problems.length === 0
          ? "all are as they were recorded."
          : `${problems.length} missing or damaged; pull them from where they are whole, or resume other checkpoints.`;
      terminal.print(`${objects} object${objects === 1 ? "" : "s"}, ${formatSize(size)}: ${verdict}`);
    }
    return problems.length === 0 ? exitCodes.done : exitCodes.failed;
  });

/** The checkpoints that have one of some outputs, by their hashes. */
function labelsOf(checkpoints: readonly Checkpoint[], outputs: readonly string[]): readonly string[] {
  const needing = checkpoints.filter(({ outs }) => outs.some(({ hash }) => outputs.includes(hash)));
  return [...new Set(needing.map(({ experiment, sequence }) => `${experiment}@${sequence}`))];
}

function summary(labels: readonly string[]): string {
  if (labels.length === 0) return "a stage before";
  const rest = labels.length - namedCheckpoints;
  return labels.slice(0, namedCheckpoints).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
