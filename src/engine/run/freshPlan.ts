import { stageGraph } from "../pipeline/graph.ts";
import { orderStages, resolveTarget } from "../pipeline/order.ts";
import type { Pipeline, PipelineProblem, Stage } from "../pipeline/stage.ts";
import { failure, type Result, success } from "../result.ts";
import { Git } from "../system/git.ts";
import { planFreshLineage } from "./lineage.ts";
import { checkLoads } from "./load.ts";
import { planFresh, type RunPlan, stageToContinue } from "./plan.ts";
import type { RunRecord, StageRecord } from "./record.ts";
import type { FreshRequest } from "./request.ts";
import type { RunServices } from "./services.ts";
import { statusesOf } from "./stageStatus.ts";

/** Works out a fresh run: its stages, what they load, and the experiment that it begins. */
export async function makeFreshPlan(
  services: RunServices,
  request: FreshRequest,
  pipeline: Pipeline,
): Promise<Result<RunPlan>> {
  const chosen = chooseStages(request, pipeline);
  if (!chosen.ok) return chosen;
  const { stages, forced } = chosen.value;
  const from = explicitLoad(request, stages);
  if (!from.ok) return from;
  if (from.value !== null) forced.add(from.value.stage);
  const statuses = await statusesOf(services, pipeline);
  const planned = planFresh({ stages, statuses }, forced);
  if (!planned.ok) return planned;
  if (!request.acceptChanges) {
    // What others of the run make first may change yet, so that is looked at when its turn comes.
    const first = firstOf(planned.value, pipeline.stages);
    const options = { policy: request.policy ?? null, from: from.value };
    const loads = await checkLoads(services, first, options);
    if (!loads.ok) return loads;
  }
  const head = await new Git(services.project.root).textOrNull(["rev-parse", "--verify", "HEAD^{commit}"]);
  if (head === null) {
    return failure("no-commit", "The repository has no commit to start from. Commit your files first.");
  }
  const lineage = planFreshLineage(request, services.experiments.experiments, head, services.random);
  if (!lineage.ok) return lineage;
  const { from: loaded } = request;
  const origin = loaded
    ? { experiment: loaded.experiment, sequence: loaded.sequence, sha: loaded.sha }
    : lineage.value.origin;
  return success({
    lineage: { ...lineage.value, origin },
    stages: planned.value,
    resume: null,
    from: from.value,
  });
}

/** The stages that may run, and the addresses of those that run in any case. */
function chooseStages(
  { stages: targets, reach, force }: FreshRequest,
  pipeline: Pipeline,
): Result<{ readonly stages: readonly Stage[]; readonly forced: Set<string> }> {
  const options = { single: reach === "single", downstream: reach === "downstream" };
  const stages = orderStages(pipeline, targets, options);
  if (!stages.ok) return stages;
  // All means all: a pipeline that leaves out what can't be read would succeed without having done its work.
  const broken = pipeline.problems.find(({ severity }) => severity === "error");
  if (targets.length === 0 && broken !== undefined) return invalidPipeline(broken);
  if (!force) return success({ stages: stages.value, forced: new Set() });
  if (targets.length === 0) {
    return success({ stages: stages.value, forced: new Set(stages.value.map(({ address }) => address)) });
  }
  const forced = new Set<string>();
  for (const target of targets) {
    const found = resolveTarget(pipeline, target);
    if (!found.ok) return found;
    for (const { address } of found.value) forced.add(address);
  }
  return success({ stages: stages.value, forced });
}

/** The stage that loads the checkpoint of a request that names one. */
function explicitLoad({ from }: FreshRequest, stages: readonly Stage[]): Result<RunRecord["from"]> {
  if (from === undefined) return success(null);
  const stage = stageToContinue(stages, from);
  if (stage.ok) return success({ stage: stage.value.address, sha: from.sha });
  const label = `${from.experiment}@${from.sequence}`;
  const whose = from.stage === null ? "does not say of which stage it is" : `is of ${from.stage}`;
  return failure(
    "load-elsewhere",
    `${label} can't be loaded: it ${whose}, and this run has ${stages.map(({ address }) => address).join(", ")}.`,
  );
}

/** The stages that run without another one of the run that they depend on. */
function firstOf(planned: readonly StageRecord[], stages: readonly Stage[]): readonly Stage[] {
  const { upstream } = stageGraph(stages);
  const running = planned.filter(({ state }) => state === "waiting").map(({ stage }) => stage);
  return running.filter(({ address }) => !running.some((other) => upstream.get(address)?.has(other.address)));
}

function invalidPipeline({ file, range, message }: PipelineProblem): Result<never> {
  const text = `${file}, line ${range.start.line + 1}: ${message}. Until then, run other stages by their names.`;
  return failure("invalid-stage", text, file);
}
