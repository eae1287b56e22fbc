import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type HoverSubject,
  subjectInDataFile,
  subjectInPipeline,
} from "../../src/editor/hovers/hoverSubjects.ts";

const pipeline = `stages:
  train: # the one
    cmd: python train.py --lr \${train.lr} --seed \${ seeds[0] } --literal \\\${no}
    wdir: src
    params:
      - train.lr
      - ../other.toml:
          - opt.name
      - whole.json:
    metrics:
      - metrics.json:
          cache: false
      - ./plain.json
  "many stages":
    foreach: [1, 2]
    do:
      cmd: echo \${item}
      params: [ group ]
params:
  - root.yaml
metrics:
  - top.json
`;

/** The subject at the first occurrence of a text. */
function at(needle: string, path = "dvc.yaml"): HoverSubject | null {
  const offset = pipeline.indexOf(needle);
  const before = pipeline.slice(0, offset).split("\n");
  const place = { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
  return subjectInPipeline(pipeline, path, place)?.subject ?? null;
}

describe("what a place in a dvc.yaml is about", () => {
  const cases: readonly (readonly [string, HoverSubject | null])[] = [
    ["train: #", { kind: "stage", definition: "train" }],
    ['"many stages"', { kind: "stage", definition: "many stages" }],
    ["# the one", null],
    ["python", null],
    ["${train.lr}", { kind: "param", file: null, key: "train.lr" }],
    ["seeds[0]", { kind: "param", file: null, key: "seeds.0" }],
    ["${no}", null],
    ["train.lr\n", { kind: "param", file: "src/params.yaml", key: "train.lr" }],
    ["opt.name", { kind: "param", file: "other.toml", key: "opt.name" }],
    ["whole.json", null],
    ["metrics.json", { kind: "metric", file: "src/metrics.json", key: null }],
    ["./plain.json", { kind: "metric", file: "src/plain.json", key: null }],
    ["group", { kind: "param", file: "params.yaml", key: "group" }],
    ["root.yaml", null],
    ["top.json", { kind: "metric", file: "top.json", key: null }],
    ["cache", null],
  ];
  for (const [needle, subject] of cases) {
    it(`${JSON.stringify(needle)}: ${subject?.kind ?? "nothing"}`, () => {
      assert.deepEqual(at(needle), subject);
    });
  }

  it("is told from the folder of the file", () => {
    assert.deepEqual(at("train.lr\n", "deep/dvc.yaml"), {
      kind: "param",
      file: "deep/src/params.yaml",
      key: "train.lr",
    });
  });

  it("is nothing in a file that can't be read", () => {
    assert.equal(subjectInPipeline("stages: [", "dvc.yaml", { line: 0, column: 8 }), null);
    assert.equal(subjectInPipeline("", "dvc.yaml", { line: 3, column: 8 }), null);
  });
});

describe("what a place in a data file is about", () => {
  const text = "train:\n  lr: 0.1 # rate\n";

  it("is the key, at the key and at its value", () => {
    const subject = { kind: "param", file: "params.yaml", key: "train.lr" };
    const key = subjectInDataFile(text, "params.yaml", text.indexOf("lr"), "param");
    assert.deepEqual(key?.subject, subject);
    assert.equal(text.slice(key?.start, key?.end), "lr");
    const value = subjectInDataFile(text, "params.yaml", text.indexOf("0.1") + 1, "param");
    assert.deepEqual(value?.subject, subject);
    assert.equal(text.slice(value?.start, value?.end), "0.1");
  });

  it("is nothing elsewhere", () => {
    assert.equal(subjectInDataFile(text, "params.yaml", text.indexOf("rate"), "param"), null);
  });
});
