import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { initProject } from "../initProject.ts";
import type { Checkpoint, Experiment } from "../model.ts";
import { loadPipeline } from "../pipeline/load.ts";
import { orderStages } from "../pipeline/order.ts";
import type { Pipeline } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { experimentRef } from "../store/experimentRef.ts";
import { Git } from "../system/git.ts";
import { makeFreshPlan } from "./freshPlan.ts";
import { type Lineage, planContinuedLineage } from "./lineage.ts";
import { givenAnswer } from "./openQuestion.ts";
import { applyChanges } from "./paramChanges.ts";
import { type ProgressAt, planContinued, type RunPlan, stageToContinue } from "./plan.ts";
import type { RunRecord, RunRecords, StageRecord } from "./record.ts";
import type { ContinuedRequest, RunRequest } from "./request.ts";
import { restoreToContinue } from "./restoreToContinue.ts";
import type { RunServices } from "./services.ts";
import { statusesOf } from "./stageStatus.ts";

/**
 * Works out a run and brings the workspace to where it begins: params set, outputs restored, a rewound experiment cut
 * back. The caller holds the lease. A request that can't be followed leaves everything as it was.
 */
export async function startRun(
  services: RunServices,
  records: RunRecords,
  request: RunRequest,
  id: string,
): Promise<Result<RunRecord>> {
  const { project } = services;
  const made = await initProject(project.root);
  if (!made.ok) return made;
  mkdirSync(join(project.root, ".dvc", "tmp"), { recursive: true });
  const changes = applyChanges(project, request.set ?? []);
  if (!changes.ok) return changes;
  const plan = await makePlan(services, records, request);
  if (!plan.ok) {
    changes.value.revert();
    return plan;
  }
  const moved = await cutTail(project, plan.value.lineage);
  if (!moved.ok) {
    changes.value.revert();
    return moved;
  }
  const { lineage, stages, resume, from } = plan.value;
  return success({
    version: 1,
    id,
    verb: lineage.verb,
    experiment: lineage.experiment,
    place: project.isolatedFrom === undefined ? "workspace" : "isolated",
    directory: project.root,
    baseline: lineage.baseline,
    parent: lineage.parent,
    sequence: lineage.sequence,
    resumedFrom: lineage.origin,
    resume,
    policy: (request.verb === "run" ? request.policy : undefined) ?? null,
    from,
    acceptsChanges: request.verb === "run" && request.acceptChanges === true,
    retries: request.retries ?? null,
    ...(request.forget === undefined ? {} : { forget: request.forget }),
    ...(request.debugged === undefined ? {} : { debugged: request.debugged }),
    startedAt: services.now(),
    state: "starting",
    stages,
    last: null,
    taking: null,
    deferred: null,
    asksAgain: false,
    checkpoints: 0,
    skippedCheckpoints: 0,
    stop: null,
    end: null,
  });
}

async function makePlan(
  services: RunServices,
  records: RunRecords,
  request: RunRequest,
): Promise<Result<RunPlan>> {
  await services.experiments.refresh();
  const pipeline = await loadPipeline(services.project);
  return request.verb === "run"
    ? makeFreshPlan(services, request, pipeline)
    : makeContinuedPlan(services, records, request, pipeline);
}

async function makeContinuedPlan(
  services: RunServices,
  records: RunRecords,
  request: ContinuedRequest,
  pipeline: Pipeline,
): Promise<Result<RunPlan>> {
  const { checkpoint } = request;
  const lineage = planContinuedLineage(request, services.experiments.experiments, services.random);
  if (!lineage.ok) return lineage;
  const stages = orderStages(pipeline, []);
  if (!stages.ok) return stages;
  // What can be refused without a look at the outputs is refused before they are touched.
  const stage = stageToContinue(stages.value, checkpoint);
  if (!stage.ok) return stage;
  const restored = await restoreToContinue(services, pipeline.stages, stage.value, checkpoint);
  if (!restored.ok) return restored;
  const statuses = await statusesOf(services, pipeline);
  const planned = planContinued(
    { stages: stages.value, statuses },
    checkpoint,
    progressAt(checkpoint, services.experiments.experiments, records),
    request.force === true || request.forget !== undefined,
  );
  if (!planned.ok) return planned;
  const { resumed } = planned.value;
  const resume = resumed && {
    stage: resumed.address,
    step: checkpoint.step,
    answer: givenAnswer(checkpoint),
  };
  // Who looks into a stage with a debugger wants that stage alone, and nothing that comes of it.
  const { debugged } = request;
  const chosen = planned.value.stages.filter(
    (entry) => debugged === undefined || entry.stage.address === debugged.stage,
  );
  return success({ lineage: lineage.value, stages: chosen, resume, from: null });
}

/**
 * Whether a stage had ended with a checkpoint, and did not ask to be run once more. One that changed nothing after its last signal has no checkpoint of its
 * end: then the note of its run's end, or this machine's record of the run, tells.
 */
function isStageEnd(
  checkpoint: Checkpoint,
  experiments: readonly Experiment[],
  records: RunRecords,
): boolean {
  if (checkpoint.progress?.again) return false;
  if (checkpoint.kind === "stage-end" || checkpoint.annotations.end?.state === "succeeded") return true;
  const stages = checkpoint.run === null ? undefined : records.read(checkpoint.run)?.stages;
  if (!stages?.some(({ stage, state }) => stage.address === checkpoint.stage && state === "succeeded"))
    return false;
  return !experiments.some(({ checkpoints }) =>
    checkpoints.some(
      ({ run, stage, sequence }) =>
        run === checkpoint.run && stage === checkpoint.stage && sequence > checkpoint.sequence,
    ),
  );
}

/** How far the run of a checkpoint was: as its end left it, if this machine saw that, and as noted at a stage's end. */
function progressAt(
  checkpoint: Checkpoint,
  experiments: readonly Experiment[],
  records: RunRecords,
): ProgressAt {
  const stages = (checkpoint.run === null ? null : records.read(checkpoint.run))?.stages ?? [];
  const left = stages.filter(({ state }) => state !== "succeeded" && state !== "skipped");
  const addresses = (some: readonly StageRecord[]) => some.map(({ stage }) => stage.address);
  return {
    isStageEnd: isStageEnd(checkpoint, experiments, records),
    pending: new Set([...addresses(left), ...(checkpoint.progress?.pending ?? [])]),
    forced: new Set(addresses(left.filter(({ isForced }) => isForced))),
  };
}

/** Sets a rewound experiment back, and keeps what is cut off under a name of its own; both or none. */
async function cutTail(project: Project, lineage: Lineage): Promise<Result<void>> {
  if (lineage.tail === null) return success(undefined);
  const { tail, baseline, experiment, parent } = lineage;
  const input = [
    "start",
    `create ${experimentRef(baseline, tail.name)} ${tail.tip}`,
    `update ${experimentRef(baseline, experiment)} ${parent} ${tail.tip}`,
    "prepare",
    "commit",
    "",
  ].join("\n");
  const output = await new Git(project.root).run(["update-ref", "--stdin"], { input });
  if (output.code === 0) return success(undefined);
  return failure(
    "experiment-moved",
    `${experiment} was changed by somebody else at this moment, so it was not rewound. Refresh and try again.`,
  );
}
