import { posix } from "node:path";
import { type BrokenStage, setBrokenStagesAside } from "./brokenStages.ts";
import { buildStage, normalize } from "./build.ts";
import { type Context, emptyContext, type ReadFile, withDefaultParams, withVars } from "./context.ts";
import { type Data, type DataMap, formatScalar, isList, isMap, type Scalar } from "./data.ts";
import { expandStage } from "./expand.ts";
import { oneLine } from "./oneLine.ts";
import { checkSections, checkStage } from "./schema.ts";
import type { PipelineProblem, ShownFiles, Stage } from "./stage.ts";
import { type FlagStyle, interpolate, type Report } from "./template.ts";
import { type DataPath, readYaml, type TextRange, type YamlFile } from "./yaml.ts";

export interface PipelineFileInput {
  readonly text: string;
  /** The pipeline file, from the project's root. */
  readonly file: string;
  /** Absolute path of the project's root, with forward slashes. */
  readonly root: string;
  readonly read: ReadFile;
  readonly flags?: FlagStyle;
  /** Whether `.dvcignore` hides a path from DVC. */
  readonly isIgnored?: (path: string) => boolean;
}

export interface PipelineFile {
  readonly stages: readonly Stage[];
  readonly problems: readonly PipelineProblem[];
  readonly shown: ShownFiles;
}

export const defaultFlags: FlagStyle = { bool: "store_true", list: "nargs", shell: "posix" };

/**
 * Reads one pipeline file. Never throws and never gives up on the whole: a stage with an error is left out and named
 * in the problems, everything else is there.
 */
export function parsePipelineFile(input: PipelineFileInput): PipelineFile {
  const { yaml, broken } = readTolerantly(input.text.replace(/^\uFEFF/, ""));
  const problems = new ProblemList(input.file, yaml);
  const shown: ShownFiles = { params: [], metrics: [], plots: [] };
  const conflict = conflictIn(input.text);
  if (conflict) {
    problems.add(
      "A merge left conflict marks; choose what is to stay, and remove them",
      conflict,
      "error",
      null,
    );
    return { stages: [], problems: problems.list, shown };
  }
  for (const { name, problem } of broken) problems.add(problem.message, problem.range, "error", name);
  for (const { message, range } of yaml.problems)
    problems.add(message, range, "error", stageAt(yaml, range.start.line));
  if (yaml.data === null || yaml.data === "") return { stages: [], problems: problems.list, shown };
  if (!isMap(yaml.data)) {
    problems.at([], "A pipeline file starts with 'stages:' and has the stages below it", "error", null);
    return { stages: [], problems: problems.list, shown };
  }
  const data = yaml.data;
  // When all stages are broken, nothing is left below the key.
  const isBare = broken.length > 0 && data.get("stages") === null;
  const sections = isBare ? new Map(data).set("stages", new Map()) : data;
  checkSections(sections, (message, path) => problems.at(path, message, "error", null));

  const directory = posix.dirname(input.file) === "." ? "" : posix.dirname(input.file);
  const context = readContext(data, directory, input.read, (message, path) =>
    problems.at(path, message, "error", null),
  );
  const flags = input.flags ?? defaultFlags;
  const stages: Stage[] = [];
  const definitions = data.get("stages");
  for (const [key, definition] of isMap(definitions) ? definitions : []) {
    if (typeof key !== "string") {
      const name = formatScalar(key);
      problems.at(
        ["stages", name],
        `The name '${name}' must be a text; put it in quotes`,
        "error",
        name,
        "key",
      );
      continue;
    }
    stages.push(...readDefinition(key, definition, { input, yaml, problems, context, directory, flags }));
  }
  return {
    stages,
    problems: problems.list,
    shown: readShown(data, { context, directory, flags, input, problems }),
  };
}

/** The first mark that a merge left in a file. */
function conflictIn(text: string): TextRange | null {
  const line = text.split(/\r\n|\r|\n/).findIndex((one) => /^<{7} /.test(one));
  return line < 0 ? null : { start: { line, column: 0 }, end: { line, column: 7 } };
}

/** The file, without the stages that are no YAML when that is all that keeps the rest from being read. */
function readTolerantly(text: string): { readonly yaml: YamlFile; readonly broken: readonly BrokenStage[] } {
  const yaml = readYaml(text);
  if (!yaml.problems.some(({ isSyntax }) => isSyntax)) return { yaml, broken: [] };
  const sound = setBrokenStagesAside(text, yaml.problems);
  const rest = readYaml(sound.text);
  return rest.problems.some(({ isSyntax }) => isSyntax)
    ? { yaml, broken: [] }
    : { yaml: rest, broken: sound.broken };
}

interface Reading {
  readonly input: PipelineFileInput;
  readonly yaml: YamlFile;
  readonly problems: ProblemList;
  readonly context: Context;
  readonly directory: string;
  readonly flags: FlagStyle;
}

/** The stages of one entry under `stages`. */
function readDefinition(name: string, definition: Data, reading: Reading): readonly Stage[] {
  const { input, yaml, problems, context, directory, flags } = reading;
  const place = ["stages", name];
  const lines = yaml.lines(place);
  const broken = yaml.problems.some(
    ({ range }) => range.start.line >= lines.start && range.start.line < lines.end,
  );
  const warn: Report = (message, path) => problems.at(path, message, "warning", name);
  const valid = checkStage(definition, place, (message, path) => problems.at(path, message, "error", name));
  if (name.includes("@") || name === "") {
    problems.at(
      place,
      `'${name}' can't be the name of a stage; '@' stands before the key of a generated one`,
      "error",
      name,
      "key",
    );
    return [];
  }
  if (broken || !valid || !isMap(definition)) return [];
  const expanded = expandStage(
    name,
    definition,
    { context, directory, flags, read: input.read, warn },
    (message, path, stage) => problems.at(path, message, "error", stage ?? name),
  );
  const path: DataPath = definition.has("foreach") ? [...place, "do"] : place;
  const stages: Stage[] = [];
  for (const { name: stageName, data } of expanded) {
    const { file, root, isIgnored } = input;
    const source = { file, name: stageName, definition: name, lines, path, root, isIgnored };
    const stage = buildStage(
      data,
      source,
      (message, at) => problems.at(at, message, "error", stageName),
      warn,
    );
    if (stage) stages.push(stage);
  }
  return stages;
}

function readContext(data: DataMap, directory: string, read: ReadFile, report: Report): Context {
  const context = withDefaultParams(emptyContext, directory, read, report);
  return withVars(context, data.get("vars") ?? null, directory, read, ["vars"], report);
}

function readShown(data: DataMap, reading: Omit<Reading, "yaml">): ShownFiles {
  const { context, directory, flags, input, problems } = reading;
  const section = (name: string): Data => {
    const how = { variables: context, flags, allow: "scalars" } as const;
    return interpolate(data.get(name) ?? null, how, [name], (message, path) =>
      problems.at(path, message, "error", null),
    );
  };
  const texts = (list: Data) => (isList(list) ? list.filter((item) => typeof item === "string") : []);
  const paths = (list: readonly string[]) => [
    ...new Set(list.map((path) => normalize(directory, path, input.root))),
  ];
  return {
    params: paths(texts(section("params"))),
    metrics: paths(texts(section("metrics"))),
    plots: paths(plotFiles(section("plots"))),
  };
}

/** The files that top-level plots draw: those named under `y` or `x`, else the plot's own name. */
function plotFiles(plots: Data): readonly string[] {
  const files = (isList(plots) ? plots : []).flatMap((plot): readonly Data[] =>
    isMap(plot) ? [...plot].flatMap(([name, definition]) => filesOfPlot(name, definition)) : [plot],
  );
  return files.filter((file) => typeof file === "string");
}

function filesOfPlot(name: Scalar, definition: Data): readonly Scalar[] {
  const axes = isMap(definition) ? [definition.get("y"), definition.get("x")] : [];
  const named = axes.flatMap((axis) => (isMap(axis) ? [...axis.keys()] : []));
  return named.length > 0 ? named : [name];
}

/** The definition that stands around a line, for problems of the file's syntax. */
function stageAt(yaml: YamlFile, line: number): string | null {
  const stages = isMap(yaml.data) ? yaml.data.get("stages") : undefined;
  for (const key of isMap(stages) ? stages.keys() : []) {
    const { start, end } = yaml.lines(["stages", formatScalar(key)]);
    if (line >= start && line < end) return formatScalar(key);
  }
  return null;
}

/** Collects problems; what many generated stages have in common is listed once. */
class ProblemList {
  readonly list: PipelineProblem[] = [];
  readonly #file: string;
  readonly #yaml: YamlFile;
  readonly #seen = new Set<string>();

  constructor(file: string, yaml: YamlFile) {
    this.#file = file;
    this.#yaml = yaml;
  }

  at(
    path: DataPath,
    message: string,
    severity: PipelineProblem["severity"],
    stage: string | null,
    part: "key" | "value" = "value",
  ): void {
    this.add(message, this.#yaml.locate(path, part), severity, stage);
  }

  add(
    message: string,
    range: PipelineProblem["range"],
    severity: PipelineProblem["severity"],
    stage: string | null,
  ): void {
    const text = oneLine(message);
    const identity = JSON.stringify([text, range, severity]);
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    this.list.push({ file: this.#file, message: text, severity, range, stage });
  }
}
