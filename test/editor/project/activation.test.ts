import assert from "node:assert/strict";
import { commands, extensions } from "vscode";
import { commandIds } from "../../../src/contract.ts";

describe("activation", () => {
  const extension = extensions.getExtension("savepoint.savepoint");

  it("finds the extension and activates it", async () => {
    assert.ok(extension, "the extension is not loaded");
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it("registers every command of the contract", async () => {
    const registered = await commands.getCommands(true);
    assert.deepEqual(
      commandIds.filter((id) => !registered.includes(id)),
      [],
    );
  });
});
