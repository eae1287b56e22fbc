import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSignal, signalLimit } from "../../src/engine/signal/protocol.ts";

const plain = {
  id: null,
  step: null,
  total: null,
  name: null,
  metrics: {},
  metadata: {},
  when: "now",
  again: null,
  ask: null,
} as const;

function parse(text: string) {
  return parseSignal(Buffer.from(text));
}

test("an empty signal is a complete request", () => {
  assert.deepEqual(parse(""), { request: plain, warning: null });
  assert.deepEqual(parse("\n"), { request: plain, warning: null });
});

test("every key arrives", () => {
  const content = {
    v: 1,
    id: "abc",
    step: 200,
    total: 1000,
    name: "epoch-5",
    metrics: { loss: 0.5, nested: { accuracy: [1, null, "x"] } },
    metadata: { host: "a" },
    latest: true,
    when: "stage-end",
    again: true,
    ask: { kind: "choose", id: "q", question: "Which?", choices: ["a", "b"], multiple: false },
  };
  const { v: _, latest: __, ...request } = content;
  assert.deepEqual(parse(JSON.stringify(content)), { request, warning: null });
});

test("a checkpoint that is not the latest keeps that statement in its metadata", () => {
  const { request, warning } = parse('{"latest": false, "metadata": {"a": 1}}');
  assert.deepEqual(request.metadata, { a: 1, latest: false });
  assert.equal(warning, null);
});

test("metrics that Python writes as NaN and Infinity arrive as words", () => {
  const { request, warning } = parse(
    '{"step": 1, "metrics": {"loss": NaN, "a NaN": -Infinity}, "name": "NaN"}',
  );
  assert.deepEqual(request.metrics, { loss: "NaN", "a NaN": "-Infinity" });
  assert.equal(request.name, "NaN");
  assert.equal(warning, null);
});

for (const [what, text, words] of [
  ["garbage", "\u0001garbage", "not JSON"],
  ["half of an object", '{"step": 12, "metr', "not JSON"],
  ["a list", "[1, 2]", "not an object"],
  ["a number", "12", "not an object"],
  ["deep nesting", "[".repeat(200_000), "not JSON"],
  // Going through the rest again at each quote would take an hour.
  ["a large text that was cut off", `{"name": "${'\\"'.repeat(500_000)}`, "not JSON"],
] as const) {
  test(`${what} is a plain checkpoint with a warning`, () => {
    const { request, warning } = parse(text);
    assert.deepEqual(request, plain);
    assert.match(warning ?? "", new RegExp(words));
  });
}

test("bytes that are not UTF-8 are a plain checkpoint with a warning", () => {
  const { request, warning } = parseSignal(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
  assert.deepEqual(request, plain);
  assert.match(warning ?? "", /UTF-8/);
});

test("more than a mebibyte is not read", () => {
  const name = "x".repeat(signalLimit);
  const { request, warning } = parse(JSON.stringify({ step: 1, name }));
  assert.deepEqual(request, plain);
  assert.match(warning ?? "", /larger than 1 MiB/);
});

for (const [key, value] of [
  ["v", 2],
  ["id", 5],
  ["step", "12"],
  ["step", -1],
  ["total", 0],
  ["total", true],
  ["name", ""],
  ["name", "x".repeat(201)],
  ["metrics", [1]],
  ["metadata", "text"],
  ["latest", "no"],
  ["when", "later"],
] as const) {
  test(`${key}: ${JSON.stringify(value).slice(0, 20)} is left out and named, and the rest is kept`, () => {
    const content = { step: 3, metrics: { loss: 1 }, [key]: value };
    const { request, warning } = parse(JSON.stringify(content));
    assert.match(warning ?? "", new RegExp(`"${key}" must be`));
    if (key !== "step") assert.equal(request.step, 3);
    if (key !== "metrics") assert.deepEqual(request.metrics, { loss: 1 });
  });
}

test("unknown keys and __proto__ are named and change nothing", () => {
  const { request, warning } = parse(
    '{"step": 1, "steps": 2, "metadata": {"__proto__": {"polluted": true}}}',
  );
  assert.equal(request.step, 1);
  assert.deepEqual(request.metadata, {});
  assert.match(warning ?? "", /"steps"/);
  assert.match(warning ?? "", /"metadata"/);
});

test("no bytes make it fail, and what it returns is JSON again", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const { request, warning } = parseSignal(Buffer.from(bytes));
        assert.deepEqual(JSON.parse(JSON.stringify(request)), request);
        assert.ok(warning === null || !warning.includes("\n"));
      },
    ),
  );
});
