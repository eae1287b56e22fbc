import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { editorWindows } from "../editor/windows.ts";
import type { TemporaryFolder } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryFolder;
let workbench: Workbench;

before(async () => {
  const window = editorWindows.find(({ name }) => name === "debugging");
  assert.ok(window);
  project = await window.makeFolder();
  session = await startSession();
  workbench = await session.open(project.root);
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** The first lens of `train.mjs` that says something. */
function lens(text: string) {
  return workbench.editor.codeLenses.filter({ hasText: text }).first();
}

test("a stage is debugged from the lens above its call; checkpoints are recorded while it stops at breakpoints", async () => {
  await workbench.editor.open("train.mjs");
  await lens("Debug").waitFor({ timeout: limit });
  await workbench.bridge.evaluate(async (vscode) => {
    const document = vscode.window.activeTextEditor?.document;
    if (!document) throw new Error("No editor is open");
    const at = document.positionAt(document.getText().indexOf("makeCheckpoint({"));
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(document.uri, at))]);
  }, null);
  await lens("Debug").click();
  await workbench.page.locator(".debug-toolbar").waitFor({ timeout: limit });
  const isPaused = workbench.page.locator(".state", { hasText: "Paused on breakpoint" });
  await isPaused.first().waitFor({ timeout: limit });
  await workbench.runCommand("Debug: Continue");
  await lens("1/3").waitFor({ timeout: limit });
  await isPaused.first().waitFor({ timeout: limit });
  await workbench.screenshot("debugging-paused");
});

test("Stop ends it where it is paused, and the lens offers to debug from its checkpoint", async () => {
  await lens("Stop").click();
  await lens("Debug from step 1").waitFor({ timeout: limit });
  await workbench.page.locator(".debug-toolbar").waitFor({ state: "hidden", timeout: limit });
  await workbench.screenshot("debugging-stopped");
});
