import { posix } from "node:path";
import { oneLine } from "./oneLine.ts";
import { PathTree } from "./pathTree.ts";
import type { DataFile, PipelineProblem, Stage } from "./stage.ts";

/** Which stages a stage needs, and which need it, by address. Every stage is in both. */
export interface StageGraph {
  readonly upstream: ReadonlyMap<string, ReadonlySet<string>>;
  readonly downstream: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The edges of the pipeline: a stage needs those whose outputs are, hold or lie in one of its dependencies. */
export function stageGraph(stages: readonly Stage[]): StageGraph {
  const producers = new PathTree<string>();
  for (const stage of stages) for (const output of stage.outputs) producers.add(output.path, stage.address);
  const upstream = new Map<string, Set<string>>(stages.map(({ address }) => [address, new Set()]));
  const downstream = new Map<string, Set<string>>(stages.map(({ address }) => [address, new Set()]));
  for (const stage of stages) {
    const inputs = [...stage.dependencies, ...stage.params.map(({ file }) => file)];
    for (const producer of inputs.flatMap((path) => producers.overlapping(path))) {
      upstream.get(stage.address)?.add(producer);
      downstream.get(producer)?.add(stage.address);
    }
  }
  return { upstream, downstream };
}

/**
 * Finds what keeps stages from being put together: outputs that two of them claim, and cycles. Those stages are left
 * out of `stages`; everything else stays.
 */
export function checkGraph(
  stages: readonly Stage[],
  dataFiles: readonly DataFile[],
): { readonly stages: readonly Stage[]; readonly problems: readonly PipelineProblem[] } {
  const problems = [...conflictProblems(stages, dataFiles), ...cycleProblems(stages)];
  const excluded = new Set(problems.map(({ file, stage }) => `${file}:${stage}`));
  return { stages: stages.filter(({ file, name }) => !excluded.has(`${file}:${name}`)), problems };
}

interface Claim {
  readonly path: string;
  readonly stage: Stage | null;
  /** Who claims it, for people. */
  readonly owner: string;
}

function conflictProblems(
  stages: readonly Stage[],
  dataFiles: readonly DataFile[],
): readonly PipelineProblem[] {
  const claims = new PathTree<Claim>();
  for (const { path, file } of dataFiles) claims.add(path, { path, stage: null, owner: file });
  for (const stage of stages) {
    for (const { path } of stage.outputs)
      claims.add(path, { path, stage, owner: `stage '${stage.address}'` });
  }
  const problems: PipelineProblem[] = [];
  for (const stage of stages) {
    for (const { path } of stage.outputs) {
      const other = claims.overlapping(path).find((claim) => claim.stage !== stage || claim.path !== path);
      if (other) problems.push(problemAt(stage, conflictText(path, other)));
    }
    const holder = claims.above(stage.file)[0];
    if (holder) {
      problems.push(
        problemAt(
          stage,
          `${stage.file} is inside the output '${holder.path}' of ${holder.owner}; move one of them`,
        ),
      );
    }
  }
  return problems;
}

function conflictText(path: string, other: Claim): string {
  if (other.path === path) return `The output '${path}' is also made by ${other.owner}; give each its own`;
  const [inner, outer] = other.path.length > path.length ? [other.path, path] : [path, other.path];
  return `The outputs '${inner}' and '${outer}' (${other.owner}) overlap; give each its own folder`;
}

/** Stages that depend on each other, or on themselves. */
function cycleProblems(stages: readonly Stage[]): readonly PipelineProblem[] {
  const { upstream } = stageGraph(stages);
  const byAddress = new Map(stages.map((stage) => [stage.address, stage]));
  const problems: PipelineProblem[] = [];
  for (const group of new GroupSearch(upstream).groups) {
    const [first] = group;
    if (first === undefined || (group.length === 1 && !upstream.get(first)?.has(first))) continue;
    const text =
      group.length === 1
        ? `The stage depends on its own output; remove that dependency, or use 'persist: true' to keep the output`
        : `The stages ${quoted(group)} depend on each other in a circle; remove one of the dependencies`;
    for (const address of group) {
      const stage = byAddress.get(address);
      if (stage) problems.push(problemAt(stage, text));
    }
  }
  return problems;
}

function quoted(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 5).map((address) => `'${address}'`);
  return addresses.length > 5 ? `${shown.join(", ")} and ${addresses.length - 5} more` : shown.join(", ");
}

interface Visit {
  readonly node: string;
  readonly targets: Iterator<string>;
}

/** Finds strongly connected groups (Tarjan 1972), without recursion as a chain can be long. */
class GroupSearch {
  readonly #edges: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #order = new Map<string, number>();
  readonly #lowest = new Map<string, number>();
  readonly #open: string[] = [];
  readonly #isOpen = new Set<string>();
  readonly groups: (readonly string[])[] = [];

  constructor(edges: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#edges = edges;
    for (const start of edges.keys()) if (!this.#order.has(start)) this.#walk(start);
  }

  #walk(start: string): void {
    const path = [this.#enter(start)];
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const { value: target, done } = visit.targets.next();
      if (done) {
        path.pop();
        this.#leave(visit.node, path.at(-1)?.node);
      } else if (!this.#order.has(target)) path.push(this.#enter(target));
      else if (this.#isOpen.has(target)) this.#lower(visit.node, this.#order.get(target) ?? 0);
    }
  }

  #enter(node: string): Visit {
    const number = this.#order.size;
    this.#order.set(node, number);
    this.#lowest.set(node, number);
    this.#open.push(node);
    this.#isOpen.add(node);
    return { node, targets: (this.#edges.get(node) ?? new Set<string>()).values() };
  }

  #leave(node: string, caller: string | undefined): void {
    const lowest = this.#lowest.get(node) ?? 0;
    if (caller !== undefined) this.#lower(caller, lowest);
    if (lowest !== this.#order.get(node)) return;
    const group = this.#open.splice(this.#open.lastIndexOf(node));
    for (const member of group) this.#isOpen.delete(member);
    this.groups.push(group);
  }

  #lower(node: string, to: number): void {
    this.#lowest.set(node, Math.min(this.#lowest.get(node) ?? to, to));
  }
}

function problemAt(stage: Stage, message: string): PipelineProblem {
  const range = {
    start: { line: stage.lines.start, column: 0 },
    end: { line: stage.lines.start + 1, column: 0 },
  };
  return { file: stage.file, message: oneLine(message), severity: "error", range, stage: stage.name };
}

/** The folder of a stage's pipeline file, from the root. */
export function folderOf(stage: Stage): string {
  const directory = posix.dirname(stage.file);
  return directory === "." ? "" : directory;
}
