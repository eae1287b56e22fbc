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
  await project.write({ "params.yaml": "steps: 8\npause: 0\n" });
  session = await startSession();
  workbench = await session.open(project.root);
  await workbench.showContainer("Savepoint");
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** What the rows of the Experiments view say, once they match. */
async function rowsThat(
  check: (rows: readonly string[]) => boolean,
  what: string,
): Promise<readonly string[]> {
  const view = workbench.view("Experiments");
  return until(
    async () => {
      const rows = await view.texts();
      return check(rows) ? rows : null;
    },
    limit,
    what,
  );
}

test("an empty view says what to do", async () => {
  await workbench.view("Experiments").pane.getByRole("button", { name: "Run Experiment" }).waitFor();
  await workbench
    .view("Pipeline")
    .row(/train\s*never run/)
    .waitFor();
});

test("checkpoints appear under their experiment and baseline, folded in the middle", async () => {
  await workbench.view("Pipeline").pressInRow("train", "Run Stage");
  // An experiment's own row is drawn before those below it.
  const isOver = (all: readonly string[]) =>
    /^\S+acc 0\.508 · step 8 · /.test(all[1] ?? "") &&
    all.some((row) => row.startsWith("step 8")) &&
    all.some((row) => /^\d+ more$/.test(row));
  const rows = await rowsThat(isOver, "the end of the run");
  assert.match(rows[0] ?? "", /^main · [0-9a-f]{7}\s*“First commit”/);
  assert.match(rows[1] ?? "", /^[a-z]+-[a-z]+/);
  assert.match(rows.find((row) => row.startsWith("step 8")) ?? "", /acc 0\.508/);
});

test("a click on the folded ones shows them all", async () => {
  const view = workbench.view("Experiments");
  await view.row(/^\s*\d+ more/).click();
  const steps = Array.from({ length: 8 }, (_, index) => `step ${index + 1}acc`);
  await rowsThat((all) => steps.every((step) => all.some((row) => row.startsWith(step))), "all eight steps");
});

test("resuming an older checkpoint asks for fork or rewind, and a fork is marked", async () => {
  await project.write({ "params.yaml": "steps: 9\npause: 0\n" });
  await workbench.view("Experiments").pressInRow(/^\s*step 4/, "Resume from Checkpoint");
  const choices = await until(
    async () => {
      const texts = await workbench.quickPickRows.allInnerTexts();
      return texts.length > 0 ? texts : null;
    },
    limit,
    "the question",
  );
  assert.match(choices[0] ?? "", /^\s*Fork/);
  assert.match(choices[1] ?? "", /^\s*Rewind/);
  assert.match(choices.at(-1) ?? "", /^\s*Show Changes\s*params.yaml/);
  await workbench.pick("Fork");
  await rowsThat((all) => all.some((row) => row.startsWith("↳ ")), "the fork");
  await rowsThat((all) => all.some((row) => /^↳ \S+acc 0\.509 · step 9/.test(row)), "the end of the fork");
});

test("ticked experiments are compared", async () => {
  const view = workbench.view("Experiments");
  const names = (await view.texts()).flatMap((row) => /^(?:↳ )?([a-z]+-[a-z]+)/.exec(row)?.[1] ?? []);
  assert.equal(names.length, 2);
  const ticked = view.pane.locator(".custom-view-tree-node-item-checkbox[aria-checked=true]");
  for (const [index, name] of names.entries()) {
    await view.tick(name);
    await until(async () => (await ticked.count()) === index + 1, limit, `${index + 1} ticks`);
  }
  await view.pressInTitle("Compare Selected");
  await workbench.page.locator(".tab", { hasText: "↔" }).waitFor();
});

test("the status bar counts checkpoints and opens a menu", async () => {
  await workbench.statusBarItem(/\d+ checkpoints/).click();
  await workbench.quickPickRows.filter({ hasText: "Resume from Checkpoint" }).waitFor();
  await workbench.page.keyboard.press("Escape");
});

test("nothing popped up unasked", async () => {
  assert.deepEqual(await workbench.notifications.allInnerTexts(), []);
});
