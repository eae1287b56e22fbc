import { tableToCsv, tableToMarkdown } from "../../engine/compare/exportTable.ts";
import { formatNumber, stepLabel } from "../../engine/compare/present.ts";
import { experimentStatus } from "../../engine/compare/status.ts";
import {
  type ComparisonTable,
  cellText,
  comparisonTable,
  type TableRow,
} from "../../engine/compare/table.ts";
import { resolveReference } from "../../engine/store/references.ts";
import { type Command, exitCodes, printJson } from "../command.ts";
import { readMetrics, withEngine } from "../session.ts";
import { formatTable } from "../table.ts";

/** `savepoint compare REF REF…`: params and metrics side by side, only what differs unless `--all`. */
export const compare: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    await engine.experiments.refresh();
    await engine.runs.look();
    const metricOf = await readMetrics(engine);
    const rows: TableRow[] = [];
    for (const word of invocation.words) {
      const found = resolveReference(engine.experiments.experiments, word, metricOf);
      if (!found.ok) return found.problem;
      const status = experimentStatus(found.value.experiment, engine.runs.runs);
      rows.push({ ...found.value, status });
    }
    const table = comparisonTable(rows, { onlyDiffering: invocation.options.all !== true });
    if (invocation.options.json) printJson(terminal, tableJson(table));
    else if (invocation.options.csv) terminal.print(tableToCsv(table).trimEnd());
    else if (invocation.options.md) terminal.print(tableToMarkdown(table).trimEnd());
    else terminal.print(printedTable(table));
    return exitCodes.done;
  });

/** One line a value and one column a checkpoint: names of params are long, and few checkpoints are compared. */
function printedTable(table: ComparisonTable): string {
  const heads = table.rows.map(({ checkpoint }) => `${checkpoint.experiment}@${checkpoint.sequence}`);
  const rows = table.columns.map(({ kind, label }, index) => [
    kind,
    label,
    ...table.rows.map(({ cells }) => {
      const value = cells[index];
      return typeof value === "number" ? formatNumber(value) : value === undefined ? "–" : cellText(value);
    }),
  ]);
  return formatTable(
    [{ title: "" }, { title: "" }, ...heads.map((title) => ({ title, align: "right" as const }))],
    [["", "step", ...table.rows.map(({ checkpoint }) => stepLabel(checkpoint))], ...rows],
  );
}

function tableJson(table: ComparisonTable) {
  return {
    columns: table.columns,
    rows: table.rows.map(({ experiment, checkpoint, status, cells }) => ({
      experiment: experiment.name,
      sequence: checkpoint.sequence,
      sha: checkpoint.sha,
      step: checkpoint.step,
      status,
      values: cells.map((value) => value ?? null),
    })),
  };
}
