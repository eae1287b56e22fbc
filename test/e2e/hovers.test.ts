import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digitsProject } from "../support/digits.ts";
import { until } from "../support/poll.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";
import { writeTriedExperiments } from "../support/triedExperiments.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import { themes } from "../support/vscode/settings.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;

before(async () => {
  project = await digitsProject();
  await writeTriedExperiments(
    project,
    [
      { name: "amber-heron", rate: 0.1, best: 0.91 },
      { name: "calm-otter", rate: 0.01, best: 0.96 },
      { name: "brisk-wren", rate: 0.003, best: 0.93 },
      { name: "dry-finch", rate: 0.5, best: 0.72 },
    ],
    20,
  );
  session = await startSession({ settings: { "savepoint.inlayHints.bestValue": true } });
  workbench = await session.open(project.root);
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** Shows the hover at a text of the open editor by the keyboard's way, and returns what it says. */
async function hoverAt(text: string): Promise<string> {
  const hover = workbench.page.locator(".monaco-hover:visible .hover-contents", { hasText: /\S/ }).first();
  await workbench.bridge.evaluate(async (vscode) => {
    await vscode.commands.executeCommand("editor.action.hideHover");
  }, null);
  await hover.waitFor({ state: "hidden", timeout: limit });
  await workbench.bridge.evaluate(async (vscode, needle) => {
    const editor = vscode.window.activeTextEditor;
    if (!editor) throw new Error("No editor is open");
    const at = editor.document.positionAt(editor.document.getText().indexOf(needle) + 1);
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand("editor.action.showHover");
  }, text);
  await hover.waitFor({ timeout: limit });
  return until(
    async () => {
      const [text = ""] = await hover.allInnerTexts();
      return text.trim() === "" || text.startsWith("Loading") ? null : text;
    },
    limit,
    "a hover",
  );
}

test("a parameter says what was tried, above it, behind it and in its hover", async () => {
  await workbench.editor.open("params.yaml");
  const lens = workbench.editor.codeLenses.filter({ hasText: "4 values tried, best 0.01" });
  await lens.first().waitFor({ timeout: limit });
  assert.equal(await workbench.editor.codeLenses.count(), 1);
  await workbench.page.locator(".view-line", { hasText: "best 0.01" }).waitFor({ timeout: limit });
  const text = await hoverAt("learning_rate");
  assert.match(text, /4 values tried · 0\.003 to 0\.5/);
  assert.match(text, /calm-otter · epoch 19/);
  assert.equal(await workbench.page.locator(".monaco-hover:visible img").count(), 1);
  for (const [name, theme] of Object.entries(themes)) {
    await workbench.setTheme(theme);
    await hoverAt("learning_rate");
    await workbench.screenshot(`hover-param-${name}`);
  }
  await workbench.setTheme(themes.dark);
});

test("the lens lists the values, and from there what can be done with the best checkpoint", async () => {
  await workbench.editor.pressCodeLens("4 values tried");
  await workbench.quickPickRows.first().waitFor();
  const rows = await workbench.quickPickRows.allInnerTexts();
  assert.match(rows[0] ?? "", /0\.01\s*acc 0\.9\d+ · calm-otter/);
  assert.match(rows.at(-1) ?? "", /Compare 4 Experiments/);
  await workbench.screenshot("tried-values");
  await workbench.pick("calm-otter");
  await workbench.quickPickRows.filter({ hasText: "Fork" }).waitFor();
  await workbench.page.keyboard.press("Escape");
});

test("a stage and a metric say how they went, and stages with checkpoints are marked", async () => {
  await workbench.editor.open("dvc.yaml");
  await workbench.page
    .locator(".glyph-margin-widgets .cgmr, .margin-view-overlays .cgmr")
    .first()
    .waitFor({ timeout: limit });
  const text = await hoverAt("train:\n    desc");
  assert.match(text, /train · 80 checkpoints/);
  assert.match(text, /best\s*0\.9\d+\s*calm-otter/);
  for (const [name, theme] of Object.entries(themes)) {
    await workbench.setTheme(theme);
    await hoverAt("train:\n    desc");
    await workbench.screenshot(`hover-stage-${name}`);
  }
  await workbench.setTheme(themes.dark);
  assert.match(await hoverAt("metrics.json:\n"), /loss[\s\S]*accuracy/);
  await workbench.screenshot("hover-metrics");
});

test("a group of parameters says how many values each was tried with", async () => {
  assert.match(await hoverAt("train\n    outs"), /learning_rate\s*4\s*0\.01/);
  await workbench.screenshot("hover-group");
});

test("a link in a hover leads to the checkpoint", async () => {
  await hoverAt("train:\n    desc");
  await workbench.page.locator(".monaco-hover:visible a", { hasText: "calm-otter" }).first().click();
  await workbench
    .view("Experiments")
    .row(/epoch 19/)
    .first()
    .waitFor({ timeout: limit });
});

test("the line that loads the model can be resumed from", async () => {
  await workbench.bridge.evaluate(async (vscode) => {
    const [file] = await vscode.workspace.findFiles("train.py");
    if (!file) throw new Error("There is no train.py");
    const editor = await vscode.window.showTextDocument(file);
    const at = editor.document.positionAt(editor.document.getText().indexOf("Training.load(MODEL)"));
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenter);
  }, null);
  const lens = workbench.editor.codeLenses.filter({ hasText: "Resume from epoch 20" });
  await lens.first().waitFor({ timeout: limit });
  await workbench.screenshot("lens-load");
});

test("debugging says what is missing where no extension provides a debugger", async () => {
  await workbench.runCommand("Savepoint: Debug Stage…");
  await workbench.pick("train");
  await workbench.notifications
    .filter({ hasText: "needs the extension Python Debugger" })
    .waitFor({ timeout: limit });
});

test("a pattern that can't be used is named, with the way to the settings", async () => {
  const patterns = [{ language: "python", pattern: "trainer.save(" }];
  await workbench.setSetting("savepoint.codeLens.patterns", patterns);
  const told = workbench.notifications.filter({
    hasText: /codeLens\.patterns: entry 1 has a pattern that can't be read/,
  });
  await told.waitFor({ timeout: limit });
  await workbench.screenshot("pattern-problem");
});
