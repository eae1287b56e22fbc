import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { type Data, formatFloat, isList, isMap, Timestamp } from "../../src/engine/pipeline/data.ts";
import { parseData } from "../../src/engine/pipeline/params.ts";
import { readYaml } from "../../src/engine/pipeline/yaml.ts";
import { writeYaml } from "../../src/engine/pipeline/yamlWriter.ts";
import { dvcEnvironment } from "../support/dvcEnvironment.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporaryProject.ts";

interface Answer {
  readonly read: readonly unknown[];
  readonly written: readonly { readonly layout: string; readonly isRight: boolean }[];
}

const scalars = [
  "1",
  "-1",
  "+12",
  "017",
  "08",
  "0o17",
  "0x1F",
  "0X1",
  "0b11",
  "1_000",
  "1__0",
  "_1",
  "0o",
  "1e5",
  "1e+5",
  "1E5",
  "1.5e3",
  "1e-5",
  ".5",
  "5.",
  "+.5e3",
  ".e5",
  "1.e5",
  "12e03",
  "0.1_0",
  "685_230.15",
  "0.",
  "-0",
  "-0.0",
  "123456789012345678901234567890",
  "1e400",
  "~",
  "null",
  "Null",
  "NULL",
  "nULL",
  "true",
  "True",
  "TRUE",
  "tRue",
  "yes",
  "no",
  "on",
  "off",
  "y",
  "n",
  ".inf",
  "-.INF",
  "+.inf",
  ".nan",
  ".NaN",
  "1:30",
  "12:30:45",
  "2020-01-01",
  "2020-1-1",
  "2020-01-01T10:00:00Z",
  "2020-01-01 10:00:00",
  "0.1.2",
  "word",
  "two words",
  '"1"',
  "'1'",
  "!!str 1",
  "!!int '7'",
  "!!float 1",
  "[1, a, 'b', {c: d}]",
  "{a: 1, 'b': 2, 3: c}",
  "[]",
  "{}",
  '"\\u00e9\\n\\t\\x41\\/"',
  "'it''s'",
  "-",
  "-1-",
  "1,2",
  "@x",
  "%x",
  "a#b",
  "a #b",
  "a:b",
  "http://x.y",
  "*a",
  "0x_1",
  "<<",
];

const files: readonly { readonly name: string; readonly text: string }[] = [
  ...scalars.map((text) => ({ name: "a.yaml", text: `key: ${text}\n` })),
  { name: "b.yaml", text: "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\ne: *x\n" },
  { name: "c.yaml", text: "a: |\n  x\n   y\n\nb: >-\n  one\n  two\n\n  three\nc: |+\n  z\n\nd: 'x\n  y'\n" },
  { name: "d.yaml", text: "# only a comment\n" },
  { name: "e.yaml", text: "a:\n- 1\n-\n  - 2\n  - b: 3\n    c: 4\n? x\n: y\n1: z\n" },
  { name: "f.yaml", text: "a: 1\na: 2\n" },
  { name: "g.yaml", text: "a: [1, 2\nb: 3\n" },
  { name: "h.yaml", text: "\ta: 1\n" },
  { name: "i.yaml", text: "%YAML 1.2\n---\na: yes\n" },
  {
    name: "a.json",
    text: '{"a": 1, "b": 1.0, "c": [true, null, 1e3, -0.5], "d": {"e": "\\u00e9\\ud83d\\ude00"}, "f": NaN, "g": -Infinity}',
  },
  { name: "b.json", text: '{"a": 1,}' },
  { name: "c.json", text: "{'a': 1}" },
  { name: "d.json", text: '{"a": 01}' },
  { name: "f.json", text: '{"a": "x\ty"}' },
  { name: "f.py", text: "é = 1\nclass Größe:\n    höhe_1: int = 2\n    _x = 3\n" },
  { name: "e.json", text: '{"a": 123456789012345678901234567890, "1": 2, "__proto__": 3}' },
  {
    name: "a.toml",
    text: 'a = 1\nb = 1.0\nc = "x"\n[d]\ne = [1, 2.5]\n[d.f]\ng = true\n[[h]]\ni = 1\n[[h]]\ni = 0xff\n',
  },
  { name: "b.toml", text: "a = \n" },
  {
    name: "a.py",
    text: "import os\nA = 1\nB: float = 2.0\nC = 'x' \"y\"\nD = [1, (2, 3), {'a': {'b': None}}]\nE = os.name\nF = G = 1\nH = -1.5e-3\nI = 1_000 + 1\nJ = 0x10\n",
  },
  {
    name: "b.py",
    text: "class A(object):\n    x = 1\n    class B:\n        y = 2\n    def __init__(self, z=3):\n        self.z = 3\n        w = 4\n        if True:\n            self.v = 5\n    def other(self):\n        self.u = 6\nif True:\n    t = 7\n",
  },
  {
    name: "c.py",
    text: "A = {\n    'x': 1,  # words\n    'y': [1,\n          2],\n}\nB = (\n    'long '\n    'text'\n)\nC = 1, 2,\nD = ()\nE = (1)\nF = {}\nG = {1, 2}\nH = r'\\n' + 'x'\nI = r'\\n'\nJ = '''a\nb'''\nK = b'x'\nL = True; M = False\n",
  },
  {
    name: "d.py",
    text: "A = 1 if True else 2\nB = [x for x in range(3)]\nC = lambda: 1\nD = f'{A}'\nE = 3 == 3\nF = not True\nG = 'it\\'s \\x41 \\u00e9'\nH = +1\nI = --1\nJ = 1j\nA.b = 3\nA[0] = 4\n",
  },
  {
    name: "e.py",
    text: "# comment = 1\nx = '# not a comment'  # comment\ny = \"a; b = 2\"\nz = \\\n    5\nasync def f():\n    q = 1\nw: int\n\n@decorator\nclass K:\n    k = 1\n",
  },
];

const word = fc.constantFrom(
  "a",
  "--lr",
  "0.1",
  "it's",
  '"q"',
  "x".repeat(30),
  "\n",
  "  ",
  " ",
  "é",
  "😀",
  ":",
  "#c",
  "- x",
  "\t",
  "key:",
  "[",
  "1e5",
  "null",
  "{",
  "&",
  "longer-word-here",
  "python",
  "\\",
  "\n\n",
  "\u0085",
);
const texts = fc.sample(
  fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
      fc.array(word, { maxLength: 30 }).map((words) => words.join("")),
    )
    .filter((text) => text.isWellFormed()),
  { numRuns: 1500, seed: 20 },
);

describe("values", () => {
  let home: TemporaryFolder;
  let answer: Answer;
  const ours = texts.map((text) =>
    writeYaml(new Map([["stages", new Map([["name", new Map([["cmd", text]])]])]])),
  );

  before(async () => {
    home = await temporaryFolder();
    const environment = await dvcEnvironment(home.root);
    const written = ours.map((text, index) => ({ name: `${index}.yaml`, text }));
    const task = JSON.stringify({ texts: [...files, ...written], write: texts });
    answer = JSON.parse(await environment.script(home.root, [join(import.meta.dirname, "read.py")], task));
  });

  after(() => home?.dispose());

  for (const [index, { name, text }] of files.entries()) {
    test(`of ${name} are read as DVC reads them: ${JSON.stringify(text)}`, () => {
      const expected = answer.read[index];
      const parsed = parseData(text, name);
      if (isError(expected)) assert.ok(!parsed.ok || name.endsWith(".py"), `DVC says ${expected.error}`);
      else if (!isOther(expected))
        assert.deepEqual(parsed.ok ? typed(parsed.value, expected) : parsed.problem, expected);
    });
  }

  test("of any text are written so that DVC and we read them back", () => {
    for (const [index, text] of texts.entries()) {
      const theirs = answer.read[files.length + index];
      const wanted = { map: [["stages", { map: [["name", { map: [["cmd", text]] }]] }]] };
      assert.deepEqual(theirs, wanted, JSON.stringify(ours[index]));
      const { data, problems } = readYaml(ours[index] ?? "");
      assert.deepEqual(problems, []);
      assert.deepEqual(typed(data, wanted), wanted);
    }
  });

  test("of any text are laid out as DVC lays them out", () => {
    // DVC's writer leaves these bare though readers of YAML 1.1 take them for something else, and quotes a line
    // separator where it can't be seen.
    const apart = /[\u2028\u2029]|^(?:y|n|yes|no|on|off|=|<<|[-+]?[\d._:]+(?:e[-+]?\d+)?)$/i;
    for (const [index, text] of texts.entries()) {
      const theirs = answer.written[index];
      if (!theirs?.isRight || apart.test(text)) continue;
      assert.equal(ours[index], theirs.layout);
    }
  });
});

function isError(value: unknown): value is { readonly error: string } {
  return typeof value === "object" && value !== null && "error" in value;
}

/** Dates and the like, which DVC can't keep in a lock file at all. */
function isOther(value: unknown): boolean {
  return JSON.stringify(value).includes('{"other":');
}

/** The data in the notation of `read.py`; where that has a set, which has no order, so does this. */
function typed(data: Data, like: unknown): unknown {
  if (isList(data)) {
    if (typeof like === "object" && like !== null && "set" in like)
      return { set: data.map((item) => JSON.stringify(typed(item, null)).replaceAll(":", ": ")).sort() };
    return data.map((item, index) => typed(item, Array.isArray(like) ? like[index] : null));
  }
  if (isMap(data)) {
    const others =
      typeof like === "object" && like !== null && "map" in like
        ? (like.map as readonly (readonly unknown[])[])
        : [];
    return {
      map: [...data].map(([key, item], index) => [typed(key, null), typed(item, others[index]?.[1])]),
    };
  }
  if (typeof data === "bigint") return { int: String(data) };
  if (typeof data === "number") return { float: formatFloat(data) };
  return data instanceof Timestamp ? { other: "date" } : data;
}
