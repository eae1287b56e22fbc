import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type PipelineFile, parsePipelineFile } from "../../../src/engine/pipeline/parse.ts";
import { defaultSettings } from "../../../src/engine/pipeline/settings.ts";

function parse(
  text: string,
  files: { readonly [path: string]: string } = {},
  file = "dvc.yaml",
): PipelineFile {
  const read = (path: string) => (Object.hasOwn(files, path) ? (files[path] ?? null) : null);
  return parsePipelineFile({ text, file, root: "/project", read });
}

/** `line: message` of each problem, lines counted from 1. */
function problems(parsed: PipelineFile): readonly string[] {
  return parsed.problems.map(({ range, message }) => `${range.start.line + 1}: ${message}`);
}

describe("a pipeline file", () => {
  test("becomes stages with all that they name", () => {
    const { stages, problems: found } = parse(
      "stages:\n  train:\n    cmd: python train.py\n    wdir: src\n    deps: [../data, ./train.py]\n    params: [lr, ../conf.json: [a.b]]\n" +
        "    outs:\n    - model.json: {checkpoint: true}\n    metrics:\n    - ../metrics.json: {cache: false}\n    desc: words\n",
    );
    assert.deepEqual(found, []);
    assert.deepEqual(stages, [
      {
        name: "train",
        address: "train",
        file: "dvc.yaml",
        definition: "train",
        lines: { start: 1, end: 11 },
        commands: ["python train.py"],
        lockedCommand: "python train.py",
        workingDirectory: "src",
        dependencies: ["data", "src/train.py"],
        params: [
          { file: "src/params.yaml", keys: ["lr"] },
          { file: "conf.json", keys: ["a.b"] },
        ],
        outputs: [
          { path: "src/model.json", kind: "output", cache: true, persist: true, checkpoint: true },
          { path: "metrics.json", kind: "metric", cache: false, persist: false, checkpoint: false },
        ],
        frozen: false,
        alwaysChanged: false,
        description: "words",
        settings: defaultSettings,
        writtenPaths: { "src/train.py": ["./train.py"] },
      },
    ]);
  });

  test("in a folder gives addresses with the file", () => {
    const { stages } = parse("stages:\n  a:\n    cmd: run\n    outs: [o]\n", {}, "sub/folder/dvc.yaml");
    assert.equal(stages[0]?.address, "sub/folder/dvc.yaml:a");
    assert.equal(stages[0]?.outputs[0]?.path, "sub/folder/o");
  });

  test("has absolute paths inside the project seen from its root", () => {
    const { stages } = parse(
      "stages:\n  a:\n    cmd: run\n    deps: [/project/in/x, /elsewhere/y]\n    outs: [/project/o]\n",
    );
    assert.deepEqual(stages[0]?.dependencies, ["in/x", "/elsewhere/y"]);
    assert.equal(stages[0]?.outputs[0]?.path, "o");
  });

  test("keeps the sound stages when another is wrong, and says what and where", () => {
    const parsed = parse(
      "stages:\n  good:\n    cmd: run\n  empty:\n    cmd:\n  typo:\n    cmd: run\n    dep: [x]\n  outside:\n    cmd: run\n    outs:\n    - fine\n    - ../out\n" +
        "  unknown:\n    cmd: run ${lr}\n  last:\n    cmd: run\n",
    );
    assert.deepEqual(
      parsed.stages.map(({ name }) => name),
      ["good", "last"],
    );
    assert.deepEqual(problems(parsed), [
      "5: 'cmd' must be a command, or a list of commands, not nothing",
      "8: 'dep' is not known here; did you mean 'deps'?",
      "13: The output '../out' is outside the project; move it into the project's folder",
      "15: '${lr}' is not known; define 'lr' in params.yaml or under vars",
    ]);
    assert.deepEqual(
      parsed.problems.map(({ stage }) => stage),
      ["empty", "typo", "outside", "unknown"],
    );
  });

  describe("that is half typed", () => {
    const around = (bad: string) =>
      `stages:\n  first:\n    cmd: run\n  bad:\n${bad}  last:\n    cmd: run\n    meta: {x: "y"}\n`;
    const cases = [
      ['    cmd: "open\n    deps: [x]\n', '5: Invalid YAML: Missing closing "quote'],
      ["    cmd: run\n    deps: [x\n", "6: Invalid YAML: Flow sequence"],
      ["    cmd: run\n    meta: {a: 1\n", "6: Invalid YAML: Flow map"],
      ["    cmd: run\n   deps: [x]\n", "6: Invalid YAML: All mapping items must start at the same column"],
      ["    cmd: run\n\tdeps: [x]\n", "6: Invalid YAML: Tabs are not allowed as indentation"],
      ["    cmd: run\n    dep\n", "6: Invalid YAML: Implicit map keys"],
      ["    cmd: run: it\n", "5: Invalid YAML: Nested mappings"],
    ] as const;

    for (const [bad, message] of cases) {
      test(`still has all other stages: ${JSON.stringify(bad)}`, () => {
        const names = ({ stages }: PipelineFile) => stages.map(({ name }) => name);
        const between = parse(around(bad));
        assert.deepEqual(names(between), ["first", "last"]);
        assert.equal(between.problems.length, 1);
        assert.equal(problems(between)[0]?.slice(0, message.length), message);
        assert.equal(between.problems[0]?.stage, "bad");
        assert.deepEqual(
          between.stages.map(({ lines }) => lines.start),
          [1, bad.split("\n").length + 3],
        );
        const atEnd = parse(`stages:\n  first:\n    cmd: run\n  bad:\n${bad}`);
        assert.deepEqual(names(atEnd), ["first"]);
        assert.equal(problems(atEnd)[0]?.slice(0, message.length), message);
        const alone = parse(`stages:\n  bad:\n${bad}params:\n  - p.yaml\n`);
        assert.deepEqual([names(alone), alone.problems.length, alone.shown.params], [[], 1, ["p.yaml"]]);
      });
    }

    test("in braces does not run a stage that is cut off", () => {
      const parsed = parse('stages: {a: {cmd: run}, b: {cmd: "run');
      assert.ok(!parsed.stages.some(({ name }) => name === "b"));
    });

    test("has no stages while a merge left marks in it, or a second document", () => {
      const conflict = parse("stages:\n<<<<<<< HEAD\n  a: {cmd: 1}\n=======\n  a: {cmd: 2}\n>>>>>>> x\n");
      assert.deepEqual(problems(conflict), [
        "2: A merge left conflict marks; choose what is to stay, and remove them",
      ]);
      assert.match(String(problems(parse("stages:\n  a: {cmd: run}\n---\nb: 1\n"))), /^3: Only one document/);
    });
  });

  test("does not ask for variables that a broken file may define", () => {
    const text = "stages:\n  a:\n    cmd: run ${lr}\n  b:\n    cmd: run\n";
    const broken = parse(text, { "params.yaml": "lr: [1\n" });
    assert.deepEqual(
      broken.stages.map(({ name }) => name),
      ["b"],
    );
    assert.match(problems(broken)[0] ?? "", /^1: params\.yaml, line 1: Invalid YAML/);
    const wanted = "3: '${lr}' is not known; first mend what is wrong with params.yaml or vars";
    assert.equal(problems(broken)[1], wanted);
    assert.equal(problems(parse(`vars: [none.yaml]\n${text}`))[1]?.slice(2), wanted.slice(2));
  });

  test("with a name that is there twice keeps the first and points at the second", () => {
    const parsed = parse("stages:\n  a:\n    cmd: one\n  b:\n    cmd: run\n  a:\n    cmd: two\n");
    assert.deepEqual(
      parsed.stages.map(({ name }) => name),
      ["a", "b"],
    );
    assert.deepEqual(parsed.stages[0]?.commands, ["one"]);
    assert.deepEqual(problems(parsed), ["6: The key 'a' is here twice; remove one"]);
  });

  test("that is empty has no stage and no problem", () => {
    for (const text of ["", "\n\n", "# words\n", "\uFEFF"]) assert.deepEqual(parse(text), parse(""));
    assert.deepEqual(parse("").problems, []);
  });

  test("names what many generated stages have in common once", () => {
    const parsed = parse("stages:\n  a:\n    foreach: [1, 2, 3]\n    do:\n      cmd: run ${nope}\n");
    assert.deepEqual(problems(parsed), [
      "5: '${nope}' is not known; define 'nope' in params.yaml or under vars",
    ]);
  });

  test("leaves out the generated stages that are wrong alone", () => {
    const parsed = parse(
      "stages:\n  a:\n    foreach: [{n: x}, {m: y}]\n    do:\n      cmd: run ${item.n}\n      outs: ['o/${item.n}']\n",
    );
    assert.deepEqual(
      parsed.stages.map(({ name }) => name),
      ["a@0"],
    );
    assert.deepEqual([...new Set(parsed.problems.map(({ stage }) => stage))], ["a@1"]);
  });

  test("warns of a foreach over nothing and of hidden variables", () => {
    const parsed = parse("vars:\n- item: 1\nstages:\n  a:\n    foreach: []\n    do: {cmd: run}\n");
    assert.deepEqual(
      parsed.problems.map(({ severity }) => severity),
      ["warning", "warning"],
    );
    assert.match(problems(parsed).join("\n"), /5: There is nothing in this 'foreach'/);
  });

  test("refuses a matrix that would make more stages than anybody means", () => {
    const axis = `[${Array.from({ length: 400 }, (_, index) => index)}]`;
    const parsed = parse(`stages:\n  a:\n    matrix: {x: ${axis}, y: ${axis}}\n    cmd: run\n`);
    assert.deepEqual(problems(parsed), ["3: This matrix makes 160000 stages; 100000 is the most"]);
  });

  test("with 5,000 generated stages is read whole", () => {
    const items = Array.from({ length: 5000 }, (_, index) => index);
    const { stages, problems: found } = parse(
      `stages:\n  s:\n    foreach: [${items}]\n    do:\n      cmd: run \${item} --lr \${lr}\n      deps: [code.py, 'in/\${item}']\n      params: [lr]\n      outs: ['out/\${item}']\n`,
      { "params.yaml": "lr: 1.0\n" },
    );
    assert.deepEqual(found, []);
    assert.equal(stages.length, 5000);
    assert.equal(stages[4999]?.lockedCommand, "run 4999 --lr 1.0");
  });

  test("that repeats itself without end is refused, not followed", () => {
    const levels = Array.from(
      { length: 30 },
      (_, index) => `  l${index + 1}: &l${index + 1} [${"*l" + index}, ${"*l" + index}]`,
    );
    const parsed = parse(`vars:\n- l0: &l0 [x, x]\n${levels.join("\n")}\nstages:\n  a:\n    cmd: run\n`);
    assert.ok(parsed.problems.some(({ severity }) => severity === "error"));
  });

  test("nested deeper than any stack is refused, not followed", () => {
    assert.ok(parse(`stages: ${"[".repeat(20_000)}`).problems.length > 0);
    assert.ok(parse(`stages: ${"{a: ".repeat(2_000)}`).problems.length > 0);
  });

  test("splits a command into one process per line", () => {
    const { stages } = parse(
      "stages:\n  a:\n    cmd: |\n      one\n\n      two  # x\n  b:\n    cmd:\n    - three\n    - |\n      four\n      five\n",
    );
    assert.deepEqual(stages[0]?.commands, ["one", "two  # x"]);
    assert.deepEqual(stages[1]?.commands, ["three", "four\nfive\n"]);
  });

  test("names the files to show", () => {
    const { shown } = parse(
      "params: [p.yaml]\nmetrics: [m.json, ./m.json]\nplots:\n- a.csv\n- b:\n    y: {c.csv: loss}\n- d.csv:\n",
      {},
      "sub/dvc.yaml",
    );
    assert.deepEqual(shown, {
      params: ["sub/p.yaml"],
      metrics: ["sub/m.json"],
      plots: ["sub/a.csv", "sub/c.csv", "sub/d.csv"],
    });
  });
});

describe("the settings of a stage", () => {
  const settings = (text: string) =>
    parse(`stages:\n  a:\n    cmd: run\n    outs: [output]\n    meta:\n      savepoint: ${text}\n`);

  test("are read", () => {
    const parsed = settings(
      "{load_policy: eager, scope: everyone, retries: 2, retry_pause: 10, retry_limit: 2m, retry_jitter: 0.5, iterations: 3, watch: output/checkpoint-*/, interval: 10m, metric: {key: 'm.json:f1', goal: max}, total: 40, keep: {last: 3}}",
    );
    const { stages } = parsed;
    assert.deepEqual(problems(parsed), ["6: 'keep' has no effect in this version of Savepoint"]);
    assert.deepEqual(stages[0]?.settings, {
      loadPolicy: "eager",
      scope: "everyone",
      retries: 2,
      retryPause: { first: 10_000, limit: 120_000, jitter: 0.5 },
      iterations: 3,
      watch: ["output/checkpoint-*/"],
      settle: 2_000,
      interval: 600_000,
      metric: { key: "m.json:f1", goal: "maximize" },
      total: 40,
    });
  });

  test("that are wrong are named as warnings and fall back", () => {
    const parsed = settings(
      "{load_polcy: eager, retries: -1, watch: [1], interval: 100ms, scope: mine, retry_pause: soon, retry_jitter: 2, iterations: 0, metric: {goal: max}, total: many}",
    );
    assert.deepEqual(problems(parsed), [
      "6: Savepoint has no setting 'load_polcy'; did you mean 'load_policy'?",
      "6: 'scope' must be own or everyone",
      "6: 'retries' must be a whole number from 0 to 1000",
      "6: 'retry_pause' must be seconds, or a text such as 30s",
      "6: 'retry_jitter' must be a number from 0 to 1",
      "6: 'iterations' must be a whole number from 1 to 1000000",
      "6: 'watch' must be a pattern such as checkpoint-*/, a list of them, or {paths: PATTERNS, settle: 5s}",
      "6: 'interval' must be seconds, or a text such as 10m, of at least 1s",
      "6: 'metric' must be the name of a metric, or {key: NAME, goal: maximize or minimize}",
      "6: 'total' must be a whole number above 0",
    ]);
    assert.ok(parsed.problems.every(({ severity }) => severity === "warning"));
    assert.equal(parsed.stages.length, 1);
  });

  test("watch what lies in an output, with a pause of their own", () => {
    const { stages } = settings("{watch: {paths: [output/*.ckpt], settle: 500ms}}");
    assert.deepEqual(stages[0]?.settings.watch, ["output/*.ckpt"]);
    assert.equal(stages[0]?.settings.settle, 500);
    const elsewhere = settings("{watch: [logs/*.ckpt, ../x, /tmp/*, outputs/*, output/**/last.ckpt, out*]}");
    assert.deepEqual(elsewhere.stages[0]?.settings.watch, ["output/**/last.ckpt", "out*"]);
    assert.equal(problems(elsewhere).length, 4);
    assert.match(problems(elsewhere)[0] ?? "", /^6: 'logs\/\*\.ckpt' lies in no output of the stage/);
  });

  test("know durations", () => {
    const interval = (text: string) => settings(`{interval: ${text}}`).stages[0]?.settings.interval;
    assert.equal(interval("90"), 90_000);
    assert.equal(interval("1.5"), 1_500);
    assert.equal(interval("1h30m"), 5_400_000);
    assert.equal(interval("'10 m'"), 600_000);
    for (const wrong of ["0", "-5", "10x", "m", "100d", "[1]", ".inf"])
      assert.equal(interval(wrong), null, wrong);
  });

  test("take a metric's goal from its name", () => {
    const goal = (name: string) => settings(`{metric: ${name}}`).stages[0]?.settings.metric?.goal;
    for (const name of ["loss", "val_loss", "error_rate", "metrics.json:rmse", "perplexity"])
      assert.equal(goal(name), "minimize", name);
    for (const name of ["accuracy", "f1", "auc", "power", "certainty", "terrier"])
      assert.equal(goal(name), "maximize", name);
  });
});
