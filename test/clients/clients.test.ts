import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { until } from "../support/poll.ts";
import { ClientProcess } from "./clientProcess.ts";
import { type Client, clients } from "./interpreters.ts";
import { type Answer, Listener, plainEnvironment } from "./listener.ts";

/** Milliseconds; far more than any of this takes on a busy machine. */
const limit = 60_000;

function listener(t: TestContext, answer?: (request: { readonly [key: string]: unknown }) => Answer | null) {
  const made = new Listener(answer);
  t.after(() => made.dispose());
  return made;
}

function start(t: TestContext, client: Client, environment: NodeJS.ProcessEnv, ...scenario: string[]) {
  const made = new ClientProcess([...client.command, ...scenario], environment);
  t.after(() => made.kill("SIGKILL"));
  return made;
}

function results(stdout: string): unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** What a request holds apart from the key that no two requests share. */
function withoutId({ id, ...rest }: { readonly [key: string]: unknown }) {
  assert.match(String(id), /^[\w-]+$/);
  return rest;
}

function filesBeside(signal: string): string[] {
  return readdirSync(dirname(signal)).filter((name) => name !== "heartbeat" && !name.endsWith(".result"));
}

for (const client of clients) {
  describe(`${client.name} client`, { skip: client.skip, concurrency: 2, timeout: 10 * limit }, () => {
    test("does nothing outside Savepoint", async (t) => {
      const { root } = listener(t);
      for (const variables of [{}, { DVC_ROOT: root }, { DVC_CHECKPOINT: "1" }]) {
        const { code, stdout, stderr } = await start(
          t,
          client,
          { ...plainEnvironment(), ...variables },
          "plain",
        ).ended;
        assert.deepEqual([code, stderr], [0, ""]);
        if (client.returnsResults) {
          assert.deepEqual(results(stdout), [{ ok: true, checkpoint: null, error: null }]);
        }
      }
      assert.deepEqual(filesBeside(join(root, ".dvc", "tmp", "DVC_CHECKPOINT")), []);
    });

    test("asks without arguments and tells the checkpoint", async (t) => {
      const savepoint = listener(t, () => ({ ok: true, checkpoint: "amber-heron@12" })).listen();
      const { code, stdout, stderr } = await start(t, client, savepoint.environment, "plain").ended;
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(savepoint.requests.map(withoutId), [{ v: 1 }]);
      if (client.returnsResults) {
        assert.deepEqual(results(stdout), [{ ok: true, checkpoint: "amber-heron@12", error: null }]);
      }
      assert.deepEqual(filesBeside(savepoint.signal), []);
    });

    test("sends everything, with any characters and with numbers that JSON does not have", async (t) => {
      const savepoint = listener(t).listen();
      const { code, stderr } = await start(t, client, savepoint.environment, "full").ended;
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(savepoint.requests.map(withoutId), [
        {
          v: 1,
          step: 12,
          total: 40,
          name: 'Epoche "fünf" \\ 猫\n\tEnde',
          metrics: { accuracy: 0.914, count: 3, loss: "NaN", up: "Infinity", down: "-Infinity" },
          metadata: { "two words": "naïve" },
          when: "stage-end",
          latest: false,
          again: true,
        },
      ]);
    });

    test("warns of a checkpoint that could not be recorded, and lets the training go on", async (t) => {
      const savepoint = listener(t, () => ({ ok: false, error: 'The disk "D" is full' })).listen();
      const { code, stdout, stderr } = await start(t, client, savepoint.environment, "plain").ended;
      assert.equal(code, 0);
      assert.match(stderr, /^savepoint: training checkpoint not recorded: The disk .*D.* is full\n$/);
      if (client.returnsResults) {
        assert.deepEqual(results(stdout), [{ ok: false, checkpoint: null, error: 'The disk "D" is full' }]);
      }
    });

    test("takes no answer for a good one, and does not take the answer to another request", async (t) => {
      const savepoint = listener(t, () => null).listen();
      for (const stale of [null, { ok: false, checkpoint: "x@1", error: "x", id: "another" }]) {
        if (stale) writeFileSync(`${savepoint.signal}.result`, JSON.stringify(stale));
        const { code, stdout, stderr } = await start(t, client, savepoint.environment, "plain").ended;
        assert.deepEqual([code, stderr], [0, ""]);
        if (client.returnsResults) {
          assert.deepEqual(results(stdout), [{ ok: true, checkpoint: null, error: null }]);
        }
      }
    });

    test("waits its turn when other processes ask", async (t) => {
      const count = 12;
      const savepoint = listener(t, ({ name, step }) => ({
        ok: true,
        checkpoint: `${name}@${step}`,
      })).listen();
      const names = ["left", "right", "middle"];
      const ended = await Promise.all(
        names.map((name) => start(t, client, savepoint.environment, "loop", name, String(count)).ended),
      );
      const steps = [...Array(count).keys()];
      for (const [index, name] of names.entries()) {
        assert.deepEqual([ended[index]?.code, ended[index]?.stderr], [0, ""]);
        const own = savepoint.requests.filter((request) => request.name === name);
        assert.deepEqual(
          own.map(({ step }) => step),
          steps,
        );
        // An answer can be overwritten by the next one before it is read, but is never another's.
        if (!client.returnsResults) continue;
        for (const [step, result] of results(ended[index]?.stdout ?? "").entries()) {
          assert.ok(
            result !== null && typeof result === "object" && "ok" in result && "checkpoint" in result,
          );
          assert.equal(result.ok, true);
          assert.ok([null, `${name}@${step}`].includes(result.checkpoint as string | null));
        }
      }
      assert.deepEqual(filesBeside(savepoint.signal), []);
    });

    test("says once that nobody listens, waits, and goes on when somebody does", async (t) => {
      const savepoint = listener(t);
      const process = start(t, client, savepoint.environment, "plain");
      await until(() => process.stderr.includes("nobody listens"), limit, "the notice");
      assert.ok(savepoint.isAsked);
      savepoint.listen();
      const { code, stderr } = await process.ended;
      assert.equal(code, 0);
      assert.equal(savepoint.received.length, 1);
      assert.match(
        stderr,
        /^savepoint: nobody listens .* Reopen the project in VS Code: .*\nsavepoint: Savepoint listens again.*\n$/,
      );
    });

    test("leaves nothing that harms when it is killed", async (t) => {
      const savepoint = listener(t);
      const process = start(t, client, savepoint.environment, "plain");
      await until(() => savepoint.isAsked, limit, "the signal");
      process.kill("SIGKILL");
      await process.ended;
      savepoint.listen();
      await until(() => savepoint.received.length === 1 && !savepoint.isAsked, limit, "the answer");
      const { code, stderr } = await start(t, client, savepoint.environment, "plain").ended;
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(savepoint.requests.map(withoutId), [{ v: 1 }, { v: 1 }]);
      assert.deepEqual(
        filesBeside(savepoint.signal).filter((name) => !/^DVC_CHECKPOINT\..*\.tmp$/.test(name)),
        [],
      );
    });

    test("gives up after the time that it was given, and takes its request back", async (t) => {
      const savepoint = listener(t);
      const { code, stdout, stderr } = await start(t, client, savepoint.environment, "timeout").ended;
      assert.equal(code, 0);
      assert.equal(stderr, "savepoint: training checkpoint not recorded: nobody answered within 1 s\n");
      if (client.returnsResults) {
        assert.deepEqual(results(stdout), [
          { ok: false, checkpoint: null, error: "nobody answered within 1 s" },
        ]);
      }
      assert.deepEqual(filesBeside(savepoint.signal), []);
    });

    test("lets the training go on when nobody reads what it says", async (t) => {
      const savepoint = listener(t);
      rmSync(dirname(savepoint.signal), { recursive: true });
      const process = start(t, client, savepoint.environment, "plain");
      process.stopReading();
      const { code, signal } = await process.ended;
      assert.deepEqual([code, signal], [0, null]);
    });

    test("lets the training go on when it cannot ask", async (t) => {
      const savepoint = listener(t);
      rmSync(dirname(savepoint.signal), { recursive: true });
      const { code, stderr } = await start(t, client, savepoint.environment, "plain").ended;
      assert.equal(code, 0);
      assert.match(stderr, /^savepoint: training checkpoint not recorded: .*\.dvc.*\n$/);
    });

    // A shell script reads the variable itself.
    if (client.returnsResults)
      test("knows which time the stage runs", async (t) => {
        for (const [variables, expected] of [
          [{}, 1],
          [{ SAVEPOINT_ITERATION: "3" }, 3],
        ] as const) {
          const { stdout } = await start(t, client, { ...plainEnvironment(), ...variables }, "iteration")
            .ended;
          assert.equal(JSON.parse(stdout), expected);
        }
      });

    test("knows the step that it continues from", async (t) => {
      for (const [variables, expected] of [
        [{}, { resumed: false, step: null }],
        [
          { DVCLIVE_RESUME: "1", SAVEPOINT_RESUMED_STEP: "17" },
          { resumed: true, step: 17 },
        ],
        [
          { DVCLIVE_RESUME: "1", SAVEPOINT_RESUMED_STEP: "" },
          { resumed: true, step: null },
        ],
        [{ SAVEPOINT_RESUMED_STEP: "0" }, { resumed: true, step: 0 }],
      ] as const) {
        const { stdout } = await start(t, client, { ...plainEnvironment(), ...variables }, "resumed").ended;
        assert.deepEqual(JSON.parse(stdout), expected);
      }
    });
  });
}
