import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseParams, parseData, parseValues, pick } from "../../../src/engine/pipeline/params.ts";
import { setParam } from "../../../src/engine/pipeline/setParam.ts";

describe("values of a file", () => {
  test("have texts for keys in a lock file, where DVC takes nothing else", () => {
    const parsed = parseData("1: one\nyes: two\ntrue: three\n", "params.yaml");
    assert.ok(parsed.ok);
    const chosen = chooseParams({ file: "params.yaml", keys: null }, parsed.value);
    assert.deepEqual([...chosen.values.keys()], ["1", "yes", "true"]);
  });

  test("are read by suffix", () => {
    const expected = { ok: true, value: { a: { b: [1, 2.5, "x"] } } };
    assert.deepEqual(parseValues("a:\n  b: [1, 2.5, x]\n", "p.yaml"), expected);
    assert.deepEqual(parseValues('{"a": {"b": [1, 2.5, "x"]}}', "p.json"), expected);
    assert.deepEqual(parseValues('[a]\nb = [1, 2.5, "x"]\n', "p.toml"), expected);
    assert.deepEqual(parseValues("class a:\n  b = [1, 2.5, 'x']\n", "p.py"), expected);
  });

  test("that can't be read name the file and line", () => {
    const message = (text: string, file: string) => {
      const parsed = parseValues(text, file);
      return parsed.ok ? null : parsed.problem.message;
    };
    assert.match(message("a: 1\nb: [1\n", "p.yaml") ?? "", /^p\.yaml, line \d: Invalid YAML/);
    assert.match(message('{\n"a": }', "p.json") ?? "", /^p\.json, line 2: Invalid JSON/);
    assert.match(message("a = 1\nb = \n", "p.toml") ?? "", /^p\.toml, line 2: /);
    assert.match(message("- 1\n", "p.yaml") ?? "", /p\.yaml holds a list/);
  });

  test("keep keys that mean something to JavaScript", () => {
    const parsed = parseValues('{"__proto__": {"x": 1}, "constructor": 2, "2": 3, "1": 4}', "p.json");
    assert.ok(parsed.ok);
    assert.equal(pick(parsed.value, "__proto__.x"), 1);
    assert.equal(pick(parsed.value, "constructor"), 2);
    assert.equal(pick(parsed.value, "toString"), undefined);
    assert.equal(pick(parsed.value, "__proto__.toString"), undefined);
  });

  test("are picked by dotted key", () => {
    const values = { a: { b: [{ c: 1 }, null] }, "x.y": 2 };
    assert.equal(pick(values, "a.b.0.c"), 1);
    assert.equal(pick(values, "a.b.1"), null);
    assert.equal(pick(values, "a.b.2"), undefined);
    assert.equal(pick(values, "a.b.length"), undefined);
    assert.equal(pick(values, "x.y"), undefined);
  });
});

describe("setting a parameter", () => {
  const yaml =
    "# top\nlr: 0.1   # rate\nname: abc # n\ntrain:\n  epochs: 5\n  layers:\n    - 1\n    - 2\n  flag: true\nnothing:\nquoted: 'x y'\nlist:\n- 1\n- 2\nend: 1\n";
  const set = (key: string, value: string, text = yaml, file = "params.yaml") => {
    const result = setParam(text, file, key, value);
    return result.ok ? result.value : result.problem.message;
  };

  test("changes one value and keeps comments and layout", () => {
    assert.equal(set("lr", "0.5"), yaml.replace("0.1", "0.5"));
    assert.equal(set("lr", "1"), yaml.replace("0.1", "1.0"));
    assert.equal(set("lr", "1e-5"), yaml.replace("0.1", "1.0e-05"));
    assert.equal(set("name", "5"), yaml.replace("abc", '"5"'));
    assert.equal(set("name", "a: b #c"), yaml.replace("abc", '"a: b #c"'));
    assert.equal(set("train.epochs", "7"), yaml.replace("epochs: 5", "epochs: 7"));
    assert.equal(set("train.layers.1", "9"), yaml.replace("    - 2", "    - 9"));
    assert.equal(
      set("train.layers", "[3, 4]"),
      yaml.replace("layers:\n    - 1\n    - 2\n", "layers: [3, 4]\n"),
    );
    assert.equal(set("list", "[]"), yaml.replace("list:\n- 1\n- 2\n", "list: []\n"));
    assert.equal(set("train.flag", "False"), yaml.replace("true", "false"));
    assert.equal(set("nothing", "3"), yaml.replace("nothing:", "nothing: 3"));
    assert.equal(set("quoted", "it's"), yaml.replace("'x y'", "'it''s'"));
    assert.equal(set("end", "2"), yaml.replace("end: 1", "end: 2"));
  });

  test("refuses a value of another type, and says the type", () => {
    assert.match(set("lr", "fast"), /'lr' in params\.yaml is a number, but 'fast' is not/);
    assert.match(set("train.epochs", "1.5"), /is a whole number, but '1\.5' is not/);
    assert.match(set("train.flag", "yes"), /is true or false, but 'yes' is not/);
    assert.match(set("list", "3"), /is a list, but '3' is not/);
    assert.match(set("train", "1"), /is a group; set one of train\.epochs/);
  });

  test("refuses an unknown key with the nearest one", () => {
    assert.match(set("train.epoch", "1"), /no parameter 'train\.epoch'; did you mean 'train\.epochs'\?/);
    assert.match(set("zzzzzz", "1"), /there are lr, name/);
  });

  test("refuses what stands elsewhere than under its key", () => {
    const shared = "a: &x\n  v: 1\nb: *x\nc:\n  <<: *x\n";
    assert.equal(set("a.v", "2", shared), shared.replace("v: 1", "v: 2"));
    assert.match(set("b.v", "2", shared), /change the file by hand/);
    assert.match(set("c.v", "2", shared), /change the file by hand/);
  });

  test("works in JSON, TOML and Python", () => {
    assert.equal(
      set("a.c", 'y"z', '{"a": {"b": 1, "c": "x"},\n "d": 1.5}', "p.json"),
      '{"a": {"b": 1, "c": "y\\"z"},\n "d": 1.5}',
    );
    const toml = 'a = 1 # c\n[t]\n"q.r" = "x" # q\n[[l]]\nz = 1\n[[l]]\nz = [1,\n 2] # e\nu.v = """\nx"""\n';
    assert.equal(set("l.1.z", "[5]", toml, "p.toml"), toml.replace("[1,\n 2]", "[5]"));
    assert.equal(set("l.1.u.v", "y", toml, "p.toml"), toml.replace('"""\nx"""', '"y"'));
    assert.equal(set("a", "2", toml, "p.toml"), toml.replace("a = 1", "a = 2"));
    const python =
      "lr = 0.1  # rate\nclass T:\n    d = {'x': 1, 'y': 2}\n    def __init__(self):\n        self.w = 3 # c\n";
    assert.equal(set("T.w", "4", python, "p.py"), python.replace("= 3", "= 4"));
    assert.equal(set("T.d.y", "5", python, "p.py"), python.replace("'y': 2", "'y': 5"));
  });
});
