import type { AnswerValue, Checkpoint } from "../model.ts";
import type { ExperimentIndex } from "../store/experimentIndex.ts";

/** A question that waits, by the checkpoint that holds it. */
export interface WaitingQuestion {
  readonly runId: string;
  readonly sequence: number;
  /** Whether the code still waits: it takes its signal away when it gives up. */
  readonly isWaiting: () => boolean;
  /** The stage has ended, or this process gives the run up. */
  readonly over: AbortSignal;
}

/** How often Git is asked for an answer that came from elsewhere, and the code whether it still waits, in milliseconds. */
const lookMilliseconds = 1_000;

/** Waits until a question is answered, by this process or any other. `null` when nobody waits for it any more. */
export async function awaitAnswer(
  experiments: ExperimentIndex,
  question: WaitingQuestion,
): Promise<AnswerValue | null> {
  while (!question.over.aborted && question.isWaiting()) {
    // What fails now, with too many processes for one, may work at the next look.
    await experiments.refresh().catch(() => {});
    const answer = recorded(experiments, question)?.annotations.answer;
    if (answer) return answer.value;
    await nextLook(experiments, question.over);
  }
  return null;
}

function recorded(
  experiments: ExperimentIndex,
  { runId, sequence }: WaitingQuestion,
): Checkpoint | undefined {
  for (const { checkpoints } of experiments.experiments) {
    const found = checkpoints.findLast(
      (checkpoint) => checkpoint.run === runId && checkpoint.sequence === sequence,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Until something changed in the store, or a while has passed. */
function nextLook(experiments: ExperimentIndex, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      changes.dispose();
      over.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, lookMilliseconds);
    const changes = experiments.onDidChange(done);
    over.addEventListener("abort", done);
    if (over.aborted) done();
  });
}
