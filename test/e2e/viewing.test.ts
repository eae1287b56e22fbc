import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { editorWindows } from "../editor/windows.ts";
import { until } from "../support/poll.ts";
import type { TemporaryFolder } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;
const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  contrast: "Default High Contrast",
};

let session: Session;
let project: TemporaryFolder;
let workbench: Workbench;

before(async () => {
  const window = editorWindows.find(({ name }) => name === "project");
  assert.ok(window);
  project = await window.makeFolder();
  await project.write({ "params.yaml": "steps: 8\npause: 0\n" });
  session = await startSession();
  workbench = await session.open(project.root);
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").pressInRow("train", "Run Stage");
  await workbench
    .view("Experiments")
    .row(/step 8/)
    .waitFor();
  // The run has ended when its stage can be run again.
  await until(async () => (await rows()).some((row) => /step 8/.test(row)), limit, "the end of the run");
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

function rows(): Promise<readonly string[]> {
  return workbench.view("Experiments").texts();
}

async function pictures(name: string): Promise<void> {
  for (const [key, theme] of Object.entries(themes)) {
    await workbench.setTheme(theme);
    await workbench.screenshot(`viewing-${name}-${key}`);
  }
  await workbench.setTheme(themes.dark);
}

test("a run that succeeds is no news", async () => {
  assert.deepEqual(await workbench.notifications.allInnerTexts(), []);
});

test("the experiment log has the verbs above each checkpoint", async () => {
  await workbench.runCommand("Savepoint: Show Experiment Log");
  await workbench.editor.lines
    .filter({ hasText: /checkpoint.[a-z]+-[a-z]+@/ })
    .first()
    .waitFor();
  await workbench.editor.codeLenses.filter({ hasText: "Compare" }).first().waitFor();
  await pictures("log");
});

test("a file of a checkpoint opens from the picker as it was", async () => {
  await project.write({ "params.yaml": "steps: 9\npause: 0\n" });
  await workbench.runCommand("Savepoint: Open File of Checkpoint");
  await workbench.pick(/step 8/);
  await workbench.pick("params.yaml");
  await workbench.editor.lines.filter({ hasText: "8" }).first().waitFor();
});

test("what changed since a checkpoint is a diff, from which training can go on", async () => {
  await workbench.view("Experiments").pressInRow(/^\s*step 6/, "Resume from Checkpoint");
  await workbench.pick("Show Changes");
  await workbench.page.locator(".tab.active", { hasText: "↔ now" }).waitFor();
  await workbench.page.locator(".multiDiffEntry", { hasText: "params.yaml" }).first().waitFor();
  for (const verb of ["Fork", "Rewind"]) {
    const action = `.editor-actions .action-label[aria-label^="${verb} with These Changes"]`;
    await workbench.page.locator(action).waitFor();
  }
  await pictures("changes");
});

test("a run that fails says so once, and can go on from there", async () => {
  const script = await project.read("train.sh");
  await project.write({
    "params.yaml": "steps: 20\npause: 0\n",
    "train.sh": script.replace("sleep ", '[ "$step" -lt 11 ] || exit 3\n  sleep '),
  });
  await workbench.view("Experiments").pressInRow(/^\s*[a-z]+-[a-z]+/, "Resume from Checkpoint");
  await workbench.pick(/Resume\s*\S+ goes on from/);
  const notification = workbench.notifications.filter({ hasText: /failed at 11\/20: exit code 3/ });
  await notification.waitFor();
  await pictures("failure");
  await workbench.pressInNotification(/failed at 11/, "Show Terminal");
  await project.write({ "train.sh": script });
  assert.equal(await notification.count(), 0);
});
