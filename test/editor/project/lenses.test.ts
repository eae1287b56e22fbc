import assert from "node:assert/strict";
import { workspace } from "vscode";
import { until } from "../../support/poll.ts";
import { lensTitles, open } from "./window.ts";

const limit = 60_000;

async function lineOf(path: string, text: string): Promise<number> {
  const lines = (await open(path)).getText().split("\n");
  const line = lines.findIndex((one) => one.includes(text));
  assert.ok(line >= 0, `${path} has no line with ${text}`);
  return line;
}

describe("code lenses", function () {
  this.timeout(240_000);

  it("stand above every stage, and above the pipeline", async () => {
    const expected = new Map([[await lineOf("dvc.yaml", "stages:"), "Run Pipeline"]]);
    for (const stage of ["prepare", "train", "fail"]) {
      expected.set(await lineOf("dvc.yaml", `  ${stage}:`), "Run");
    }
    // A run of the tests before may just be ending.
    const titles = await until(
      async () => {
        const found = await lensTitles("dvc.yaml");
        const isThere = [...expected].every(([line, title]) => found.get(line)?.[0] === title);
        return isThere ? found : null;
      },
      limit,
      "the lenses of three stages",
    );
    assert.equal(titles.size, expected.size);
  });

  it("stand above calls in source files, once a stage names the file", async () => {
    const line = await lineOf("train.sh", "savepoint_make_checkpoint");
    const titles = await until(
      async () => (await lensTitles("train.sh")).get(line),
      limit,
      "lenses in train.sh",
    );
    assert.equal(titles.length, 2);
  });

  it("go away with their setting", async () => {
    const configuration = workspace.getConfiguration("savepoint");
    await configuration.update("codeLens.pipeline", false);
    try {
      assert.equal((await lensTitles("dvc.yaml")).size, 0);
    } finally {
      await configuration.update("codeLens.pipeline", undefined);
    }
  });
});
