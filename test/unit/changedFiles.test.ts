import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changesTitle, shownFiles } from "../../src/editor/files/changedFiles.ts";
import { changesText, orderChanges } from "../../src/engine/compare/changes.ts";

describe("the diff between a checkpoint and now", () => {
  const stage = {
    file: "dvc.yaml",
    dependencies: ["src", "data.csv"],
    params: [{ file: "params.yaml", keys: null }],
  };
  const changed = (path: string) => ({ path, change: "changed" }) as const;
  const paths = ["README.md", "data.csv", "dvc.yaml", "params.yaml", "src/a.py", "src2/b.py"];

  it("begins with what bears most on a run", () => {
    const ordered = orderChanges(paths.map(changed), stage).map(({ path }) => path);
    assert.deepEqual(ordered, ["params.yaml", "data.csv", "src/a.py", "dvc.yaml", "README.md", "src2/b.py"]);
  });

  it("is by name when the stage is gone, the pipeline file first", () => {
    const ordered = orderChanges(paths.map(changed), null).map(({ path }) => path);
    assert.deepEqual(ordered, ["dvc.yaml", "README.md", "data.csv", "params.yaml", "src/a.py", "src2/b.py"]);
  });

  it("names the first files, and counts the others", () => {
    assert.equal(changesText([]), "");
    assert.equal(changesText(paths.slice(0, 1).map(changed)), "README.md");
    assert.equal(changesText(paths.slice(0, 3).map(changed)), "README.md, data.csv, dvc.yaml");
    assert.equal(changesText(paths.map(changed)), "README.md, data.csv and 4 more");
  });

  it("says in its title when it does not show all", () => {
    assert.equal(changesTitle("amber-heron@12", 3), "amber-heron@12 ↔ now");
    assert.equal(
      changesTitle("amber-heron@12", shownFiles + 1),
      "amber-heron@12 ↔ now: first 200 of 201 files",
    );
  });
});
