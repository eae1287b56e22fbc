import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import {
  type Files,
  type TemporaryFolder,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

let session: Session;
const folders: TemporaryFolder[] = [];

before(async () => {
  session = await startSession();
});

after(async () => {
  await session?.dispose();
  for (const folder of folders) await folder.dispose();
});

/** A window on a folder, with Savepoint's container in front; closed when `work` is done. */
async function inWindow(
  folder: TemporaryFolder,
  work: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  folders.push(folder);
  const workbench = await session.open(folder.root);
  try {
    await workbench.showContainer("Savepoint");
    await work(workbench);
    // Nothing is wrong enough to interrupt somebody who did nothing yet.
    assert.deepEqual(await workbench.notifications.allInnerTexts(), []);
  } finally {
    await workbench.close();
  }
}

/** Waits for the text, and the button, with which the Experiments view meets a folder. */
async function welcomes(workbench: Workbench, text: RegExp, button: string): Promise<void> {
  const { pane } = workbench.view("Experiments");
  await pane.locator(".welcome-view-content", { hasText: text }).waitFor();
  await pane.locator(".welcome-view-content .monaco-button", { hasText: button }).waitFor();
}

async function committed(files: Files): Promise<TemporaryFolder> {
  const project = await temporaryProject(files);
  await project.commit("Files");
  return project;
}

test("a folder without a Git repository", async () => {
  await inWindow(await temporaryFolder({ "dvc.yaml": "stages: {train: {cmd: echo}}\n" }), (workbench) =>
    welcomes(workbench, /not in a Git repository/, "Initialize Git Repository"),
  );
});

test("a repository without a commit", async () => {
  const folder = await temporaryFolder({ "dvc.yaml": "stages: {train: {cmd: echo}}\n" });
  execFileSync("git", ["init", "--quiet", folder.root]);
  await inWindow(folder, (workbench) => welcomes(workbench, /no commit yet/, "Open Source Control"));
});

test("a repository without a pipeline: its first stage is drafted, and is listed once it is saved", async () => {
  const folder = await committed({ "train.py": "print('trained')\n" });
  folders.push(folder);
  const workbench = await session.open(folder.root);
  await workbench.showContainer("Savepoint");
  await welcomes(workbench, /no dvc\.yaml in this folder yet/, "Create dvc.yaml");
  assert.equal(await workbench.view("Pipeline").pane.count(), 0, "a view that has nothing to show");
  await workbench.page.locator(".welcome-view-content .monaco-button", { hasText: "Create" }).click();
  await workbench.editor.lines.getByText("python3 train.py").waitFor();
  assert.equal(await folder.read("dvc.yaml").catch(() => null), null, "nothing is written unasked");
  await workbench.screenshot("bad-no-pipeline");
  await workbench.page.keyboard.press("Escape");
  await workbench.runCommand("File: Save");
  await workbench
    .view("Pipeline")
    .row(/train\s*never run/)
    .waitFor();
  assert.match(await folder.read("dvc.yaml"), /^stages:\n {2}train:\n {4}cmd: python3 train\.py\n/);
  await workbench.close();
});

test("a dvc.yaml that can't be read: the views and the refusal lead to the Problems panel", async () => {
  const folder = await committed({ "dvc.yaml": "stages:\n  train:\n    cmd: [echo\n" });
  folders.push(folder);
  const workbench = await session.open(folder.root);
  await workbench.showContainer("Savepoint");
  const { pane } = workbench.view("Pipeline");
  await pane.locator(".welcome-view-content", { hasText: /before dvc\.yaml is mended/ }).waitFor();
  await workbench.view("Experiments").pressInTitle("Run Experiment");
  await workbench.pressInNotification(/dvc\.yaml, line 3: Invalid YAML/, "Show Problems");
  await workbench.page
    .locator(".markers-panel")
    .getByText(/Invalid YAML/)
    .waitFor();
  await workbench.screenshot("bad-yaml");
  await workbench.close();
});

test("broken stages: the others are listed, the view points at the Problems panel, which says what to do", async () => {
  const text =
    "stages:\n  ok: {cmd: echo}\n  a:\n    deps: [x]\n  b: {cmd: touch ../out, outs: [../out]}\n" +
    "  c: {cmd: cat data.csv, deps: [data.csv]}\n";
  await inWindow(await committed({ "dvc.yaml": text }), async (workbench) => {
    const view = workbench.view("Pipeline");
    await view.row("ok").waitFor();
    await view.pane.getByText(/Some stages can't run\. The Problems panel says why\./).waitFor();
    await view
      .row("c")
      .getByText(/data\.csv/)
      .waitFor();
    await workbench.runCommand("Problems: Focus on Problems View");
    const problems = workbench.page.locator(".markers-panel");
    await problems.getByText(/'a' has no 'cmd'; add it/).waitFor();
    await problems.getByText(/'\.\.\/out' is outside the project; move it/).waitFor();
    await workbench.screenshot("bad-stages");
  });
});

test("a run that can't start says why in a notification", async () => {
  const folder = await committed({ "dvc.yaml": "stages:\n  c: {cmd: cat data.csv, deps: [data.csv]}\n" });
  folders.push(folder);
  const workbench = await session.open(folder.root);
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").row("c").waitFor();
  await workbench.view("Experiments").pressInTitle("Run Experiment");
  await workbench.notifications
    .filter({ hasText: /dependency 'data\.csv' is not there; create it/ })
    .waitFor();
  await workbench.runCommand("Notifications: Clear All Notifications");
  await workbench.view("Pipeline").pressInRow("c", "Run Stage");
  await workbench.notifications
    .filter({ hasText: /dependency 'data\.csv' is not there; create it/ })
    .waitFor();
  await workbench.screenshot("bad-dependency");
  await workbench.close();
});
