import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { editorWindows } from "../editor/windows.ts";
import { until } from "../support/poll.ts";
import type { TemporaryFolder } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryFolder;
let workbench: Workbench;

before(async () => {
  const window = editorWindows.find(({ name }) => name === "project");
  assert.ok(window);
  project = await window.makeFolder();
  await project.write({ "params.yaml": "steps: 3\npause: 0\n" });
  session = await startSession();
  workbench = await session.open(project.root);
  await workbench.showContainer("Savepoint");
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** Names of the experiments in sight, once they are so many. */
function experiments(count: number): Promise<readonly string[]> {
  const view = workbench.view("Experiments");
  return until(
    async () => {
      const rows = await view.texts();
      const names = rows.flatMap((row) => /^([a-z]+-[a-z]+)acc [\d.]+ · step 3/.exec(row)?.[1] ?? []);
      return names.length === count ? names : null;
    },
    limit,
    `${count} experiments`,
  );
}

test("an experiment is deleted after a question, and Undo brings it back", async () => {
  const view = workbench.view("Experiments");
  await workbench.view("Pipeline").pressInRow("train", "Run Stage");
  const [name = ""] = await experiments(1);
  await view.chooseInMenu(name, "Delete Experiment…");
  await workbench.dialog.waitFor();
  await workbench.screenshot("delete-question");
  const question = await workbench.dialog.textContent();
  assert.match(question ?? "", new RegExp(`Delete ${name} with its \\d checkpoints\\?`));
  await workbench.pressInDialog("Delete");
  await experiments(0);
  await workbench.screenshot("delete-done");
  await workbench.pressInNotification(`Deleted ${name}`, "Undo");
  assert.deepEqual(await experiments(1), [name]);
});

test("a deleted experiment can be found again by a command", async () => {
  const view = workbench.view("Experiments");
  const [name = ""] = await experiments(1);
  await view.chooseInMenu(name, "Delete Experiment…");
  await workbench.pressInDialog("Delete");
  await experiments(0);
  await workbench.runCommand("Savepoint: Bring Back Deleted Experiment…");
  await workbench.quickPickRows.filter({ hasText: name }).waitFor();
  await workbench.screenshot("bring-back");
  await workbench.page.keyboard.press("Enter");
  assert.deepEqual(await experiments(1), [name]);
});
