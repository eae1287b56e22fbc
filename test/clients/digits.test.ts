import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { until } from "../support/poll.ts";
import { ClientProcess } from "./clientProcess.ts";
import { Listener, plainEnvironment } from "./listener.ts";

const top = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const example = join(top, "examples", "digits");

/** Milliseconds; far more than any of this takes on a busy machine. */
const limit = 180_000;

/** A fresh copy of the example in a folder of its own, with ways to run it. */
class Digits {
  readonly root: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(t: TestContext, environment: NodeJS.ProcessEnv = plainEnvironment()) {
    this.root = mkdtempSync(join(tmpdir(), "savepoint-digits-"));
    this.#environment = environment;
    t.after(() => rmSync(this.root, { recursive: true, force: true }));
    // Whoever ran the example in place left outputs there.
    const outputs = [
      "prepared",
      "model.json",
      "metrics.json",
      "history.csv",
      "evaluation.json",
      "confusion.csv",
    ];
    cpSync(example, this.root, {
      recursive: true,
      filter: (path) =>
        dirname(path) !== example || ![...outputs, ".dvc", "__pycache__"].includes(basename(path)),
    });
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.root, file), text);
  }

  set(key: string, value: string | number): void {
    const text = this.read("params.yaml");
    const changed = text.replace(new RegExp(`^( *${key}): .*$`, "m"), `$1: ${value}`);
    assert.ok(changed.includes(`${key}: ${value}`), `params.yaml has no ${key}`);
    this.write("params.yaml", changed);
  }

  start(script: string): ClientProcess {
    return new ClientProcess(["python3", script], this.#environment, this.root);
  }

  /** Runs a script to its end, which must be a good one, and returns what it printed. */
  async run(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.start(script).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout;
  }

  /** A small training: prepared, with few units and epochs. */
  async small(epochs: number): Promise<this> {
    this.set("hidden_units", 8);
    this.set("epochs", epochs);
    await this.run("prepare.py");
    return this;
  }

  get outputs(): readonly string[] {
    return ["model.json", "history.csv", "metrics.json"].map((file) => this.read(file));
  }

  /** First column of the history, below its header. */
  get epochs(): readonly number[] {
    return this.read("history.csv")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[0]));
  }
}

describe("examples/digits", { timeout: 10 * limit }, () => {
  test("carries the Python client as it is", () => {
    const files = [join(top, "clients", "python"), example].map((folder) => join(folder, "savepoint.py"));
    const [source, copy] = files.map((file) => readFileSync(file, "utf8"));
    assert.equal(copy, source, "Copy clients/python/savepoint.py to examples/digits/ after a change.");
  });

  test("names files and parameters in dvc.yaml that are there", () => {
    const { stages } = parse(readFileSync(join(example, "dvc.yaml"), "utf8"));
    const params = parse(readFileSync(join(example, "params.yaml"), "utf8"));
    assert.deepEqual(Object.keys(stages), ["prepare", "train", "evaluate"]);
    const made = new Set(["prepared", "model.json"]);
    for (const stage of Object.values<{ cmd: string; deps: string[]; params?: string[] }>(stages)) {
      assert.ok(stage.deps.includes(stage.cmd.replace("python3 ", "")));
      for (const path of stage.deps) assert.ok(made.has(path) || existsSync(join(example, path)), path);
      for (const key of stage.params ?? []) assert.ok(key in params, key);
    }
    assert.deepEqual(stages.train.outs, [{ "model.json": { checkpoint: true, persist: true } }]);
  });

  test("recognises more than nine of ten digits it never saw, and asks for a checkpoint after each epoch", async (t) => {
    const listener = new Listener().listen();
    t.after(() => listener.dispose());
    const digits = new Digits(t, listener.environment);
    for (const script of ["prepare.py", "train.py", "evaluate.py"]) await digits.run(script);

    const { accuracy } = JSON.parse(digits.read("metrics.json"));
    assert.ok(accuracy > 0.9, `accuracy ${accuracy}`);
    const expected = [...Array(20).keys()].map((index) => index + 1);
    assert.deepEqual(
      listener.requests.map(({ step, total }) => [step, total]),
      expected.map((epoch) => [epoch, 20]),
    );
    assert.deepEqual(digits.epochs, expected);

    const pairs = digits.read("confusion.csv").trim().split("\n").slice(1);
    assert.equal(pairs.length, digits.read("prepared/test.csv").trim().split("\n").length);
    const right = pairs.filter((pair) => pair.split(",")[0] === pair.split(",")[1]);
    assert.equal(right.length / pairs.length, accuracy);
    const { hardest_digit, hardest_recall } = JSON.parse(digits.read("evaluation.json"));
    const isHardest = (pair: string) => pair.startsWith(`${hardest_digit},`);
    assert.equal(hardest_recall, right.filter(isHardest).length / pairs.filter(isHardest).length);
  });

  test("prepares the same data each time, each digit once", async (t) => {
    const [first, second] = [new Digits(t), new Digits(t)];
    for (const digits of [first, second]) await digits.run("prepare.py");
    for (const file of ["prepared/train.csv", "prepared/test.csv"]) {
      assert.equal(first.read(file), second.read(file));
    }
    const lines = (text: string) => text.trim().split("\n");
    const prepared = [...lines(first.read("prepared/train.csv")), ...lines(first.read("prepared/test.csv"))];
    const original = lines(first.read("data/digits.csv")).map((line) => {
      const cells = line.split(",").map(Number);
      return [...cells.slice(0, 64).map((pixel) => pixel / 16), cells[64]].join();
    });
    const asNumbers = prepared.map((line) => line.split(",").map(Number).join());
    assert.deepEqual(asNumbers.toSorted(), original.toSorted());
  });

  test("ends with the very bytes of an uninterrupted training, however often it was stopped", async (t) => {
    // So many epochs that each training is well under way when it is stopped.
    const whole = await new Digits(t).small(30);
    const stopped = await new Digits(t).small(30);
    await whole.run("train.py");
    for (const signal of ["SIGINT", "SIGKILL", "SIGTERM"] as const) {
      const training = stopped.start("train.py");
      await until(() => /^epoch/m.test(training.stdout), limit, "the first epoch");
      training.kill(signal);
      const { code, stderr } = await training.ended;
      assert.equal(stderr, "");
      assert.equal(code, signal === "SIGINT" ? 130 : null);
    }
    assert.match(await stopped.run("train.py"), /^Continuing after epoch [1-9]/);
    assert.deepEqual(stopped.outputs, whole.outputs);
    assert.deepEqual(
      readdirSync(stopped.root).filter(
        (file) => /^(model|metrics|history)/.test(file) && !/\.new$/.test(file),
      ),
      ["history.csv", "metrics.json", "model.json"],
    );
  });

  test("goes on from an older checkpoint as if the later epochs had never been", async (t) => {
    const older: string[] = [];
    const listener = new Listener(({ step }) => {
      if (step === 2) older.push(...digits.outputs);
      return { ok: true };
    });
    t.after(() => listener.dispose());
    const digits = await new Digits(t, listener.listen().environment).small(4);
    await digits.run("train.py");
    const whole = digits.outputs;

    digits.write("model.json", older[0] ?? "");
    digits.set("epochs", 2);
    assert.match(await digits.run("train.py"), /Nothing to do/);
    assert.deepEqual(digits.outputs, older);
    assert.deepEqual(digits.epochs, [1, 2]);

    digits.set("epochs", 4);
    await digits.run("train.py");
    assert.deepEqual(digits.outputs, whole);
  });

  test("says in one line what is wrong with its parameters or its model", async (t) => {
    const digits = await new Digits(t).small(1);
    const params = digits.read("params.yaml");
    const failure = async (): Promise<string> => {
      const { code, stderr } = await digits.start("train.py").ended;
      assert.equal(code, 1);
      return stderr;
    };
    for (const [text, message] of [
      ["", /^params.yaml has no section `train:`/],
      [
        params.replace("epochs: 1", "epochs: many"),
        /^params.yaml: train.epochs must be a whole number, but is 'many'/,
      ],
      [params.replace("epochs: 1", "epochs: 0"), /^params.yaml: train.epochs must be 1 or more/],
      [
        params.replace("  epochs: 1", "  epochs: 1\n\tseed: 1"),
        /^params.yaml, line \d+: expected `key: value`/,
      ],
      [params.replace("  epochs: 1", "  epochs: [1, 2]"), /^params.yaml, line \d+: this reader knows/],
    ] as const) {
      digits.write("params.yaml", text);
      assert.match(await failure(), message);
    }
    digits.write("params.yaml", params);
    await digits.run("train.py");
    const model = digits.read("model.json");
    digits.set("hidden_units", 9);
    assert.match(
      await failure(),
      /^model.json has 8 hidden units, but params.yaml says train.hidden_units: 9\. /,
    );
    digits.write("params.yaml", params);
    digits.write("model.json", model.slice(0, 1000));
    assert.match(await failure(), /^model.json can't be read .* Delete it to start afresh/);
  });

  test("reads params.yaml as a YAML library does", async () => {
    const text = [
      "---",
      "# first",
      "empty:",
      "a:",
      "  lr: 1e-3  # small",
      "  'quoted key': 'it # stays'",
      '  name: "two words"',
      "",
      "  deep:",
      "      n: -5",
      "      on: true",
      "      none: null",
      "      half: .5",
      "  after: plain text",
      "b: 2.0",
    ].join("\r\n");
    const script = "import json, sys, parameters; print(json.dumps(parameters.parse(sys.argv[1], 'p')))";
    const { stdout, stderr } = await new ClientProcess(
      ["python3", "-c", script, text],
      { ...plainEnvironment(), PYTHONDONTWRITEBYTECODE: "1" },
      example,
    ).ended;
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), { ...parse(text), empty: {} });
  });
});
