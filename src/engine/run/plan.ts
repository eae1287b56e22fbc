import type { Checkpoint } from "../model.ts";
import { stageGraph } from "../pipeline/graph.ts";
import type { Stage, StageStatus } from "../pipeline/stage.ts";
import { failure, type Result, success } from "../result.ts";
import type { Lineage } from "./lineage.ts";
import type { ResumePoint, RunRecord, StageRecord } from "./record.ts";
import { iterationFrom } from "./stageProgress.ts";

/** A run that is worked out and not begun. */
export interface RunPlan {
  readonly lineage: Lineage;
  readonly stages: readonly StageRecord[];
  readonly resume: ResumePoint | null;
  readonly from: RunRecord["from"];
}

/** What planning looks at. */
export interface PlanInput {
  /** Those that may run, each after those that it depends on. */
  readonly stages: readonly Stage[];
  readonly statuses: ReadonlyMap<string, StageStatus>;
}

/**
 * Which stages of a fresh run will run, and why, or why nothing can. Those whose addresses are in `forced` run in any
 * case. A stage behind one that runs is looked at again when its turn comes.
 */
export function planFresh(input: PlanInput, forced: ReadonlySet<string>): Result<readonly StageRecord[]> {
  const decided = decideAll(input.stages, input, forced);
  if (!decided.ok) return decided;
  const planned = decided.value;
  if (planned.some(({ state }) => state === "waiting")) return success(planned);
  if (planned.length === 0)
    return failure("no-stages", "No dvc.yaml with a stage was found. Create one first.");
  const asked = forced.size > 0 ? planned.filter(({ stage }) => forced.has(stage.address)) : planned;
  return failure("up-to-date", nothingToDo(asked.map(({ stage }) => stage)));
}

/** How far the run of a checkpoint was. */
export interface ProgressAt {
  /** The checkpoint's stage had ended with it. */
  readonly isStageEnd: boolean;
  /** Addresses of the stages that the run still had to do. */
  readonly pending: ReadonlySet<string>;
  /** Addresses of those among them that were to run in any case. */
  readonly forced: ReadonlySet<string>;
}

/**
 * Which stages run when the work of a checkpoint is continued. Its stage goes on, and what depends on it follows, with
 * what the run had not done yet beside it; when the stage had ended with that checkpoint, the run goes on behind it,
 * unless it changed since or `force` is given.
 * `stages` are all of the pipeline.
 */
export function planContinued(
  input: PlanInput,
  checkpoint: Checkpoint,
  { isStageEnd, pending, forced }: ProgressAt,
  force: boolean,
): Result<{ readonly stages: readonly StageRecord[]; readonly resumed: Stage | null }> {
  const found = stageToContinue(input.stages, checkpoint);
  if (!found.ok) return found;
  const stage = found.value;
  const label = `${checkpoint.experiment}@${checkpoint.sequence}`;
  const status = input.statuses.get(stage.address);
  if (status?.kind === "blocked")
    return failure("blocked", `${stage.address} can't go on. ${status.reason}.`);
  const behind = new Set(stagesBehind(stage, input.stages));
  const followers = input.stages.filter(
    (other) => other !== stage && (behind.has(other) || pending.has(other.address)),
  );
  const isOver = isStageEnd && status?.kind === "up-to-date" && !force;
  if (!isOver) {
    const first: StageRecord = {
      stage,
      state: "waiting",
      reason: `goes on from ${describe(checkpoint)}`,
      isForced: true,
      launches: [],
      iteration: iterationFrom(checkpoint.progress, stage.address),
    };
    const rest = followers.map((follower) =>
      waiting(
        follower,
        behind.has(follower) ? `depends on ${stage.address}` : `was not done yet at ${label}`,
        forced.has(follower.address),
      ),
    );
    return success({ stages: [first, ...rest], resumed: stage });
  }
  const rest = decideAll(followers, input, forced);
  if (!rest.ok) return rest;
  if (rest.value.some(({ state }) => state === "waiting")) {
    return success({ stages: [skipped(stage, `ended with ${label}`), ...rest.value], resumed: null });
  }
  return failure(
    "up-to-date",
    `${stage.address} was finished at ${label} and nothing changed since. Change a param or the code to train on, ` +
      "or continue from an earlier checkpoint.",
  );
}

/**
 * The stage whose work a checkpoint holds, among those of today; they are given in order. A checkpoint of another
 * program does not say it: then it is the stage that keeps its outputs from run to run, or the last one with outputs.
 */
export function stageToContinue(stages: readonly Stage[], checkpoint: Checkpoint): Result<Stage> {
  const label = `${checkpoint.experiment}@${checkpoint.sequence}`;
  if (checkpoint.stage === null) {
    const likely = likelyStages(stages, checkpoint);
    const [only] = likely;
    if (only !== undefined && likely.length === 1) return success(only);
    const reason =
      likely.length === 0
        ? "holds no output of a stage in dvc.yaml"
        : `does not say which stage goes on from it: ${likely.map(({ address }) => address).join(" or ")}`;
    return failure("stage-missing", `${label} ${reason}. Apply it to the workspace and run the stage.`);
  }
  const stage = stages.find((candidate) => candidate.address === checkpoint.stage);
  if (stage !== undefined) return success(stage);
  return failure(
    "stage-missing",
    `Stage ${checkpoint.stage} of ${label} is not in dvc.yaml any more. Fork it with the checkpoint's own code, or apply ` +
      "it to the workspace.",
  );
}

/** The stages that may have been training when a commit of another program was made. */
function likelyStages(stages: readonly Stage[], checkpoint: Checkpoint): readonly Stage[] {
  const recorded = new Set(checkpoint.outs.map(({ path }) => path));
  const made = stages.filter(({ outputs }) => outputs.some(({ path }) => recorded.has(path)));
  const kept = made.filter(({ outputs }) => outputs.some(({ persist, checkpoint }) => persist || checkpoint));
  const candidates = kept.length > 0 ? kept : made;
  return candidates.filter(
    (candidate) => !stagesBehind(candidate, stages).some((follower) => candidates.includes(follower)),
  );
}

/** Decides on each of `stages` in turn; the input says how they depend on one another. */
function decideAll(
  stages: readonly Stage[],
  input: PlanInput,
  forced: ReadonlySet<string>,
): Result<readonly StageRecord[]> {
  const { upstream } = stageGraph(input.stages);
  const running = new Set<string>();
  const records: StageRecord[] = [];
  for (const stage of stages) {
    const needed = [...(upstream.get(stage.address) ?? [])].find((address) => running.has(address));
    const decision = decide(stage, input.statuses.get(stage.address), needed, forced.has(stage.address));
    if (!decision.ok) return decision;
    records.push(decision.value);
    if (decision.value.state === "waiting") running.add(stage.address);
  }
  return success(records);
}

function decide(
  stage: Stage,
  status: StageStatus | undefined,
  needed: string | undefined,
  isForced: boolean,
): Result<StageRecord> {
  if (stage.frozen) return success(skipped(stage, "frozen in dvc.yaml"));
  // What runs first may yet make what is missing; then it is looked at again when the stage's turn comes.
  if (needed === undefined && status?.kind === "blocked") {
    return failure("blocked", `${stage.address} can't run. ${status.reason}.`);
  }
  if (isForced) return success(waiting(stage, "forced", true));
  if (needed !== undefined) {
    return success(waiting(stage, `depends on ${needed}, which runs first`, false));
  }
  switch (status?.kind) {
    case "up-to-date":
      return success(skipped(stage, "up to date"));
    case "changed":
      return success(waiting(stage, status.reasons.join("; "), false));
    default:
      return success(waiting(stage, "never run", false));
  }
}

/** Why none of these stages runs, with the way out. Frozen ones run by no means. */
function nothingToDo(stages: readonly Stage[]): string {
  const [only] = stages;
  const alone = stages.length === 1 ? only?.address : undefined;
  if (stages.every(({ frozen }) => frozen)) {
    const what = alone === undefined ? "These stages are" : `${alone} is`;
    return `${what} frozen in dvc.yaml, so nothing is run. Take "frozen" away to run what it holds back.`;
  }
  if (alone !== undefined) return `${alone}: up to date. Run it with force to run it again.`;
  return "All stages are up to date. Run with force to run them again.";
}

/** The stages that depend on one, directly or through others; in order, like `stages`. */
function stagesBehind(stage: Stage, stages: readonly Stage[]): readonly Stage[] {
  const { upstream } = stageGraph(stages);
  const behind = new Set([stage.address]);
  for (const { address } of stages) {
    if ([...(upstream.get(address) ?? [])].some((needed) => behind.has(needed))) behind.add(address);
  }
  return stages.filter(({ address }) => address !== stage.address && behind.has(address));
}

function waiting(stage: Stage, reason: string, isForced: boolean): StageRecord {
  return { stage, state: "waiting", reason, isForced, launches: [], iteration: 1 };
}

function skipped(stage: Stage, reason: string): StageRecord {
  return { stage, state: "skipped", reason, isForced: false, launches: [], iteration: 1 };
}

/** `step 11`, or the checkpoint's name when it has no step. */
function describe(checkpoint: Checkpoint): string {
  if (checkpoint.step !== null) return `step ${checkpoint.step}`;
  return checkpoint.name ?? `${checkpoint.experiment}@${checkpoint.sequence}`;
}
