import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../support/poll.ts";
import { ClientProcess, type Ended } from "./clientProcess.ts";
import { type Client, clients } from "./interpreters.ts";
import { Listener, plainEnvironment } from "./listener.ts";

/** Milliseconds; far more than any of this takes on a busy machine. */
const limit = 60_000;

/** A stage's folder with one input, whose program does a step that writes down when it begins and ends. */
class Stage {
  readonly listener = new Listener().listen();
  readonly root = this.listener.root;
  readonly #client: Client;
  readonly #t: TestContext;

  constructor(t: TestContext, client: Client) {
    this.#t = t;
    this.#client = client;
    t.after(() => this.listener.dispose());
    this.write("input", "first");
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      ...this.listener.environment,
      SAVEPOINT_RUN: "run-1",
      SAVEPOINT_OUTPUTS: `${this.path("output")}\n${this.path("steps")}`,
    };
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** What the step wrote down so far: `begun`, `ended`. */
  get log(): readonly string[] {
    return existsSync(this.path("log")) ? this.read("log").trim().split("\n") : [];
  }

  start(scenario: readonly string[], environment = this.environment): ClientProcess {
    const made = new ClientProcess([...this.#client.command, ...scenario], environment, this.root);
    this.#t.after(() => made.killAll());
    return made;
  }

  once(key = "tokenize", value = "1", environment = this.environment): Promise<Ended> {
    return this.start(["once", key, value], environment).ended;
  }

  /** Does the step and expects that this time it is said to be done again for a reason. */
  async again(reason: RegExp, key?: string, value?: string): Promise<void> {
    const before = this.log.length;
    const { code, stderr } = await this.once(key, value);
    assert.equal(code, 0, stderr);
    assert.match(stderr, reason);
    assert.equal(this.log.length, before + 2);
    assert.equal(this.read("output"), "whole");
  }
}

/** Moments of a step's life at which it is killed. */
const kills = 16;

const result = { tuple: [1, 2.5], text: 'naïve "x"\n', nothing: null };
const isDone = 'savepoint: step "tokenize" is done already\n';

for (const client of clients) {
  describe(`${client.name} client: keyed steps`, {
    skip: client.skip,
    concurrency: 2,
    timeout: 10 * limit,
  }, () => {
    test("does a step once, gives its result again, and makes a checkpoint of it", async (t) => {
      const stage = new Stage(t, client);
      const [first, second] = [await stage.once(), await stage.once()];
      assert.deepEqual([first.code, first.stderr], [0, ""]);
      assert.deepEqual([second.code, second.stderr], [0, isDone]);
      assert.deepEqual(stage.log, ["begun", "ended"]);
      assert.deepEqual(
        stage.listener.requests.map(({ name, step }) => [name, step]),
        [["tokenize", undefined]],
      );
      if (client.returnsResults) {
        for (const { stdout } of [first, second]) assert.deepEqual(JSON.parse(stdout), result);
      }
      const record = JSON.parse(stage.read("steps/tokenize.step.json"));
      assert.equal(record.savepoint, "step");
      assert.equal(record.version, 1);
      assert.equal(record.key, "tokenize");
      assert.deepEqual(Object.keys(record.inputs), ["input"]);
      assert.match(record.where, /^program/);
      assert.match(record.finishedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(typeof record.seconds, "number");
      assert.deepEqual(readdirSync(stage.path("steps")), ["tokenize.step.json"]);
      assert.deepEqual(readdirSync(stage.path(".dvc/tmp/savepoint/steps")), []);
    });

    test("simply does the work outside of a stage", async (t) => {
      const stage = new Stage(t, client);
      for (const count of [1, 2]) {
        const { code, stderr } = await stage.once("tokenize", "1", plainEnvironment());
        assert.deepEqual([code, stderr], [0, ""]);
        assert.equal(stage.log.length, 2 * count);
      }
      assert.ok(!existsSync(stage.path("steps")));
    });

    test("does it again when an input, a value or an output changed, and says why", async (t) => {
      const stage = new Stage(t, client);
      await stage.once();
      stage.write("input", "second");
      await stage.again(/"tokenize" is done again: .*inputs? changed\n$/);
      await stage.again(/"tokenize" is done again: its values changed\n$/, "tokenize", "2");
      rmSync(stage.path("output"));
      await stage.again(/"tokenize" is done again: .*output.*\n$/, "tokenize", "2");
      stage.write("output", "other");
      await stage.again(/"tokenize" is done again: .*output.*\n$/, "tokenize", "2");
      stage.write("steps/tokenize.step.json", "{");
      await stage.again(/"tokenize" is done again: .*\n$/, "tokenize", "2");
      assert.equal((await stage.once("tokenize", "2")).stderr, isDone);
      // Another step has nothing to do with it.
      await stage.again(/^$/, "other", "2");
    });

    test("looks into folders", async (t) => {
      const stage = new Stage(t, client);
      rmSync(stage.path("input"));
      mkdirSync(stage.path("input/deep"), { recursive: true });
      stage.write("input/deep/a b", "1");
      await stage.once();
      assert.equal((await stage.once()).stderr, isDone);
      stage.write("input/deep/c", "");
      await stage.again(/inputs? changed\n$/);
      stage.write("input/deep/a b", "2");
      await stage.again(/inputs? changed\n$/);
    });

    test("does it again when it was killed in the middle", async (t) => {
      const stage = new Stage(t, client);
      stage.write("hold", "");
      const killed = stage.start(["once", "tokenize", "1"]);
      const isHalf = () => existsSync(stage.path("output")) && stage.read("output") === "half";
      await until(isHalf, limit, "the middle of the step");
      killed.killAll();
      rmSync(stage.path("hold"));
      await killed.ended;
      assert.ok(!existsSync(stage.path("steps/tokenize.step.json")));
      // What was killed may be gone a moment later only.
      await stage.again(/^(savepoint: process \d+ does step "tokenize"; waiting\n)?$/);
      assert.equal((await stage.once()).stderr, isDone);
      assert.deepEqual(readdirSync(stage.path(".dvc/tmp/savepoint/steps")), []);
    });

    test("stands for nothing but work that ended, whenever it is killed", async (t) => {
      const stage = new Stage(t, client);
      const began = performance.now();
      await stage.once();
      const whole = performance.now() - began;
      for (let kill = 0; kill < kills; kill++) {
        // A new input each time, so that each time there is something to do.
        stage.write("input", String(kill));
        const killed = stage.start(["once", "tokenize", "1"]);
        await Promise.race([delay((whole * kill) / kills), killed.ended]);
        killed.killAll();
        await killed.ended;
        if (existsSync(stage.path("steps/tokenize.step.json"))) {
          const { inputs } = JSON.parse(stage.read("steps/tokenize.step.json"));
          assert.equal(Object.keys(inputs).length, 1);
          assert.equal(stage.log.at(-1), "ended");
          assert.equal(stage.read("output"), "whole");
        }
      }
      const { code } = await stage.once();
      assert.equal(code, 0);
      assert.equal((await stage.once()).stderr, isDone);
      assert.equal(stage.read("output"), "whole");
    });

    test("does not believe the record of a step that is being done again", async (t) => {
      const stage = new Stage(t, client);
      await stage.once();
      stage.write("input", "second");
      stage.write("hold", "");
      const killed = stage.start(["once", "tokenize", "1"]);
      await until(() => stage.log.length === 3, limit, "the step's beginning");
      assert.ok(!existsSync(stage.path("steps/tokenize.step.json")));
      killed.killAll();
      rmSync(stage.path("hold"));
      await killed.ended;
    });

    test("lets one of several processes do it, and the others wait for the result", async (t) => {
      const stage = new Stage(t, client);
      stage.write("hold", "");
      const processes = [1, 2, 3, 4].map(() => stage.start(["once", "tokenize", "1"]));
      const waiting = () => processes.filter(({ stderr }) => stderr.includes("waiting")).length;
      await until(() => stage.log.length === 1 && waiting() === 3, limit, "three that wait");
      rmSync(stage.path("hold"));
      for (const { code, stdout } of await Promise.all(processes.map(({ ended }) => ended))) {
        assert.equal(code, 0);
        if (client.returnsResults) assert.deepEqual(JSON.parse(stdout), result);
      }
      assert.deepEqual(stage.log, ["begun", "ended"]);
      assert.equal(stage.listener.requests.length, 1);
      assert.deepEqual(readdirSync(stage.path(".dvc/tmp/savepoint/steps")), []);
    });

    test("lets another process take over when the one that does it is killed", async (t) => {
      const stage = new Stage(t, client);
      stage.write("hold", "");
      const killed = stage.start(["once", "tokenize", "1"]);
      await until(() => stage.log.includes("begun"), limit, "the step's beginning");
      const others = [1, 2].map(() => stage.start(["once", "tokenize", "1"]));
      await until(() => others.every(({ stderr }) => stderr.includes("waiting")), limit, "two that wait");
      killed.killAll();
      await until(() => stage.log.length === 2, limit, "the next one's beginning");
      rmSync(stage.path("hold"));
      for (const { code } of await Promise.all(others.map(({ ended }) => ended))) assert.equal(code, 0);
      assert.deepEqual(stage.log, ["begun", "begun", "ended"]);
    });

    test("does not count a step that failed", async (t) => {
      const stage = new Stage(t, client);
      stage.write("fail", "");
      assert.equal((await stage.once()).code, 3);
      assert.deepEqual(stage.listener.requests, []);
      rmSync(stage.path("fail"));
      await stage.again(/^$/);
    });

    test("skips nothing when the steps would not go back with a checkpoint", async (t) => {
      const stage = new Stage(t, client);
      const environment = { ...stage.environment, SAVEPOINT_OUTPUTS: stage.path("output") };
      for (const count of [1, 2]) {
        const { code, stderr } = await stage.once("tokenize", "1", environment);
        assert.equal(code, 0);
        assert.match(stderr, /^savepoint: no step is skipped, .* - steps: \{checkpoint: true\}\n$/);
        assert.equal(stage.log.length, 2 * count);
      }
    });

    test("goes back with the folder of an older checkpoint", async (t) => {
      const stage = new Stage(t, client);
      await stage.once("first");
      cpSync(stage.path("steps"), stage.path("older"), { recursive: true });
      await stage.once("second");
      rmSync(stage.path("steps"), { recursive: true });
      cpSync(stage.path("older"), stage.path("steps"), { recursive: true });
      assert.match((await stage.once("first")).stderr, /"first" is done already/);
      await stage.again(/^$/, "second");
    });

    test("takes any key for a name, and never leaves its folder", async (t) => {
      const stage = new Stage(t, client);
      const keys = ["a", "a/b", "../escaped", "Ä b%20c*'(!)~", "."];
      for (const key of keys) assert.deepEqual((await stage.once(key)).stderr, "");
      for (const key of keys) assert.match((await stage.once(key)).stderr, /is done already\n$/);
      assert.deepEqual(readdirSync(stage.path("steps")).length, keys.length);
      const found = readdirSync(stage.path("steps")).map(
        (name) => JSON.parse(stage.read(`steps/${name}`)).key,
      );
      assert.deepEqual(found.toSorted(), keys.toSorted());
      assert.ok(existsSync(stage.path("steps/..%2Fescaped.step.json")));
      const { code, stderr } = await stage.start(["long"]).ended;
      assert.notEqual(code, 0);
      assert.match(stderr, /the key of a step must be short/);
    });

    // A step of a shell script has no result.
    if (client.returnsResults)
      test("keeps no result that would come back as another one", async (t) => {
        const stage = new Stage(t, client);
        const { code, stderr } = await stage.start(["unkept"]).ended;
        assert.equal(code, 0, stderr);
        assert.equal(stderr.match(/can't be kept, so it will be done again: /g)?.length, 2, stderr);
        assert.equal(readdirSync(stage.path("steps")).length, 1);
      });
  });
}
