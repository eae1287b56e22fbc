import type { Answer, AnswerValue, Checkpoint } from "../model.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { answerText, checkAnswer } from "../signal/question.ts";
import { annotate } from "../store/annotations.ts";
import type { ExperimentIndex } from "../store/experimentIndex.ts";
import { describeFailure } from "../store/failures.ts";
import { Git } from "../system/git.ts";
import { type AskingCheckpoint, isAsking, openQuestion } from "./openQuestion.ts";
import { isFinal } from "./record.ts";
import type { Run } from "./run.ts";
import type { RunController } from "./runController.ts";

/** What an answer set going. */
export interface Answered {
  /** The run whose code gets the answer. */
  readonly run: Run;
  /** Whether that run was started for it, because the one that asked is over. */
  readonly isResumed: boolean;
}

/** What answering needs. */
export interface AnsweringContext {
  readonly project: Project;
  readonly experiments: ExperimentIndex;
  readonly runs: Pick<RunController, "adopt" | "runs" | "start">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Answers a checkpoint's question, once and for all: the answer is noted at the checkpoint, where whoever listens to
 * the waiting code finds it. When nobody waits any more, the run is resumed from the checkpoint. Fails with
 * `no-question`, `invalid-answer`, `already-answered` or `superseded` and has then changed nothing; with
 * `not-resumed` when the answer stands and the run could not be started.
 */
export async function answerQuestion(
  context: AnsweringContext,
  { sha }: Pick<Checkpoint, "sha">,
  value: AnswerValue,
): Promise<Result<Answered>> {
  const { experiments, runs } = context;
  await experiments.refresh();
  const asked = findOpen(experiments, sha);
  if (!asked.ok) return asked;
  const checked = checkAnswer(asked.value.question, value);
  if (!checked.ok) return checked;
  const noted = await noteAnswer(context, asked.value, checked.value);
  if (!noted.ok) return noted;
  await experiments.refresh();

  // Also takes over a run whose window is gone while its code still waits.
  await runs.adopt();
  const live = runs.runs.find(({ id, state }) => id === asked.value.run && !isFinal(state));
  if (live !== undefined) return success({ run: live, isResumed: false });
  const checkpoint = lastOf(experiments, asked.value);
  // A run that was isolated goes on as it was: with its own code and params, and not in the workspace.
  const wasIsolated = runs.runs.some(({ id, place }) => id === asked.value.run && place === "isolated");
  const code = wasIsolated ? "checkpoint" : "workspace";
  const started = await runs.start({ verb: "resume", checkpoint, code });
  if (started.ok) return success({ run: started.value, isResumed: true });
  const label = `${checkpoint.experiment}@${checkpoint.sequence}`;
  return failure(
    "not-resumed",
    `The answer is recorded, and ${label} could not be resumed with it yet: ${started.problem.message} Resume ${checkpoint.experiment} then.`,
  );
}

function findOpen(experiments: ExperimentIndex, sha: string): Result<AskingCheckpoint> {
  const all = experiments.experiments;
  const open = all.map(openQuestion).find((checkpoint) => checkpoint?.sha === sha);
  if (open) return success(open);
  const known = all.flatMap(({ checkpoints }) => checkpoints).find((checkpoint) => checkpoint.sha === sha);
  if (known === undefined || !isAsking(known)) {
    return failure("no-question", "That checkpoint asks nothing: savepoint list shows the open questions.");
  }
  const { answer } = known.annotations;
  if (answer !== null) return alreadyAnswered(known, answer);
  return failure(
    "superseded",
    `${known.experiment} has gone on since it asked "${known.question.question}", so it needs no answer any more.`,
  );
}

async function noteAnswer(
  { project, now }: AnsweringContext,
  checkpoint: AskingCheckpoint,
  value: AnswerValue,
): Promise<Result<void>> {
  const by = (await new Git(project.root).textOrNull(["config", "user.name"]))?.trim() || null;
  let earlier: Answer | null = null;
  try {
    await annotate(project, checkpoint.sha, (before) => {
      earlier = before.answer;
      return earlier === null ? { answer: { value, at: now(), by } } : null;
    });
  } catch (error) {
    return { ok: false, problem: describeFailure(error, "The answer could not be recorded") };
  }
  return earlier === null ? success(undefined) : alreadyAnswered(checkpoint, earlier);
}

function alreadyAnswered({ experiment, sequence }: Checkpoint, { value, by }: Answer): Result<never> {
  const who = by === null ? "" : ` by ${by}`;
  return failure(
    "already-answered",
    `The question of ${experiment}@${sequence} was answered already${who}: ${answerText(value)}.`,
  );
}

/** The checkpoint with its answer. */
function lastOf(experiments: ExperimentIndex, asked: Checkpoint): Checkpoint {
  const experiment = experiments.experiments.find(({ name }) => name === asked.experiment);
  return experiment?.checkpoints.find(({ sha }) => sha === asked.sha) ?? asked;
}
