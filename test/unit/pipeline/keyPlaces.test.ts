import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keyPlaces } from "../../../src/engine/pipeline/keyPlaces.ts";

/** Each place as `key|text of the key|text of the value`. */
function shown(text: string, file: string): readonly string[] {
  return keyPlaces(text, file).map(
    ({ key, start, keyEnd, valueStart, valueEnd }) =>
      `${key}|${text.slice(start, keyEnd)}|${text.slice(valueStart, valueEnd)}`,
  );
}

describe("places of keys", () => {
  it("are found in YAML, nested, in braces and with comments, but not behind aliases", () => {
    const text = [
      "# top",
      "lr: 0.1 # rate",
      'train: &base\n  "batch size": 32\n  layers: [1, 2]\n  inner: {a: 1, b: x}',
      "other:\n  <<: *base",
      "copy: *base",
      "empty:",
    ].join("\n");
    assert.deepEqual(shown(text, "params.yaml").slice(0, 5), [
      "lr|lr|0.1",
      'train.batch size|"batch size"|32',
      "train.layers|layers|[1, 2]",
      "train.inner.a|a|1",
      "train.inner.b|b|x",
    ]);
  });

  it("are found in JSON", () => {
    const text = '{"loss": 0.5, "val": {"loss": 1e-3, "list": [1, 2]}, "s": "loss"}';
    assert.deepEqual(shown(text, "metrics.json"), [
      "loss|loss|0.5",
      "val.loss|loss|1e-3",
      "val.list|list|[1, 2]",
      's|s|"loss"',
    ]);
  });

  it("are found in TOML", () => {
    const text = 'lr = 0.1 # x\n[train.opt]\nname= "adam"\n"quoted key" = 1\n';
    assert.deepEqual(shown(text, "params.toml"), [
      "lr|lr|0.1",
      'train.opt.name|name|"adam"',
      'train.opt.quoted key|"quoted key"|1',
    ]);
  });

  it("are found in Python, whatever the word is part of", () => {
    const text = "t: float = 0.5\nclass Train:\n    lr = 1e-3\n    units = {'a': 1}\nt2 = t\n";
    assert.deepEqual(shown(text, "params.py"), ["t|t|0.5", "Train.lr|lr|1e-3", "Train.units.a|a|1"]);
  });

  it("are none in a file that can't be read, or that nobody reads", () => {
    assert.deepEqual(keyPlaces("a: [1", "params.yaml"), []);
    assert.deepEqual(keyPlaces('{"a": ', "params.json"), []);
    assert.deepEqual(keyPlaces(`a: ${"1".repeat(1_000_001)}`, "params.yaml"), []);
    assert.deepEqual(keyPlaces("", "params.toml"), []);
  });
});
