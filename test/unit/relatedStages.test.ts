import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { relatedStages } from "../../src/editor/lenses/relatedStages.ts";
import { defaultSettings } from "../../src/engine/pipeline/settings.ts";
import type { Stage } from "../../src/engine/pipeline/stage.ts";

function stage(name: string, changes: Partial<Stage>): Stage {
  return {
    name,
    address: name,
    file: "dvc.yaml",
    definition: name,
    lines: { start: 0, end: 1 },
    commands: [],
    lockedCommand: "",
    workingDirectory: "",
    dependencies: [],
    params: [],
    outputs: [],
    frozen: false,
    alwaysChanged: false,
    description: null,
    settings: defaultSettings,
    ...changes,
  };
}

describe("stages of a source file", () => {
  const stages = [
    stage("direct", { dependencies: ["src/train.py"] }),
    stage("folder", { dependencies: ["src"] }),
    stage("command", { commands: ["python src/train.py --lr 1"] }),
    stage("inside", { commands: ['python "train.py"'], workingDirectory: "src" }),
    stage("below", { commands: ["python ../src/train.py"], workingDirectory: "out" }),
    stage("module", { commands: ["python -m src.train --lr 1"] }),
    stage("other", {
      commands: ["python src/pretrain.py; python -m src.trainer"],
      dependencies: ["src2", "data.csv"],
    }),
  ];
  const names = (path: string) => relatedStages(stages, path).map(({ name }) => name);

  it("finds dependencies, folders, words of commands and modules", () =>
    assert.deepEqual(names("src/train.py"), ["direct", "folder", "command", "inside", "below", "module"]));
  it("does not take a part of a word for the file", () =>
    assert.deepEqual(names("src/pretrain.py"), ["folder", "other"]));
  it("finds none for a file that no stage names", () => assert.deepEqual(names("notes.py"), []));
});
