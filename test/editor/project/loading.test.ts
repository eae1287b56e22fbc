import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { commands, env, window } from "vscode";
import { until } from "../../support/poll.ts";
import { checkpointTarget, root, runToEnd, stageTarget, write } from "./window.ts";

const limit = 60_000;

describe("loading a checkpoint elsewhere", function () {
  this.timeout(240_000);

  it("copies two lines of Python that read the output as it was at the checkpoint", async () => {
    await write("params.yaml", "steps: 3\npause: 0\n");
    const experiment = await runToEnd(() =>
      commands.executeCommand("savepoint.runStage", stageTarget("train")),
    );
    // A stage before the training may have a checkpoint of its own.
    const sequenceOf = (step: number) =>
      experiment.checkpoints.find((one) => one.kind === "signal" && one.step === step)?.sequence ?? 0;
    const [second, third] = [sequenceOf(2), sequenceOf(3)];
    const target = checkpointTarget(experiment, second);
    await env.clipboard.writeText("");
    await takeFirst(commands.executeCommand("savepoint.copyLoadingCode", target));
    const code = await env.clipboard.readText();
    assert.match(
      code,
      new RegExp(`^from pathlib import Path\ntext = .*# ${experiment.name}@${second}, step 2\n$`),
    );
    const [, path = ""] = /Path\("([^"]+)"\)/.exec(code) ?? [];
    assert.equal((await readFile(path, "utf8")).trim(), "2");

    await takeFirst(commands.executeCommand("savepoint.loadInNotebook", target));
    const notebook = window.activeNotebookEditor?.notebook;
    assert.equal(notebook?.cellAt(0).document.getText(), code.trimEnd());
    await takeFirst(commands.executeCommand("savepoint.loadInNotebook", checkpointTarget(experiment, third)));
    assert.equal(window.activeNotebookEditor?.notebook, notebook, "the notebook in front gets another cell");
    assert.match(notebook?.cellAt(1).document.getText() ?? "", new RegExp(`@${third}, step 3`));
    await commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  });
});

describe("making code checkpoint-aware", function () {
  this.timeout(240_000);

  it("adds the file that the code needs", async () => {
    await commands.executeCommand("workbench.action.closeAllEditors");
    await takeFirst(commands.executeCommand("savepoint.addClient"));
    const document = window.activeTextEditor?.document;
    assert.equal(document?.uri.fsPath, join(root(), "savepoint.py"));
    assert.match(document?.getText() ?? "", /\ndef make_checkpoint\(/);
    await commands.executeCommand("workbench.action.closeAllEditors");
    await rm(join(root(), "savepoint.py"));
  });
});

/** Takes the first entry of the list that a command shows, until the command is done. */
async function takeFirst(command: Thenable<unknown>): Promise<void> {
  let isDone = false;
  const done = Promise.resolve(command).finally(() => {
    isDone = true;
  });
  await until(
    async () => {
      await commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return isDone;
    },
    limit,
    "the command to end",
  );
  await done;
}
