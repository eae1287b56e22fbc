import assert from "node:assert/strict";
import { commands, type Hover, type InlayHint, MarkdownString, Position, Range, workspace } from "vscode";
import { until } from "../../support/poll.ts";
import { lensTitles, open, runToEnd, stageTarget, write } from "./window.ts";

const limit = 60_000;

async function hoverAt(path: string, needle: string): Promise<string | null> {
  const document = await open(path);
  const position = document.positionAt(document.getText().indexOf(needle) + 1);
  const hovers = await commands.executeCommand<readonly Hover[]>(
    "vscode.executeHoverProvider",
    document.uri,
    position,
  );
  const texts = hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (content instanceof MarkdownString ? content.value : ""));
  return texts.find((text) => text.includes("command:savepoint.")) ?? null;
}

async function hints(path: string): Promise<readonly string[]> {
  const document = await open(path);
  const found = await commands.executeCommand<readonly InlayHint[]>(
    "vscode.executeInlayHintProvider",
    document.uri,
    new Range(new Position(0, 0), document.lineAt(document.lineCount - 1).range.end),
  );
  return found.map(({ label }) => String(label));
}

describe("what is known of stages, parameters and metrics", function () {
  this.timeout(240_000);

  before(async () => {
    for (const steps of [2, 3]) {
      await write("params.yaml", `steps: ${steps}\npause: 0\n`);
      await runToEnd(() => commands.executeCommand("savepoint.runStage", stageTarget("train")));
    }
  });

  it("stands in hovers, with links that may run our commands and no others", async () => {
    assert.match((await hoverAt("params.yaml", "steps")) ?? "", /^\*\*steps\*\* · \d+ values tried/);
    assert.match(
      (await hoverAt("dvc.yaml", "train:")) ?? "",
      /\*\*train\*\* · \d+ checkpoints[\s\S]*data:image\/svg/,
    );
    assert.match(
      (await hoverAt("metrics.json", "accuracy")) ?? "",
      /\| best \| (?:&nbsp;)*\*\*0\\\.\d+\*\* \|/,
    );
    assert.equal(await hoverAt("dvc.yaml", "cmd:"), null);
    await workspace.getConfiguration("savepoint").update("hover.enabled", false);
    try {
      assert.equal(await hoverAt("params.yaml", "steps"), null);
    } finally {
      await workspace.getConfiguration("savepoint").update("hover.enabled", undefined);
    }
  });

  it("stands above each parameter that varied, and above no other", async () => {
    const titles = await until(
      async () => {
        const found = await lensTitles("params.yaml");
        return found.size > 0 ? found : null;
      },
      limit,
      "the lens of steps",
    );
    assert.deepEqual([...titles.keys()], [0]);
    assert.match(titles.get(0)?.[0] ?? "", /^\d+ values tried, best \d+$/);
  });

  it("stands behind parameters when it is asked for", async () => {
    assert.deepEqual(await hints("params.yaml"), []);
    const configuration = workspace.getConfiguration("savepoint");
    await configuration.update("inlayHints.bestValue", true);
    try {
      assert.match((await hints("params.yaml")).join("|"), /^best \d+$/);
    } finally {
      await configuration.update("inlayHints.bestValue", undefined);
    }
  });

  it("stands above code that a pattern of the user describes", async () => {
    const script = (await open("train.sh")).getText().split("\n");
    const line = script.findIndex((text) => text.startsWith("while "));
    const configuration = workspace.getConfiguration("savepoint");
    assert.equal((await lensTitles("train.sh")).has(line), false);
    await configuration.update("codeLens.patterns", [
      { language: "shellscript", pattern: "(" },
      { language: "shellscript", pattern: "^while" },
    ]);
    try {
      await until(async () => (await lensTitles("train.sh")).has(line), limit, "the lens above while");
    } finally {
      await configuration.update("codeLens.patterns", undefined);
    }
  });
});
