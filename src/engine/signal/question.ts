import type { AnswerValue, Question, Value } from "../model.ts";
import { failure, type Result, success } from "../result.ts";

const questionLimit = 2_000;
const labelLimit = 200;
const choicesLimit = 100;
const answerLimit = 100_000;

const knownKeys: readonly string[] = ["id", "question", "kind", "choices", "multiple"];

/** Reads a question as code or a commit has it. Fails with what is wrong with it, for people. */
export function readQuestion(value: unknown): Result<Question> {
  if (!isRecord(value)) return invalid("must be an object");
  const unknown = Object.keys(value).find((key) => !knownKeys.includes(key));
  if (unknown !== undefined) return invalid(`has no key ${JSON.stringify(unknown.slice(0, 40))}`);
  const question = value.question;
  if (!isText(question, questionLimit))
    return invalid(`needs a "question" of 1 to ${questionLimit} characters`);
  const id = value.id ?? null;
  if (id !== null && !isText(id, labelLimit))
    return invalid(`"id" must be text of 1 to ${labelLimit} characters`);
  const choices = value.choices ?? null;
  const kind = value.kind ?? (choices === null ? "approve" : "choose");
  if (kind !== "choose") {
    if (kind !== "approve" && kind !== "text") return invalid('"kind" must be "approve", "choose" or "text"');
    if (choices !== null || value.multiple)
      return invalid('"choices" and "multiple" are for the kind "choose"');
    return success({ kind, id, question });
  }
  if (!isChoices(choices)) {
    return invalid(`"choices" must be 1 to ${choicesLimit} different texts of 1 to ${labelLimit} characters`);
  }
  const multiple = value.multiple ?? false;
  if (typeof multiple !== "boolean") return invalid('"multiple" must be true or false');
  return success({ kind, id, question, choices, multiple });
}

/** By what code knows its question again after a resume. */
export function questionId({ id, question }: Question): string {
  return id ?? question;
}

/** Checks that an answer fits its question. */
export function checkAnswer(question: Question, value: Value): Result<AnswerValue> {
  switch (question.kind) {
    case "approve":
      return typeof value === "boolean" ? success(value) : unfit("yes or no");
    case "text":
      return typeof value === "string" && value.length <= answerLimit
        ? success(value)
        : unfit(`text of at most ${answerLimit} characters`);
    case "choose": {
      const { choices, multiple } = question;
      if (!multiple) {
        return typeof value === "string" && choices.includes(value) ? success(value) : unfit(oneOf(choices));
      }
      const chosen = Array.isArray(value) ? value : null;
      return chosen?.every((item): item is string => typeof item === "string" && choices.includes(item))
        ? success(choices.filter((choice) => chosen.includes(choice)))
        : unfit(`any of: ${choices.join(", ")}`);
    }
  }
}

const yes = ["yes", "y", "true", "approve"];
const no = ["no", "n", "false", "reject"];

/**
 * What a person typed as an answer: yes or no in some words, a choice by its text or its number from 1, several with
 * commas between them.
 */
export function readAnswer(question: Question, text: string): Result<AnswerValue> {
  const word = text.trim().toLowerCase();
  switch (question.kind) {
    case "approve":
      return checkAnswer(question, yes.includes(word) ? true : no.includes(word) ? false : text);
    case "text":
      return checkAnswer(question, text);
    case "choose": {
      const choose = (part: string) => {
        const wanted = part.trim();
        return question.choices.includes(wanted) ? wanted : (question.choices[Number(wanted) - 1] ?? wanted);
      };
      if (!question.multiple) return checkAnswer(question, choose(text));
      return checkAnswer(question, word === "" ? [] : text.split(",").map(choose));
    }
  }
}

/** An answer in words. */
export function answerText(value: AnswerValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return value.length === 0 ? "none" : value.join(", ");
}

/** An answer as a note has it; `undefined` when it is none. */
export function asAnswerValue(value: unknown): AnswerValue | undefined {
  if (typeof value === "boolean" || typeof value === "string") return value;
  const isList = Array.isArray(value) && value.every((item): item is string => typeof item === "string");
  return isList ? value : undefined;
}

function oneOf(choices: readonly string[]): string {
  return `one of: ${choices.join(", ")}`;
}

function invalid(what: string): Result<never> {
  return failure("invalid-question", what);
}

function unfit(wanted: string): Result<never> {
  return failure("invalid-answer", `That does not answer the question: the answer is ${wanted}.`);
}

function isText(value: unknown, limit: number): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= limit;
}

function isChoices(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > choicesLimit) return false;
  return value.every((item) => isText(item, labelLimit)) && new Set(value).size === value.length;
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
