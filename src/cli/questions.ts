import { createInterface } from "node:readline/promises";
import type { Engine } from "../engine/engine.ts";
import type { Disposable } from "../engine/event.ts";
import type { AnswerValue, Checkpoint, Question } from "../engine/model.ts";
import { type AskingCheckpoint, isAsking, openQuestion } from "../engine/run/openQuestion.ts";
import { readAnswer } from "../engine/signal/question.ts";

/** How long a question waits where nobody can be asked, in milliseconds. */
export const defaultAnswerLimit = 180_000;

/** Asks at the terminal what running code asks; without a terminal it says how to answer, and stops the run in the end. */
export class Questions implements Disposable {
  readonly #engine: Engine;
  readonly #tell: (text: string) => void;
  readonly #limit: number;
  readonly #listeners: readonly Disposable[];
  /** The questions that wait, by checkpoint. */
  readonly #waiting = new Map<string, AbortController>();

  constructor(engine: Engine, tell: (text: string) => void, limit: number) {
    this.#engine = engine;
    this.#tell = tell;
    this.#limit = limit;
    this.#listeners = [
      engine.runs.onDidRecord((checkpoint) => {
        if (isAsking(checkpoint)) void this.#ask(checkpoint);
      }),
      engine.experiments.onDidChange(() => this.#drop()),
      engine.runs.onDidChange(({ id, end }) => {
        if (end !== null) this.#drop(id);
      }),
    ];
  }

  /** Asks what a run that was taken over waits for. */
  askAgain(runId: string): void {
    const asking = this.#engine.experiments.experiments
      .map(openQuestion)
      .find((checkpoint) => checkpoint?.run === runId);
    if (asking && !this.#waiting.has(asking.sha)) void this.#ask(asking);
  }

  dispose(): void {
    for (const listener of this.#listeners) listener.dispose();
    for (const waiting of this.#waiting.values()) waiting.abort();
    this.#waiting.clear();
  }

  async #ask(checkpoint: AskingCheckpoint): Promise<void> {
    const over = new AbortController();
    this.#waiting.set(checkpoint.sha, over);
    for (const line of questionLines(checkpoint)) this.#tell(line);
    if (!process.stdin.isTTY) {
      this.#tell(`answer with: ${answerCommand(checkpoint)}`);
      const timer = setTimeout(() => this.#giveUp(checkpoint), this.#limit);
      over.signal.addEventListener("abort", () => clearTimeout(timer));
      return;
    }
    const value = await promptAnswer(checkpoint.question, this.#tell, over.signal);
    if (value === null) return;
    const answered = await this.#engine.answer(checkpoint, value);
    if (!answered.ok) this.#tell(answered.problem.message);
  }

  #giveUp(checkpoint: Checkpoint): void {
    if (checkpoint.run === null) return;
    this.#tell("nobody has answered, so the run is stopped; the answer will resume it.");
    void this.#engine.runs.stop(checkpoint.run, "now");
  }

  /** Forgets the questions that are answered, and those of a run that is over. */
  #drop(runId: string | null = null): void {
    const open = new Map(
      this.#engine.experiments.experiments.flatMap((experiment) => {
        const asking = openQuestion(experiment);
        return asking === null ? [] : [[asking.sha, asking.run] as const];
      }),
    );
    for (const [sha, over] of this.#waiting) {
      if (open.has(sha) && (runId === null || open.get(sha) !== runId)) continue;
      over.abort();
      this.#waiting.delete(sha);
    }
  }
}

/** Asks for an answer at the terminal until one fits; `null` when it is not wanted any more, or input ends. */
export async function promptAnswer(
  question: Question,
  tell: (text: string) => void,
  over?: AbortSignal,
): Promise<AnswerValue | null> {
  const input = createInterface({ input: process.stdin, output: process.stderr });
  const isClosed = new AbortController();
  input.once("close", () => isClosed.abort());
  const signal = over === undefined ? isClosed.signal : AbortSignal.any([over, isClosed.signal]);
  try {
    for (;;) {
      const text = await input.question(promptOf(question), { signal });
      const read = readAnswer(question, text);
      if (read.ok) return read.value;
      tell(read.problem.message);
    }
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    input.close();
  }
}

/** A question for people: where it is asked, and what can be answered. */
export function questionLines({ experiment, sequence, question }: AskingCheckpoint): readonly string[] {
  const choices =
    question.kind === "choose" ? question.choices.map((choice, index) => `  ${index + 1}  ${choice}`) : [];
  return [`${experiment}@${sequence} asks: ${question.question}`, ...choices];
}

/** The command by which a question is answered. */
export function answerCommand({ experiment, sequence, question }: AskingCheckpoint): string {
  const value = { approve: "yes|no", choose: "CHOICE", text: "TEXT" }[question.kind];
  const reference = `${experiment}@${sequence}`;
  return `savepoint answer ${/^[\w@./-]+$/.test(reference) ? reference : `'${reference}'`} ${value}`;
}

function promptOf(question: Question): string {
  switch (question.kind) {
    case "approve":
      return "yes or no? ";
    case "choose":
      return question.multiple ? "your choices, with commas between them: " : "your choice: ";
    case "text":
      return "your answer: ";
  }
}
