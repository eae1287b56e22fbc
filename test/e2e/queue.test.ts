import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { digitsProject } from "../support/digits.ts";
import { until } from "../support/poll.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import { type ThemeName, themes } from "../support/vscode/settings.ts";
import type { SidebarView } from "../support/vscode/sidebarView.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

/** Milliseconds for three trainings, one after another, on a slow machine. */
const trainingLimit = 300_000;
const limit = 60_000;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let queue: SidebarView;
let experiments: SidebarView;

before(async () => {
  project = await digitsProject();
  session = await startSession();
  workbench = await session.open(project.root);
  queue = workbench.view("Queue");
  experiments = workbench.view("Experiments");
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").row("train").waitFor();
});

afterEach(() => workbench?.screenshot("queue-latest"));

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

test("values are checked while they are typed, and several of them make several runs", async () => {
  await workbench.view("Pipeline").chooseInMenu(/^\s*train/, "Modify Params and Run");
  await workbench.quickPickRows.filter({ hasText: "train.learning_rate" }).waitFor();
  await pictures("queue-1-params");
  await editParam("train.learning_rate");
  await typeValue("fast");
  await workbench.quickInput.getByText("is a number, but 'fast' is not").waitFor();
  await pictures("queue-2-wrong");
  await typeValue("0.02, 0.05, 0.1");
  await workbench.quickInput.getByText("3 values: 0.02, 0.05, 0.1").waitFor();
  await pictures("queue-3-values");
  await workbench.page.keyboard.press("Enter");
  await workbench.quickPickRows.filter({ hasText: "Go On with 1 Change" }).waitFor();
  await pictures("queue-4-changed");
  await workbench.pick("Go On with 1 Change");
  await workbench.quickPickRows.filter({ hasText: "Queue 3 Runs and Start" }).waitFor();
  await pictures("queue-5-way");
  await workbench.pick("Queue 3 Runs and Start");
  await queue.row("lr-0.1").waitFor({ timeout: limit });
  assert.equal((await queue.texts()).length, 3);
});

test("the queue shows what runs and what waits, and survives a reload in the middle", async () => {
  await experiments.row(/epoch\s2(?!\d)/).waitFor({ timeout: trainingLimit });
  await workbench.statusBarItem(/train \d+\/20.* queued/).waitFor({ timeout: limit });
  await pictures("queue-6-running");
  await workbench.reload();
  await workbench.showContainer("Savepoint");
  await until(async () => (await doneRows()) === 3, trainingLimit, "the end of all three runs");
  const rates = await Promise.all((await experimentNames()).map(rateOf));
  assert.deepEqual(rates.sort(), ["0.02", "0.05", "0.1"]);
  assert.equal(await project.git("status", "--porcelain", "--", ":!.dvc*"), "", "the workspace is as it was");
  await pictures("queue-7-done");
});

test("a checkpoint's forks with several values are queued, put in another order and taken back", async () => {
  const name = (await experimentNames()).find((one) => one.endsWith("lr-0.05")) ?? "";
  await experiments.openSubmenu(name, "Continue With");
  await workbench.screenshot("queue-8-submenu");
  await workbench.page.keyboard.press("Escape");
  await workbench.page.keyboard.press("Escape");
  await experiments.chooseInSubmenu(name, "Continue With", "Fork with Changed Params");
  await workbench.quickPickRows.filter({ hasText: "0.05 at the checkpoint" }).waitFor();
  await pictures("queue-9-tried");
  await editParam("train.momentum");
  await workbench.answer("0.5, 0.99");
  await workbench.pick("Go On with 1 Change");
  await pictures("queue-10-fork-way");
  // A tooltip may lie over the row.
  await workbench.answer("start the queue");
  await queue.row("momentum-0.99").waitFor({ timeout: limit });
  await queue.chooseInMenu("momentum-0.99", "Move Up");
  await until(async () => (await waitingRows())[0]?.includes("momentum-0.99"), limit, "the other order");
  await pictures("queue-11-paused");
  await queue.row("momentum-0.5").dragTo(queue.row("momentum-0.99"));
  await until(
    async () => (await waitingRows())[0]?.includes("momentum-0.5"),
    limit,
    "the order after a drag",
  );
  await queue.pressInRow("momentum-0.5", "Cancel");
  await until(async () => (await waitingRows()).length === 1, limit, "one less");
  await queue.pressInTitle("Start Queue");
  await until(
    async () => (await experimentNames()).some((one) => one.includes("momentum-0.99")),
    trainingLimit,
    "the fork",
  );
  await queue.chooseInMenu("momentum-0.99", "Cancel");
  const running = queue.rows.locator(".codicon-modifier-spin");
  await until(async () => (await running.count()) === 0, limit, "its end");
  await workbench.runCommand("Savepoint: Remove Finished Runs from Queue");
  await queue.pane.waitFor({ state: "hidden", timeout: limit });
});

test("a checkpoint opens in a window of its own, with its own params and outputs", async () => {
  const name = (await experimentNames()).find((one) => one.endsWith("lr-0.05")) ?? "";
  const opened = workbench.page.context().waitForEvent("page", { timeout: limit });
  // At the start of the row: a fork's row also names the experiment that it came from.
  const row = new RegExp(`^[^a-z]*${name}`);
  await experiments.chooseInSubmenu(row, "Open and Export", "Open Checkpoint in New Window");
  await workbench.quickPickRows.filter({ hasText: "Own Folder" }).waitFor();
  await workbench.screenshot("queue-12-new-window");
  await workbench.page.keyboard.press("Enter");
  const page = await opened;
  const folder = await until(
    async () => new URL(page.url()).searchParams.get("folder"),
    limit,
    "its address",
  );
  assert.match(await readFile(join(folder, "params.yaml"), "utf8"), /learning_rate: 0\.05/);
  assert.ok((await stat(join(folder, "model.json"))).size > 1_000);
  await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: limit });
  await page.screenshot({ path: "screenshots/queue-13-new-window.png" });
});

/** Picks a parameter, and waits for the input of its values. */
async function editParam(key: string): Promise<void> {
  await workbench.pick(key);
  await workbench.quickInput.getByText("A number, or several").waitFor();
}

/** Exchanges what stands in the open input. */
async function typeValue(text: string): Promise<void> {
  await workbench.quickInput.locator("input.input").fill(text);
}

async function doneRows(): Promise<number> {
  return queue.rows.locator(".codicon-check").count();
}

async function waitingRows(): Promise<readonly string[]> {
  return (await queue.texts()).filter((text) => /#\d/.test(text));
}

async function experimentNames(): Promise<readonly string[]> {
  const refs = await project.git("for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps");
  return refs.split("\n").filter((name) => name !== "");
}

/** The learning rate with which an experiment was recorded. */
async function rateOf(name: string): Promise<string> {
  const ref = await project.git("for-each-ref", "--format=%(refname)", `refs/exps/**/${name}`);
  const params = await project.git("show", `${ref}:params.yaml`);
  return /learning_rate: (\S+)/.exec(params)?.[1] ?? "";
}

/** Pictures of the window in the three kinds of theme, for people to judge. */
async function pictures(name: string): Promise<void> {
  for (const theme of ["dark", "light", "high-contrast-dark"] as const satisfies readonly ThemeName[]) {
    await workbench.setTheme(themes[theme]);
    await workbench.screenshot(`${name}-${theme}`);
  }
}
