import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import type { Project } from "../project.ts";
import { type DvcConfig, readDvcConfig } from "../system/dvcConfig.ts";
import { Git } from "../system/git.ts";
import { isOutside } from "./build.ts";
import type { ReadFile } from "./context.ts";
import { type ParsedDataFile, parseDataFile } from "./dataFile.ts";
import { checkGraph } from "./graph.ts";
import { ignoreRules } from "./ignore.ts";
import { type PipelineFile, parsePipelineFile } from "./parse.ts";
import { PathTree } from "./pathTree.ts";
import type { Pipeline, PipelineProblem } from "./stage.ts";
import type { FlagStyle } from "./template.ts";

/** Bytes. No file that a person writes is this large; reading one would stop the program for too long. */
const largestFile = 32 * 1024 * 1024;

/**
 * Reads every pipeline file of a project that neither Git nor DVC ignores, and puts the stages together. Tolerant:
 * what is wrong is in `problems`, and everything else works.
 */
export async function loadPipeline(project: Project): Promise<Pipeline> {
  const read = fileReader(project.root);
  const isIgnored = ignoreRules(read);
  const root = project.root.replaceAll("\\", "/");
  const flags = flagStyle(await readDvcConfig(project));
  const outputs = new PathTree<string>();
  const pipelines: PipelineFile[] = [];
  const data: ParsedDataFile[] = [];
  const files: string[] = [];
  const isLeftOut = (file: string) =>
    isIgnored(file, false) || isInSubproject(project.root, file) || outputs.above(file).length > 0;
  const hidesOutput = (path: string) =>
    !isOutside(path) && isIgnored(path, isFolder(join(project.root, path)));

  for (const file of await findFiles(project)) {
    const text = isLeftOut(file) ? null : read(file);
    if (text === null) continue;
    if (file.endsWith(".dvc")) {
      const parsed = parseDataFile(text, file, root);
      data.push(parsed);
      for (const { path } of parsed.dataFiles) if (!isOutside(path)) outputs.add(path, file);
    } else {
      const parsed = parsePipelineFile({ text, file, root, read, flags, isIgnored: hidesOutput });
      pipelines.push(parsed);
      files.push(file);
      for (const { path } of parsed.stages.flatMap((stage) => stage.outputs)) outputs.add(path, file);
    }
  }
  const isRootIgnored =
    !files.includes("dvc.yaml") && read("dvc.yaml") !== null && !isIgnored("dvc.yaml", false);
  const dataFiles = data.flatMap((parsed) => parsed.dataFiles);
  const checked = checkGraph(
    pipelines.flatMap(({ stages }) => stages),
    dataFiles,
  );
  const problems = [
    ...data.flatMap((parsed) => parsed.problems),
    ...pipelines.flatMap((parsed) => parsed.problems),
    ...(isRootIgnored ? [ignoredByGit()] : []),
    ...checked.problems,
  ];
  const shown = {
    params: pipelines.flatMap((parsed) => parsed.shown.params),
    metrics: pipelines.flatMap((parsed) => parsed.shown.metrics),
    plots: pipelines.flatMap((parsed) => parsed.shown.plots),
  };
  return { stages: checked.stages, problems, files, shown, dataFiles };
}

/** How mappings become flags in this project. */
function flagStyle(config: DvcConfig): FlagStyle {
  const parsing = config.get("parsing");
  return {
    bool:
      parsing?.get("bool")?.value.toLowerCase() === "boolean_optional" ? "boolean_optional" : "store_true",
    list: parsing?.get("list")?.value.toLowerCase() === "append" ? "append" : "nargs",
    shell: process.platform === "win32" ? "windows" : "posix",
  };
}

function ignoredByGit(): PipelineProblem {
  const start = { line: 0, column: 0 };
  const message = "dvc.yaml is ignored by Git; take it out of .gitignore, as it belongs to what is recorded";
  return { file: "dvc.yaml", message, severity: "error", range: { start, end: start }, stage: null };
}

/** Pipeline and data files that Git does not ignore, outer folders first. */
async function findFiles(project: Project): Promise<readonly string[]> {
  const output = await new Git(project.root).bytes([
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
    "--",
    ":(glob)**/dvc.yaml",
    ":(glob)**/*.dvc",
  ]);
  const paths = output
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "" && !path.split("/").includes("node_modules"));
  const depth = (path: string) => path.split("/").length;
  return [...new Set(paths)].sort((left, right) => depth(left) - depth(right) || (left < right ? -1 : 1));
}

/** Whether a folder above the file, but below the root, is a DVC project of its own. */
function isInSubproject(root: string, file: string): boolean {
  for (let folder = posix.dirname(file); folder !== "."; folder = posix.dirname(folder)) {
    if (existsSync(join(root, folder, ".dvc", "config"))) return true;
  }
  return false;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Reads small regular files below (or beside) the root, each once; `null` for whatever else there is. */
export function fileReader(root: string): ReadFile {
  const texts = new Map<string, string | null>();
  return (path) => {
    const known = texts.get(path);
    if (known !== undefined) return known;
    const text = readSmallFile(resolve(root, path));
    texts.set(path, text);
    return text;
  };
}

function readSmallFile(path: string): string | null {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= largestFile ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
}
