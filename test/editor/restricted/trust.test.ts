import assert from "node:assert/strict";
import { type CodeLens, commands, extensions, Uri, workspace } from "vscode";
import type { SavepointApi } from "../../../src/editor/publicApi.ts";
import { until } from "../../support/poll.ts";

describe("Restricted Mode", function () {
  this.timeout(240_000);
  const extension = extensions.getExtension<SavepointApi>("savepoint.savepoint");
  const root = workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";

  it("is on in this window", () => assert.equal(workspace.isTrusted, false));

  it("lets the extension activate and read", async () => {
    assert.ok(extension, "the extension is disabled in Restricted Mode");
    const api = await extension.activate();
    assert.equal(extension.isActive, true);
    assert.deepEqual(await api.listExperiments(), []);
  });

  it("offers trust where it would offer to run", async () => {
    const uri = Uri.file(`${root}/dvc.yaml`);
    await workspace.openTextDocument(uri);
    const lenses = await until(
      async () => {
        const found = await commands.executeCommand<readonly CodeLens[]>(
          "vscode.executeCodeLensProvider",
          uri,
          100,
        );
        return found.length > 0 ? found : null;
      },
      60_000,
      "lenses",
    );
    for (const { command } of lenses) assert.equal(command?.command, "workbench.trust.manage");
  });
});
