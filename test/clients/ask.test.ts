import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { until } from "../support/poll.ts";
import { ClientProcess } from "./clientProcess.ts";
import { type Client, clients } from "./interpreters.ts";
import { type Answer, Listener, plainEnvironment } from "./listener.ts";

/** Milliseconds; far more than any of this takes on a busy machine. */
const limit = 60_000;
const patience = "600";

function listener(t: TestContext, answer?: () => Answer | null): Listener {
  const made = new Listener(answer);
  t.after(() => made.dispose());
  return made;
}

function run(t: TestContext, client: Client, environment: NodeJS.ProcessEnv, ...scenario: string[]) {
  const made = new ClientProcess([...client.command, ...scenario], environment);
  t.after(() => made.killAll());
  return made.ended;
}

/** The program asks to approve twice. A shell has a status and a text for each answer. */
function twice(client: Client, answer: boolean | string): string {
  if (client.returnsResults) return `${JSON.stringify([answer, answer])}\n`;
  return `${answer === false ? "no" : "yes"}\n${answer}\n`.repeat(2);
}

const withoutSpaces = (text: string) => text.replaceAll(", ", ",");

for (const client of clients) {
  describe(`${client.name} client: a question`, {
    skip: client.skip,
    concurrency: 2,
    timeout: 10 * limit,
  }, () => {
    for (const approved of [true, false]) {
      test(`waits until somebody has said ${approved}`, async (t) => {
        const savepoint = listener(t, () => ({ ok: true, checkpoint: "a@1", answer: approved })).listen();
        const { code, stdout, stderr } = await run(t, client, savepoint.environment, "ask", patience);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.equal(withoutSpaces(stdout), twice(client, approved));
        const { v, id, ...request } = savepoint.requests[0] ?? {};
        assert.deepEqual(request, { step: 10, ask: { question: "Go on?", kind: "approve", id: "go-on" } });
        assert.equal(savepoint.requests.length, 2);
      });
    }

    test("gives choices, and several of them as a list", async (t) => {
      const savepoint = listener(t, () => ({ ok: true, answer: ["small", "large one"] })).listen();
      const { code, stdout, stderr } = await run(t, client, savepoint.environment, "choose");
      assert.deepEqual([code, stderr], [0, ""]);
      if (client.returnsResults) assert.deepEqual(JSON.parse(stdout), ["small", "large one"]);
      else assert.equal(stdout, "small\nlarge one\n");
      assert.deepEqual(savepoint.requests[0]?.ask, {
        question: 'Which "models"?',
        kind: "choose",
        choices: ["small", "large one"],
        multiple: true,
      });
    });

    test("gives a text as it was written", async (t) => {
      const text = 'Weil "es" \\ so ist, 猫: {}[]';
      const savepoint = listener(t, () => ({ ok: true, answer: text })).listen();
      const { code, stdout, stderr } = await run(t, client, savepoint.environment, "text");
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(client.returnsResults ? JSON.parse(stdout) : stdout.trimEnd(), text);
      assert.deepEqual(savepoint.requests[0]?.ask, { question: "Why?", kind: "text" });
    });

    test("knows the answer with which the run was resumed, for one question and once", async (t) => {
      const savepoint = listener(t, () => ({ ok: true, answer: true })).listen();
      const environment = (answer: unknown) => ({
        ...savepoint.environment,
        SAVEPOINT_ANSWER: JSON.stringify(answer),
      });
      const resumed = await run(t, client, environment({ id: "go-on", answer: false }), "ask", patience);
      assert.deepEqual([resumed.code, resumed.stderr], [0, ""]);
      assert.equal(
        withoutSpaces(resumed.stdout),
        client.returnsResults ? "[false,true]\n" : "no\nfalse\nyes\ntrue\n",
      );
      assert.equal(savepoint.requests.length, 1);
      const other = await run(t, client, environment({ id: "other", answer: false }), "ask", patience);
      assert.equal(withoutSpaces(other.stdout), twice(client, true));
      // A question without an id is known by its text.
      const named = await run(t, client, environment({ id: "Why?", answer: "so" }), "text");
      assert.match(named.stdout, /^"?so"?\n$/);
      assert.equal(savepoint.requests.length, 3);
    });

    test("ends when it is not to wait any longer, and takes the question back", async (t) => {
      const savepoint = listener(t);
      const ended = run(t, client, savepoint.environment, "ask", "1");
      await until(() => savepoint.isAsked, limit, "the question");
      const { code, stdout, stderr } = await ended;
      assert.deepEqual([code, stdout], [75, ""]);
      assert.match(stderr, /^savepoint: nobody answered yet, so this .* ends\. .*\n$/);
      assert.ok(!savepoint.isAsked);
    });

    test("has a default for where nobody can be asked", async (t) => {
      const { code, stdout, stderr } = await run(t, client, plainEnvironment(), "ask", patience);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(withoutSpaces(stdout), twice(client, "none"));
    });

    test("goes on without an answer when the question could not be recorded", async (t) => {
      const savepoint = listener(t, () => ({ ok: false, error: "The disk is full" })).listen();
      const { code, stdout, stderr } = await run(t, client, savepoint.environment, "ask", patience);
      assert.equal(code, 0);
      assert.equal(withoutSpaces(stdout), twice(client, "none"));
      assert.match(stderr, /^(savepoint: the question was not answered: The disk is full\n){2}$/);
    });
  });
}
