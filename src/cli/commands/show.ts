import { goalsOfStages } from "../../engine/compare/best.ts";
import {
  type LineSeam,
  type MetricSeam,
  seamOfRun,
  seamSummary,
  seamsOf,
} from "../../engine/compare/lineSeams.ts";
import { checkpointJson } from "../../engine/compare/listJson.ts";
import { formatNumber, formatSize, formatTime, stepLabel } from "../../engine/compare/present.ts";
import { cellText } from "../../engine/compare/table.ts";
import { flatten } from "../../engine/compare/values.ts";
import type { Engine } from "../../engine/engine.ts";
import { type DriftItem, driftItemText } from "../../engine/environment/drift.ts";
import { environmentSummary } from "../../engine/environment/environment.ts";
import type { Answer, Checkpoint, Environment, ValuesByFile } from "../../engine/model.ts";
import { loadPipeline } from "../../engine/pipeline/load.ts";
import type { Problem } from "../../engine/result.ts";
import { answerText } from "../../engine/signal/question.ts";
import { hasObject, openCache } from "../../engine/store/cache.ts";
import type { Invocation } from "../arguments.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { findRun, launchesJson, launchLines } from "../runLines.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { printable } from "../table.ts";

/** `savepoint show REF`: all that is known of one checkpoint. */
export const show: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    if (invocation.options.log) return showOutput(engine, terminal, invocation);
    const found = await findCheckpoint(engine, invocation.words[0] ?? "");
    if (!found.ok) return found.problem;
    const { checkpoint, experiment } = found.value;
    const { recorded: environment, items: drift } = await engine.driftSince(experiment, checkpoint);
    const goalOf = goalsOfStages((await loadPipeline(engine.project)).stages);
    const seam = seamOfRun(seamsOf(experiment, engine.experiments.experiments, goalOf), checkpoint);
    await engine.runs.look();
    const run = engine.runs.runs.find(({ id }) => id === checkpoint.run);
    if (invocation.options.json) {
      const cache = await openCache(engine.project);
      const isAvailable = (output: Checkpoint["outs"][number]) =>
        output.cached ? hasObject(cache, output.hash, output.legacy) : true;
      printJson(terminal, {
        experiment: experiment.name,
        checkpoint: checkpointJson(checkpoint, { isAvailable }),
        progress: checkpoint.progress ?? null,
        launches: run ? launchesJson(run) : [],
        environment,
        drift,
        seam: seam?.metrics.map(seamJson) ?? [],
      });
    } else {
      const more = [...(run ? launchLines(run) : []), ...environmentLines(environment, drift)];
      printCheckpoint(terminal, checkpoint, more, seam);
    }
    return exitCodes.done;
  });

/** Prints what a run wrote to its terminal. */
async function showOutput(
  engine: Engine,
  terminal: Terminal,
  { words, options }: Invocation,
): Promise<number | Problem> {
  const run = await findRun(engine, words[0] ?? "");
  if (!run.ok) return run.problem;
  const output = await engine.readOutput(run.value);
  if (!output.ok) return output.problem;
  const { id, experiment, state } = run.value;
  if (options.json) printJson(terminal, { run: id, experiment, state, output: output.value });
  else terminal.print(output.value.replace(/\n$/, ""));
  return exitCodes.done;
}

type Line = readonly [string, string];

/** Characters that are printed of one value. */
const longestText = 500;

function printCheckpoint(
  terminal: Terminal,
  checkpoint: Checkpoint,
  environment: readonly Line[],
  seam: LineSeam | null,
): void {
  const { resumedFrom, stage, outs, annotations } = checkpoint;
  const lines: Line[] = [
    ["checkpoint", `${checkpoint.experiment}@${checkpoint.sequence} · ${stepLabel(checkpoint)}`],
    ["commit", checkpoint.sha],
    ["recorded", `${formatTime(checkpoint.createdAt)} UTC, ${checkpoint.kind}${stage ? ` of ${stage}` : ""}`],
    ...(resumedFrom ? [["from", `${resumedFrom.experiment}@${resumedFrom.sequence}`] as const] : []),
    ...(seam ? [["seam", seamSummary(seam)] as const] : []),
    ...(checkpoint.question ? [["asks", checkpoint.question.question] as const] : []),
    ...(annotations.answer ? [["answer", givenText(annotations.answer)] as const] : []),
    ...progressLines(checkpoint),
    ...(annotations.note ? [["note", annotations.note] as const] : []),
    ...(annotations.tags.length > 0 ? [["tags", annotations.tags.join(", ")] as const] : []),
    ...(checkpoint.warning ? [["warning", checkpoint.warning] as const] : []),
    ...valueLines("metric", checkpoint.metrics),
    ...valueLines("param", checkpoint.params),
    ...outs.map(
      (output) =>
        ["output", `${output.path}${output.size === null ? "" : ` (${formatSize(output.size)})`}`] as const,
    ),
    ...Object.entries(checkpoint.metadata).map(
      ([key, value]) => ["metadata", `${key} = ${cellText(value)}`] as const,
    ),
  ];
  lines.push(...environment);
  const width = Math.max(...lines.map(([left]) => left.length));
  for (const [left, right] of lines) terminal.print(`${left.padEnd(width)}  ${printable(shortened(right))}`);
}

/** Lists of thousands of values or stages are for programs. */
function shortened(text: string): string {
  if (text.length <= longestText) return text;
  return `${text.slice(0, longestText)}… (${text.length} characters)`;
}

/** How far its run was, where a stage ended. */
function progressLines({ progress }: Checkpoint): readonly Line[] {
  if (!progress) return [];
  const { completed, pending, iterations } = progress;
  const counts = Object.entries(iterations).map(([stage, count]) => `${stage} ${count}`);
  const lines: readonly Line[] = [
    ["completed", completed.join(", ")],
    ["pending", pending.join(", ")],
    ["iterations", counts.join(", ")],
  ];
  return lines.filter(([, text]) => text !== "");
}

/** What it was recorded in, and what the stage would run in now that is other than then. */
function environmentLines(environment: Environment | null, drift: readonly DriftItem[]): readonly Line[] {
  if (environment === null) return [];
  const changed = drift.map((item) => ["drift", driftItemText(item)] as const);
  return [["environment", environmentSummary(environment)], ...changed];
}

/** JSON has no word for infinities: whatever is beyond measure has no number. */
function seamJson({ file, key, verdict, expected, actual, change }: MetricSeam) {
  const value = Number.isFinite(actual) ? actual : String(actual);
  return { file, key, verdict, expected, actual: value, change };
}

function givenText({ value, by }: Answer): string {
  return `${answerText(value)}${by === null ? "" : `, by ${by}`}`;
}

function valueLines(title: string, values: ValuesByFile): Line[] {
  return flatten(values).map(({ file, key, value }) => {
    const text = typeof value === "number" ? formatNumber(value) : cellText(value);
    return [title, `${file}:${key} = ${text}`] as const;
  });
}
