import assert from "node:assert/strict";
import { type CodeLens, ConfigurationTarget, commands, FileType, Uri, window, workspace } from "vscode";
import type { Experiment } from "../../../src/engine/model.ts";
import { until } from "../../support/poll.ts";
import {
  checkpointTarget,
  experimentTarget,
  root,
  runToEnd,
  setPreview,
  stageTarget,
  write,
} from "./window.ts";

const limit = 60_000;

describe("looking at checkpoints", function () {
  this.timeout(240_000);
  let experiment: Experiment;

  function uriAt(path: string, sequence = 1): Uri {
    const { sha } = checkpointTarget(experiment, sequence);
    const query = new URLSearchParams({ root: root(), sha }).toString();
    return Uri.from({ scheme: "savepoint", path: `/${experiment.name}@${sequence}/${path}`, query });
  }

  before(async () => {
    await setPreview("never");
    await write("params.yaml", "steps: 4\npause: 0\n");
    experiment = await runToEnd(() => commands.executeCommand("savepoint.runStage", stageTarget("train")));
  });

  it("opens a recorded file as it was, and keeps it from being changed", async () => {
    await write("params.yaml", "steps: 6\npause: 0\n");
    const document = await workspace.openTextDocument(uriAt("params.yaml"));
    assert.equal(document.getText(), "steps: 4\npause: 0\n");
    assert.equal(document.languageId, "yaml");
    assert.equal(workspace.fs.isWritableFileSystem("savepoint"), false);
    await assert.rejects(async () => workspace.fs.writeFile(document.uri, new Uint8Array()));
  });

  it("lists folders, and reads outputs from the cache with their size", async () => {
    const names = new Map(await workspace.fs.readDirectory(uriAt("")));
    assert.equal(names.get("dvc.yaml"), FileType.File);
    assert.equal(names.get("model.txt"), FileType.File);
    assert.equal(names.get("data.txt"), FileType.File, "an output of an earlier stage");
    const bytes = await workspace.fs.readFile(uriAt("model.txt", 2));
    assert.equal(Buffer.from(bytes).toString(), "2\n");
    assert.equal((await workspace.fs.stat(uriAt("model.txt", 2))).size, bytes.length);
  });

  it("takes an address that a person wrote", async () => {
    const uri = Uri.parse(`savepoint:/${experiment.name}@step:3/model.txt`);
    assert.equal(Buffer.from(await workspace.fs.readFile(uri)).toString(), "3\n");
  });

  it("says that there is no such file, checkpoint or project", async () => {
    for (const uri of [
      uriAt("nope.txt"),
      uriAt("../params.yaml"),
      Uri.parse("savepoint:/no-such@1/dvc.yaml"),
      uriAt("dvc.yaml").with({ query: new URLSearchParams({ root: "/elsewhere" }).toString() }),
    ]) {
      await assert.rejects(async () => workspace.fs.stat(uri), { code: "FileNotFound" }, uri.toString());
    }
  });

  it("shows what changed since a checkpoint in one diff", async () => {
    await write("params.yaml", "steps: 6\npause: 0\n");
    await commands.executeCommand("savepoint.showChanges", checkpointTarget(experiment, 2));
    await until(
      () => window.tabGroups.activeTabGroup.activeTab?.label.startsWith(`${experiment.name}@2 ↔ now`),
      limit,
      "the diff",
    );
    await commands.executeCommand("workbench.action.closeActiveEditor");
  });

  it("tells an experiment as a document that grows, with five lenses above each checkpoint", async () => {
    await commands.executeCommand("savepoint.showExperimentLog", experimentTarget(experiment));
    const document = window.activeTextEditor?.document;
    assert.ok(document);
    assert.equal(document.languageId, "savepoint-log");
    const headings = () => document.getText().match(/^checkpoint .*$/gm) ?? [];
    const before = headings();
    assert.equal(before.length, experiment.checkpoints.length);
    assert.ok(before[0]?.startsWith(`checkpoint ${experiment.name}@${before.length} (`), before[0]);
    await write("params.yaml", "steps: 7\npause: 0\n");
    await runToEnd(() => commands.executeCommand("savepoint.resume", experimentTarget(experiment)));
    await until(() => headings().length > before.length, limit, "the new checkpoints");
    const titles = await until(
      async () => {
        const lenses = await commands.executeCommand<readonly CodeLens[]>(
          "vscode.executeCodeLensProvider",
          document.uri,
        );
        return lenses.length === 5 * headings().length ? lenses.map(({ command }) => command?.title) : null;
      },
      limit,
      "lenses above every checkpoint",
    );
    const words = titles.slice(0, 5).map((title) => title?.replace(/^\$\([^)]*\)\s/, ""));
    assert.deepEqual(words, ["Resume", "Fork", "Apply", "Diff", "Compare"]);
    const configuration = workspace.getConfiguration("savepoint");
    await configuration.update("codeLens.log", false, ConfigurationTarget.Global);
    try {
      assert.deepEqual(await commands.executeCommand("vscode.executeCodeLensProvider", document.uri), []);
    } finally {
      await configuration.update("codeLens.log", undefined, ConfigurationTarget.Global);
    }
    await commands.executeCommand("workbench.action.closeActiveEditor");
  });
});
