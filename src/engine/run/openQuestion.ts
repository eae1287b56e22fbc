import type { AnswerValue, Checkpoint, Experiment, Question } from "../model.ts";
import { questionId } from "../signal/question.ts";

/** A checkpoint at which code asked something. */
export type AskingCheckpoint = Checkpoint & { readonly question: Question };

/**
 * The checkpoint of an experiment whose question waits for an answer; `null` when none does. Only the last one can: what
 * was recorded after a question shows that the code went on without an answer, and so does a success.
 */
export function openQuestion({ checkpoints }: Pick<Experiment, "checkpoints">): AskingCheckpoint | null {
  const last = checkpoints.at(-1);
  return last !== undefined && isAsking(last) && isOpen(last) ? last : null;
}

/** Whether a checkpoint has a question. */
export function isAsking(checkpoint: Checkpoint): checkpoint is AskingCheckpoint {
  return checkpoint.question !== null;
}

/** An answer as the code gets it that goes on from its question. */
export interface GivenAnswer {
  readonly id: string;
  readonly answer: AnswerValue;
}

/** What a stage that goes on from a checkpoint is told: the answer to the checkpoint's question, if it has one. */
export function givenAnswer({ question, annotations }: Checkpoint): GivenAnswer | null {
  const { answer } = annotations;
  return question === null || answer === null ? null : { id: questionId(question), answer: answer.value };
}

function isOpen({ annotations }: Checkpoint): boolean {
  return annotations.answer === null && annotations.end?.state !== "succeeded";
}
