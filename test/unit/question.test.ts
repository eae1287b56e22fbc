import assert from "node:assert/strict";
import { test } from "node:test";
import type { Question } from "../../src/engine/model.ts";
import { openQuestion } from "../../src/engine/run/openQuestion.ts";
import { parseSignal } from "../../src/engine/signal/protocol.ts";
import { checkAnswer, questionId, readAnswer, readQuestion } from "../../src/engine/signal/question.ts";
import { noAnnotations } from "../../src/engine/store/annotations.ts";
import { formatMessage, parseMessage } from "../../src/engine/store/message.ts";
import { checkpoint } from "../support/checkpoint.ts";

const approve: Question = { kind: "approve", id: null, question: "Go on?" };
const text: Question = { kind: "text", id: "why", question: "Why?" };
const choose: Question = {
  kind: "choose",
  id: null,
  question: "Which?",
  choices: ["sgd", "adam", "2"],
  multiple: false,
};
const several: Question = { ...choose, multiple: true };

test("the kind of a question is what its choices say when it says nothing itself", () => {
  assert.deepEqual(readQuestion({ question: "Go on?" }), { ok: true, value: approve });
  assert.deepEqual(readQuestion({ question: "Which?", choices: ["sgd", "adam", "2"] }), {
    ok: true,
    value: choose,
  });
});

for (const [what, question] of [
  ["no object", "Go on?"],
  ["no question", { kind: "approve" }],
  ["an empty question", { question: " " }],
  ["a question that is too long", { question: "x".repeat(2_001) }],
  ["an unknown kind", { question: "?", kind: "guess" }],
  ["an unknown key", { question: "?", timeout: 3 }],
  ["choices for an approval", { question: "?", kind: "approve", choices: ["a"] }],
  ["no choices", { question: "?", kind: "choose" }],
  ["choices that are alike", { question: "?", choices: ["a", "a"] }],
  ["a choice that is no text", { question: "?", choices: ["a", 1] }],
  ["an id that is no text", { question: "?", id: 1 }],
] as const) {
  test(`${what} is recorded as a checkpoint without a question`, () => {
    const { request, warning } = parseSignal(Buffer.from(JSON.stringify({ step: 3, ask: question })));
    assert.equal(request.ask, null);
    assert.equal(request.step, 3);
    assert.match(warning ?? "", /"ask"/);
  });
}

test("a question without an id is known by its text", () => {
  assert.equal(questionId(approve), "Go on?");
  assert.equal(questionId(text), "why");
});

for (const [question, typed, value] of [
  [approve, " Yes ", true],
  [approve, "n", false],
  [text, "because ", "because "],
  [choose, "adam", "adam"],
  [choose, "1", "sgd"],
  [choose, "2", "2"],
  [several, "2, sgd", ["sgd", "2"]],
  [several, "", []],
] as const) {
  test(`"${typed}" answers a question of the kind ${question.kind}`, () => {
    assert.deepEqual(readAnswer(question, typed), { ok: true, value });
  });
}

for (const [question, typed] of [
  [approve, "maybe"],
  [choose, "rmsprop"],
  [choose, "4"],
  [several, "sgd, rmsprop"],
] as const) {
  test(`"${typed}" does not answer a question of the kind ${question.kind}`, () => {
    const read = readAnswer(question, typed);
    assert.ok(!read.ok);
    assert.equal(read.problem.reason, "invalid-answer");
  });
}

test("an answer of another type is refused", () => {
  for (const value of ["yes", 1, null, ["a"]]) assert.equal(checkAnswer(approve, value).ok, false);
  for (const value of [true, ["sgd"], {}]) assert.equal(checkAnswer(choose, value).ok, false);
  for (const value of ["sgd", [1], true]) assert.equal(checkAnswer(several, value).ok, false);
});

test("a question goes through the message of its commit", () => {
  for (const question of [approve, text, several, { ...choose, question: "Line\nand \u2028 “line”?" }]) {
    const parsed = parseMessage(formatMessage({ ...checkpoint(1), kind: "signal", question, values: null }));
    assert.deepEqual(parsed?.question, question);
  }
});

test("a question is open at the end of a line, until it is answered or the run has succeeded", () => {
  const asking = checkpoint(2, { question: approve });
  const answer = { value: true, at: 0, by: null };
  const end = { state: "interrupted", code: 75, signal: null, at: 0 } as const;
  const noted = (annotations: object) => ({ ...asking, annotations: { ...noAnnotations, ...annotations } });
  const isOpen = (...checkpoints: (typeof asking)[]) => openQuestion({ checkpoints }) !== null;

  assert.ok(isOpen(checkpoint(1), asking));
  assert.ok(isOpen(noted({ end })));
  assert.ok(!isOpen(asking, checkpoint(3)));
  assert.ok(!isOpen(noted({ answer })));
  assert.ok(!isOpen(noted({ end: { ...end, state: "succeeded" } })));
  assert.ok(!isOpen(checkpoint(1)));
});
