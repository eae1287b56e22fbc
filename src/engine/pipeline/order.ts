import { failure, type Result, success } from "../result.ts";
import { type StageGraph, stageGraph } from "./graph.ts";
import { nearest } from "./schema.ts";
import type { Pipeline, PipelineProblem, Stage } from "./stage.ts";

export interface OrderOptions {
  /** The targets alone, without what they need. */
  readonly single?: boolean;
  /** The targets and all that needs them, instead of what they need. */
  readonly downstream?: boolean;
}

/**
 * The stages to run for the targets, each after those that it needs. Without targets all of them. A target is a
 * stage's address (`train`, `sub/dvc.yaml:train`), a definition that generated several, or a pipeline file.
 * Reasons: `unknown-stage`, `invalid-stage` (it has a problem in its file), `no-stages`.
 */
export function orderStages(
  pipeline: Pipeline,
  targets: readonly string[] = [],
  options: OrderOptions = {},
): Result<readonly Stage[]> {
  const graph = stageGraph(pipeline.stages);
  const wanted = new Set<string>();
  for (const target of targets) {
    const found = resolveTarget(pipeline, target);
    if (!found.ok) return found;
    for (const { address } of found.value) wanted.add(address);
  }
  if (targets.length === 0) {
    if (pipeline.stages.length === 0) return noStages(pipeline);
    for (const { address } of pipeline.stages) wanted.add(address);
  }
  const chosen = options.single
    ? wanted
    : reachable(wanted, options.downstream ? graph.downstream : graph.upstream);
  return success(inOrder(pipeline.stages, chosen, graph));
}

function noStages(pipeline: Pipeline): Result<never> {
  const [problem] = pipeline.problems.filter(({ severity }) => severity === "error");
  if (problem) {
    return failure(
      "invalid-stage",
      `${problem.file}, line ${problem.range.start.line + 1}: ${problem.message}`,
      problem.file,
    );
  }
  return failure("no-stages", "There is no stage in this project; write one under 'stages:' in a dvc.yaml");
}

/** The stages that a person means by a target. */
export function resolveTarget(pipeline: Pipeline, target: string): Result<readonly Stage[]> {
  // `dvc.yaml:train` is the same as `train`, and `./` says nothing.
  const plain = target.replace(/^\.\//, "").replace(/^dvc\.yaml:(?=.)/, "");
  const exact = pipeline.stages.filter(({ address }) => address === plain);
  if (exact.length > 0) return success(exact);
  const group = pipeline.stages.filter(({ address, name, definition }) => {
    const prefix = address.slice(0, address.length - name.length);
    return `${prefix}${definition}` === plain;
  });
  const own = pipeline.problems.filter(({ stage, file }) => {
    return stage !== null && plain === (file === "dvc.yaml" ? stage : `${file}:${stage}`);
  });
  const broken = own.find(({ severity }) => severity === "error");
  if (broken) return cannotRun(target, broken);
  if (group.length > 0) return success(group);
  const inFile = pipeline.stages.filter(({ file }) => file === plain);
  if (inFile.length > 0) return success(inFile);
  // Such as a 'foreach' over nothing.
  const [warning] = own;
  if (warning) return cannotRun(target, warning);
  const known = pipeline.stages.map(({ address }) => address);
  // Somebody in a subfolder leaves its file out.
  const near = pipeline.stages.find(({ name }) => name === plain)?.address ?? nearest(plain, known);
  const hint = near
    ? `did you mean '${near}'?`
    : known.length > 0
      ? `the stages are ${shortList(known)}`
      : "no dvc.yaml has a stage that can be run";
  return failure("unknown-stage", `There is no stage '${target}'; ${hint}`);
}

function cannotRun(target: string, { file, range, message }: PipelineProblem): Result<never> {
  return failure(
    "invalid-stage",
    `Stage '${target}' can't be run: ${file}, line ${range.start.line + 1}: ${message}`,
    file,
  );
}

function shortList(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
}

function reachable(
  from: ReadonlySet<string>,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const found = new Set(from);
  // A set that grows while it is walked through yields what was added, too.
  for (const address of found) for (const next of edges.get(address) ?? []) found.add(next);
  return found;
}

/** In the order of the files where the graph leaves a choice. The graph has no cycles: loading left those out. */
function inOrder(stages: readonly Stage[], chosen: ReadonlySet<string>, graph: StageGraph): readonly Stage[] {
  const byAddress = new Map(stages.map((stage) => [stage.address, stage]));
  const ordered: Stage[] = [];
  for (const address of fromTheTop(
    stages.map((stage) => stage.address).filter((address) => chosen.has(address)),
    graph.upstream,
  )) {
    const stage = byAddress.get(address);
    if (stage && chosen.has(address)) ordered.push(stage);
  }
  return ordered;
}

/** Addresses with all that they need, each after what it needs. Without recursion, as a chain can be long. */
function* fromTheTop(
  addresses: readonly string[],
  upstream: ReadonlyMap<string, ReadonlySet<string>>,
): Generator<string> {
  const seen = new Set<string>();
  const done = new Set<string>();
  const path = [...addresses].reverse();
  for (let address = path.at(-1); address !== undefined; address = path.at(-1)) {
    const needed = seen.has(address)
      ? []
      : [...(upstream.get(address) ?? [])].filter((other) => !seen.has(other));
    seen.add(address);
    if (needed.length > 0) {
      path.push(...needed.reverse());
      continue;
    }
    path.pop();
    if (!done.has(address)) yield address;
    done.add(address);
  }
}
