import assert from "node:assert/strict";
import { commands, extensions } from "vscode";

describe("a folder without a repository", () => {
  it("does not activate the extension by itself", () => {
    assert.equal(extensions.getExtension("savepoint.savepoint")?.isActive, false);
  });

  it("activates with the first command, without an error", async () => {
    await commands.executeCommand("savepoint.refresh");
    assert.equal(extensions.getExtension("savepoint.savepoint")?.isActive, true);
  });
});
