import type { Engine } from "../../engine/engine.ts";
import type { AnswerValue } from "../../engine/model.ts";
import { failure, type Problem, type Result, success } from "../../engine/result.ts";
import { type AskingCheckpoint, isAsking } from "../../engine/run/openQuestion.ts";
import { readAnswer } from "../../engine/signal/question.ts";
import { readAnswerLimit } from "../arguments.ts";
import { type Command, exitCodes, type Terminal } from "../command.ts";
import { answerCommand, promptAnswer, questionLines } from "../questions.ts";
import { RunReport } from "../runReport.ts";
import { findCheckpoint, withEngine } from "../session.ts";
import { exitCodeOf } from "./run.ts";

/** `savepoint answer REF [VALUE]`: answers what code asked, and resumes it when it does not wait any more. */
export const answer: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const limit = readAnswerLimit(invocation);
    if (!limit.ok) return limit.problem;
    const found = await findCheckpoint(engine, invocation.words[0] ?? "");
    if (!found.ok) return found.problem;
    const { checkpoint } = found.value;
    if (!isAsking(checkpoint)) return asksNothing(`${checkpoint.experiment}@${checkpoint.sequence}`);
    const value = await readValue(terminal, checkpoint, invocation.words[1]);
    return value.ok ? give(engine, terminal, checkpoint, value.value, limit.value) : value.problem;
  });

async function readValue(
  terminal: Terminal,
  checkpoint: AskingCheckpoint,
  text: string | undefined,
): Promise<Result<AnswerValue>> {
  if (text !== undefined) return readAnswer(checkpoint.question, text);
  const tell = (line: string) => terminal.tell(`savepoint: ${line}`);
  for (const line of questionLines(checkpoint)) tell(line);
  const value = process.stdin.isTTY ? await promptAnswer(checkpoint.question, tell) : null;
  if (value !== null) return success(value);
  return failure("usage", `there is no answer yet; give it with ${answerCommand(checkpoint)}`);
}

async function give(
  engine: Engine,
  terminal: Terminal,
  checkpoint: AskingCheckpoint,
  value: AnswerValue,
  answerLimit: number,
): Promise<number | Problem> {
  const report = new RunReport(engine, terminal, answerLimit);
  try {
    const answered = await engine.answer(checkpoint, value);
    if (!answered.ok) return answered.problem;
    const { run, isResumed } = answered.value;
    if (run.readOnly) {
      report.tell(`${run.experiment} goes on with the answer where it runs.`);
      return exitCodes.done;
    }
    const how = isResumed ? "resumes" : "goes on";
    report.tell(`${run.experiment} ${how} with the answer.`);
    return exitCodeOf(await report.untilEnd(run.id, isResumed && process.stdin.isTTY ? 1 : 0));
  } finally {
    report.dispose();
  }
}

function asksNothing(label: string): Problem {
  return {
    reason: "no-question",
    message: `${label} asks nothing; savepoint list shows the experiments that wait for an answer.`,
  };
}
