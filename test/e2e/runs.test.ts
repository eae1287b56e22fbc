import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { trainingFiles } from "../support/runs.ts";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { SidebarView } from "../support/vscode/sidebarView.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let pipeline: SidebarView;
let experiments: SidebarView;

before(async () => {
  const progress = `
import sys
for percent in range(0, 101, 20):
    print("\\rloading %3d%%" % percent, end="", flush=True)
print("\\n\\033[32mloaded\\033[0m in a terminal: %s" % sys.stdout.isatty(), flush=True)
`;
  project = await temporaryProject({
    ...trainingFiles,
    "dvc.yaml": (trainingFiles["dvc.yaml"] as string).replace(
      "    deps: [train.py]\n",
      "    deps: [train.py]\n    meta: {savepoint: {retries: 1, load_policy: eager}}\n",
    ),
    "train.py": progress + (trainingFiles["train.py"] as string),
  });
  await project.commit("Pipeline");
  session = await startSession();
  workbench = await session.open(project.root);
  pipeline = workbench.view("Pipeline");
  experiments = workbench.view("Experiments");
  await workbench.showContainer("Savepoint");
  await pipeline.row("train").waitFor();
});

afterEach(() => workbench?.screenshot("runs-latest"));

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

test("the output of a run that has ended is read as text, launch by launch", async () => {
  await project.write({ "fail-2": "" });
  await pipeline.pressInRow("train", "Run Stage");
  await experiments.row(/5\/5|step 5/).waitFor({ timeout: limit });
  await pipeline.row(/train\s*up to date/).waitFor({ timeout: limit });
  await experiments.chooseInMenu(/step 5|5\/5/, "Show Output");
  await workbench.editor.lines.getByText("train finished after").waitFor();
  const text = await workbench.bridge.evaluate(
    (vscode) => vscode.window.activeTextEditor?.document.getText() ?? "",
    null,
  );
  assert.match(text, /loading 100%\n/);
  assert.match(text, /loaded in a terminal: True/);
  assert.match(text, /launch 2 · .* · from .*@2, step 2\/5/);
  await workbench.screenshot("runs-output");
  await experiments.showTooltip(/step 5|5\/5/, "launch 2");
  await workbench.screenshot("runs-tooltip");
});

test("why a stage runs: each reason with what was and is", async () => {
  await project.write({ "params.json": '{"epochs": 7, "rate": 0.5}\n' });
  await pipeline.chooseInMenu(/train/, "Why Does It Run");
  await workbench.quickPickRows.filter({ hasText: "changed from 5 to 7" }).waitFor();
  await workbench.screenshot("runs-why");
  await workbench.page.keyboard.press("Enter");
  const active = workbench.page.locator(".tabs-container .tab.active");
  await active.filter({ hasText: "params.json" }).waitFor({ timeout: limit });
});

test("an eager load whose params changed is asked about", async () => {
  await pipeline.chooseInMenu(/train/, "Run Only This Stage");
  await workbench.dialog.getByText("Something changed since the checkpoint").waitFor({ timeout: limit });
  await workbench.screenshot("runs-consent");
  await workbench.pressInDialog("Load It");
  await experiments.row(/7\/7|step 7/).waitFor({ timeout: limit });
});

test("a checkpoint whose stage is gone is not offered for a resume, and says what can be done", async () => {
  await pipeline.row(/train\s*up to date/).waitFor({ timeout: limit });
  await project.write({
    "dvc.yaml": (trainingFiles["dvc.yaml"] as string).replace("  train:", "  training:"),
  });
  await pipeline.row("training").waitFor({ timeout: limit });
  await experiments.row(/7\/7|step 7/).click({ button: "right" });
  const menu = workbench.page.locator(".monaco-menu");
  await menu.getByText("Fork with the Checkpoint's Own Code").waitFor();
  await workbench.screenshot("runs-orphaned");
  assert.equal(await menu.getByText("Resume from Checkpoint").count(), 0);
  await workbench.page.keyboard.press("Escape");
  await workbench.runCommand("Savepoint: Show Experiment Log");
  for (const verb of ["Resume", "Fork"])
    await workbench.editor.codeLenses
      .filter({ hasText: `${verb} with Own Code` })
      .first()
      .waitFor();
});
