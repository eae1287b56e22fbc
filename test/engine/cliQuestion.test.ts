import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { askingFiles } from "../support/asking.ts";
import { testCommandLine } from "../support/badInput.ts";
import { until } from "../support/poll.ts";
import { committedProject, runLimit } from "../support/runs.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

const cli = testCommandLine();
const runArguments = ["run", "--name", "amber-heron"];

async function model(repository: TemporaryProject): Promise<object> {
  return JSON.parse(await repository.read("model.json"));
}

/** A project whose run has ended without an answer, as it does where nobody can be asked. */
async function unanswered(t: TestContext) {
  const repository = await committedProject(t, askingFiles);
  const run = await cli().attempt(repository.root, [...runArguments, "--answer-within", "0"]);
  return { repository, run };
}

test("without a terminal the run ends and says how to answer; the answer resumes it", async (t) => {
  const { repository, run } = await unanswered(t);
  assert.equal(run.code, 130, run.stderr);
  assert.match(run.stderr, /amber-heron@1 asks: Go on\?/);
  assert.match(
    run.stderr,
    /amber-heron waits for an answer to “Go on\?”; it goes on with savepoint answer amber-heron@1 yes\|no\./,
  );
  assert.match(await cli().savepoint(repository.root, "list"), /amber-heron +waits for answer/);
  assert.match(await cli().savepoint(repository.root, "show", "amber-heron"), /asks +Go on\?/);
  const [experiment] = await cli().list(repository.root);
  assert.deepEqual(experiment?.checkpoints[0]?.question, {
    kind: "approve",
    id: "go-on",
    question: "Go on?",
  });

  const answered = await cli().attempt(repository.root, ["answer", "amber-heron", "no"]);
  assert.equal(answered.code, 0, answered.stderr);
  assert.match(answered.stderr, /amber-heron resumes with the answer/);
  assert.deepEqual(await model(repository), { epochs: 2, answer: false });
  assert.match(await cli().savepoint(repository.root, "show", "amber-heron@1"), /answer +no, by Ada Tester/);
  assert.match(await cli().savepoint(repository.root, "list"), /amber-heron +succeeded/);
});

test("what a question or an output has of control characters does not reach the terminal", async (t) => {
  const question = { question: "Go \u001b[31mon?\u009b1mx", choices: ["\u001b]0;title\u0007a", "b"] };
  const repository = await committedProject(t, { ...askingFiles, "question.json": JSON.stringify(question) });
  const run = await cli().attempt(repository.root, [...runArguments, "--answer-within", "0"]);
  const refused = await cli().attempt(repository.root, ["answer", "amber-heron"]);
  const shown = await cli().savepoint(repository.root, "show", "amber-heron");
  for (const text of [run.stderr, refused.stderr, shown]) assert.match(text, /asks:? +Go \?\[31mon\?\?1mx/);
  assert.match(refused.stderr, /1 {2}\?\]0;title\?a/);
  for (const text of [run.stderr, refused.stderr, shown]) assert.doesNotMatch(text, /(?!\n)\p{Cc}/u);
});

for (const [what, args, code, message] of [
  ["an answer that does not fit", ["amber-heron", "perhaps"], 1, /the answer is yes or no/],
  [
    "no answer where nobody can be asked",
    ["amber-heron"],
    2,
    /give it with savepoint answer amber-heron@1 yes\|no/,
  ],
  ["an experiment that is not there", ["calm-otter", "yes"], 1, /calm-otter/],
] as const) {
  test(`${what} is refused and changes nothing`, async (t) => {
    const { repository } = await unanswered(t);
    const refused = await cli().attempt(repository.root, ["answer", ...args]);
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
    assert.match(await cli().savepoint(repository.root, "list"), /amber-heron +waits for answer/);
  });
}

test("a second answer is told of the first", async (t) => {
  const { repository } = await unanswered(t);
  assert.equal((await cli().attempt(repository.root, ["answer", "amber-heron", "yes"])).code, 0);
  const second = await cli().attempt(repository.root, ["answer", "amber-heron@1", "no"]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /was answered already by Ada Tester: yes/);
});

test("at a terminal the question is asked until the answer fits", async (t) => {
  const files = { ...askingFiles, "question.json": '{"question": "Which?", "choices": ["sgd", "adam"]}' };
  const repository = await committedProject(t, files);
  const run = cli().start(repository.root, runArguments, true);
  t.after(() => run.process.kill("SIGKILL"));
  await until(() => run.output().includes("your choice: "), runLimit, "the question");
  assert.match(run.output(), /2 {2}adam/);
  run.process.stdin.write("rmsprop\r");
  await until(() => run.output().includes("the answer is one of: sgd, adam"), runLimit, "the refusal");
  run.process.stdin.write("2\r");
  assert.equal(await run.exited, 0, run.output());
  assert.deepEqual(await model(repository), { epochs: 2, answer: "adam" });
});

test("a run that waits goes on with the answer of another command", async (t) => {
  const repository = await committedProject(t, askingFiles);
  const run = cli().start(repository.root, runArguments);
  t.after(() => run.process.kill("SIGKILL"));
  await until(() => run.output().includes("answer with: savepoint answer"), runLimit, "the question");
  const answered = await cli().attempt(repository.root, ["answer", "amber-heron", "yes"]);
  assert.equal(answered.code, 0, answered.stderr);
  assert.match(answered.stderr, /goes on with the answer where it runs/);
  assert.equal(await run.exited, 0, run.output());
  assert.deepEqual(await model(repository), { epochs: 2, answer: true });
});
