import * as vscode from "vscode";
import { summarizeMetric } from "../../engine/compare/metricSummary.ts";
import { paramId } from "../../engine/compare/paramHistory.ts";
import { flatten, numberOf } from "../../engine/compare/values.ts";
import type { Engine } from "../../engine/engine.ts";
import { readSetting } from "../base/settings.ts";
import { bestOf } from "../bestMetric.ts";
import { checkpointsOfStage, stagesOf } from "../commands/targets.ts";
import { canDebug } from "../debug/debugRun.ts";
import { groupHover, hoverCommands, metricHover, paramHover, stageHover } from "../labels/hoverLabels.ts";
import { isLive } from "../labels/runLabels.ts";
import { dataFileSelector, metricsFiles, paramsFiles, paramsOf } from "../paramIndex.ts";
import type { Projects } from "../projects.ts";
import { markdown } from "../views/rowItem.ts";
import { type HoverSubject, subjectInDataFile, subjectInPipeline } from "./hoverSubjects.ts";
import { type SparklineColors, sparkline } from "./sparkline.ts";

/** Says what is known of a stage, a parameter or a metric where its name stands. Reads text and memory only. */
export class HoverProvider implements vscode.HoverProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #registration: vscode.Disposable;

  constructor(projects: Projects) {
    this.#projects = projects;
    this.#registration = vscode.languages.registerHoverProvider(dataFileSelector, this);
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | null {
    if (!readSetting("savepoint.hover.enabled", document.uri)) return null;
    const located = this.#projects.locate(document.uri.fsPath);
    if (!located || located.engine.experiments.experiments.length === 0) return null;
    const { engine, path } = located;
    const found = find(document, engine, path, position);
    const text = found && describe(engine, path, found.subject);
    if (!text) return null;
    return new vscode.Hover(markdown(text, hoverCommands), found.range);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function find(
  document: vscode.TextDocument,
  engine: Engine,
  path: string,
  position: vscode.Position,
): { readonly subject: HoverSubject; readonly range: vscode.Range } | null {
  if (path.endsWith("dvc.yaml")) {
    const place = { line: position.line, column: position.character };
    const found = subjectInPipeline(document.getText(), path, place);
    if (found === null) return null;
    const { start, end } = found.range;
    return {
      subject: found.subject,
      range: new vscode.Range(start.line, start.column, end.line, end.column),
    };
  }
  const role = paramsFiles(engine).has(path) ? "param" : metricsFiles(engine).has(path) ? "metric" : null;
  if (role === null) return null;
  const found = subjectInDataFile(document.getText(), path, document.offsetAt(position), role);
  if (found === null) return null;
  const range = new vscode.Range(document.positionAt(found.start), document.positionAt(found.end));
  return { subject: found.subject, range };
}

function describe(engine: Engine, path: string, subject: HoverSubject): string | null {
  const { root } = engine.project;
  switch (subject.kind) {
    case "stage":
      return describeStage(engine, (path === "dvc.yaml" ? "" : `${path}:`) + subject.definition);
    case "param":
      return describeParam(engine, subject.key, subject.file);
    case "metric": {
      const { experiments } = engine.experiments;
      const keys =
        subject.key === null ? metricKeys(engine, subject.file) : [`${subject.file}:${subject.key}`];
      const summaries = keys.flatMap((key) => summarizeMetric(experiments, key, goalOf(engine, key)) ?? []);
      return summaries.length === 0 ? null : metricHover(root, summaries, draw);
    }
  }
}

/** The first of the files that has the parameter counts, or the first that has such a group. */
function describeParam(engine: Engine, key: string, file: string | null): string | null {
  const histories = paramsOf(engine);
  const files = file === null ? [...paramsFiles(engine)] : [file];
  for (const one of files) {
    const history = histories.get(paramId(one, key));
    if (history !== undefined) return paramHover(engine.project.root, history, draw);
    const group = [...histories.values()].filter(
      (candidate) => candidate.file === one && candidate.key.startsWith(`${key}.`),
    );
    if (group.length > 0) return groupHover(key, group);
  }
  return null;
}

function describeStage(engine: Engine, address: string): string | null {
  const found = checkpointsOfStage(engine, address);
  const [newest] = found;
  if (newest === undefined) return null;
  const stages = stagesOf(engine, address);
  const addresses = new Set([address, ...stages.map((stage) => stage.address)]);
  const metric = bestOf(engine, newest.experiment)?.metric ?? null;
  const summary =
    metric === null
      ? null
      : summarizeMetric(
          engine.experiments.experiments,
          metric.key,
          metric.goal,
          ({ stage }) => stage !== null && addresses.has(stage),
        );
  return stageHover(
    {
      target: { kind: "stage", root: engine.project.root, stage: address },
      newest: newest.checkpoint,
      count: found.length,
      summary,
      canResume: vscode.workspace.isTrusted && !engine.runs.runs.some(isLive),
      canDebug: stages.length > 0 && stages.every(canDebug),
    },
    draw,
    Date.now(),
  );
}

/** The numbers of a metrics file in the newest checkpoint that has it. */
function metricKeys(engine: Engine, file: string): readonly string[] {
  let newest: { readonly at: number; readonly keys: readonly string[] } | null = null;
  for (const { checkpoints } of engine.experiments.experiments) {
    const last = checkpoints.findLast(({ metrics }) => metrics[file] !== undefined);
    const values = last?.metrics[file];
    if (last === undefined || values === undefined || (newest !== null && newest.at > last.createdAt))
      continue;
    const numbers = flatten({ [file]: values }).filter(({ value }) => numberOf(value) !== null);
    newest = { at: last.createdAt, keys: numbers.map(({ key }) => `${file}:${key}`) };
  }
  return newest?.keys ?? [];
}

/** Which way a metric gets better, where a setting or a stage says it. */
function goalOf(engine: Engine, metric: string) {
  const setting = engine.pipeline.pipeline.stages
    .map(({ settings }) => settings.metric)
    .find((one) => one !== null && (one.key === metric || metric.endsWith(`:${one.key}`)));
  return setting?.goal ?? null;
}

function draw(values: readonly number[], marked?: number): string | null {
  const picture = sparkline(values, sparklineColors(vscode.window.activeColorTheme.kind), marked);
  return picture === null ? null : `data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}`;
}

/** An image in a hover does not see the theme. These have a contrast of 4.5 and more on the hovers of VS Code's own. */
function sparklineColors(kind: vscode.ColorThemeKind): SparklineColors {
  switch (kind) {
    case vscode.ColorThemeKind.Light:
      return { line: "#1a5fb4", mark: "#b35900" };
    case vscode.ColorThemeKind.HighContrastLight:
      return { line: "#000000", mark: "#0f4a85" };
    case vscode.ColorThemeKind.HighContrast:
      return { line: "#ffffff", mark: "#f38518" };
    case vscode.ColorThemeKind.Dark:
      return { line: "#75beff", mark: "#ffc66d" };
  }
}
