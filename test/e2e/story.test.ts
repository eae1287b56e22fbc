import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { digitsProject } from "../support/digits.ts";
import { until } from "../support/poll.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import { type ThemeName, themes } from "../support/vscode/settings.ts";
import type { SidebarView } from "../support/vscode/sidebarView.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

/** Milliseconds for what waits for training: some epochs on a slow machine. */
const trainingLimit = 180_000;
const limit = 60_000;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let experiments: SidebarView;
/** What Git has of the user's own work, taken before the first run. */
let untouched: string;

before(async () => {
  project = await digitsProject();
  untouched = await userState();
  session = await startSession();
  workbench = await session.open(project.root);
  experiments = workbench.view("Experiments");
  await workbench.showContainer("Savepoint");
});

// What the window showed at the end of the last test: the first thing to look at when one fails.
afterEach(() => workbench?.screenshot("story-latest"));

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

test("before the first run the views say what to do", async () => {
  await workbench.view("Pipeline").row("train").waitFor();
  await experiments.pane.getByText("No experiments yet").waitFor();
  await workbench.editor.open("dvc.yaml");
  await workbench.editor.codeLenses.filter({ hasText: "Run" }).first().waitFor();
  await pictures("story-1-empty");
});

test("Run above the stage trains in a terminal, and checkpoints arrive in the tree", async () => {
  await workbench.editor.pressCodeLens(/^\s*Run$/, 1);
  await workbench.screenshot("story-2-pressed");
  await experiments.row(/epoch\s2(?!\d)/).waitFor({ timeout: trainingLimit });
  assert.match(await workbench.terminal.text(), /epoch\s+1\/20/);
  await workbench.statusBarItem(/train \d+\/20/).waitFor({ timeout: limit });
  await pictures("story-2-running");
});

test("the window is reloaded in the middle of the run: it goes on, and no checkpoint is lost", async () => {
  const before = await recordedSteps();
  await workbench.reload();
  await workbench.showContainer("Savepoint");
  await until(
    async () => (await recordedSteps()).length >= before.length + 3,
    trainingLimit,
    "checkpoints after the reload",
  );
  const steps = await recordedSteps();
  assert.deepEqual(
    steps,
    steps.map((_, index) => index + 1),
    "every epoch has its checkpoint",
  );
  await workbench.statusBarItem(/train \d+\/20/).waitFor({ timeout: limit });
  await pictures("story-3-adopted");
});

test("Stop ends the whole process tree and keeps what was recorded", async () => {
  await workbench.runCommand("Savepoint: Stop");
  await experiments.row(/stopped|interrupted/i).waitFor({ timeout: limit });
  await until(async () => !(await isTraining()), limit, "the end of the training process");
  const steps = await recordedSteps();
  assert.ok(steps.length >= 5);
  await pictures("story-4-stopped");
});

test("an older checkpoint is forked from the tree: training goes on from there under a new name", async () => {
  await experiments.row(/\d+ more/).click();
  await experiments.chooseInMenu(/epoch\s2(?!\d)/, "Fork");
  await until(async () => (await experimentNames()).length === 2, trainingLimit, "a second experiment");
  await workbench.statusBarItem(/train \d+\/20/).waitFor({ timeout: trainingLimit });
  const terminal = await until(
    async () => {
      const text = await workbench.terminal.text();
      return /epoch\s+3\/20/.test(text) && text;
    },
    trainingLimit,
    "the third epoch in the terminal",
  );
  assert.match(terminal, /Continuing after epoch 2/);
  assert.doesNotMatch(terminal, /epoch\s+[12]\/20/);
  await pictures("story-5-forked");
});

test("both are compared in a panel that grows while the run goes on", async () => {
  // At the start of the row: a fork's row also names the experiment that it came from.
  for (const name of await experimentNames()) await experiments.tick(new RegExp(`^[^a-z]*${name}`));
  await workbench.runCommand("Savepoint: Compare Selected");
  const grid = workbench.webview.getByRole("grid");
  await grid.waitFor({ timeout: limit });
  for (const name of await experimentNames()) await grid.getByText(name).first().waitFor();
  await workbench.webview.locator("metric-chart canvas").first().waitFor();
  await pictures("story-6-compared");
  await until(async () => !(await isTraining()), trainingLimit, "the end of the training");
  await experiments.row(/succeeded|acc/).waitFor();
  await pictures("story-7-done");
});

test("the user's own branch, index and commits are as they were", async () => {
  assert.equal(await userState(), untouched);
});

/** What must not change: HEAD, branches, tags, the stash and the index, as Git tells them. */
async function userState(): Promise<string> {
  return [
    await project.git("rev-parse", "HEAD"),
    await project.git("symbolic-ref", "HEAD"),
    await project.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash"),
    await project.git("ls-files", "--stage"),
    await project.git("reflog"),
  ].join("\n");
}

/** Names of the experiments in Git, oldest first. */
async function experimentNames(): Promise<readonly string[]> {
  const refs = await project.git(
    "for-each-ref",
    "--sort=creatordate",
    "--format=%(refname:lstrip=4)",
    "refs/exps",
  );
  return refs.split("\n").filter((name) => name !== "");
}

/** Steps of the first experiment's signals as Git has them, oldest first. */
async function recordedSteps(): Promise<readonly number[]> {
  const [name = ""] = await experimentNames();
  const ref = await project.git("for-each-ref", "--format=%(refname)", `refs/exps/**/${name}`);
  const log = await project.git(
    "log",
    "--first-parent",
    "--reverse",
    "--format=%(trailers:key=Savepoint-Kind,valueonly,separator=) %(trailers:key=Savepoint-Step,valueonly,separator=)",
    ref,
  );
  return log
    .split("\n")
    .flatMap((line) => /^signal (\d+)$/.exec(line.trim())?.[1] ?? [])
    .map(Number);
}

/** Whether Python still trains in the project's folder. */
async function isTraining(): Promise<boolean> {
  const { readdir, readlink, readFile } = await import("node:fs/promises");
  for (const id of await readdir("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    const folder = await readlink(`/proc/${id}/cwd`).catch(() => "");
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (folder === project.root && command.includes("train.py")) return true;
  }
  return false;
}

/** Pictures of the window in the three kinds of theme, for people to judge. */
async function pictures(name: string): Promise<void> {
  for (const theme of ["dark", "light", "high-contrast-dark"] as const satisfies readonly ThemeName[]) {
    await workbench.setTheme(themes[theme]);
    await workbench.screenshot(`${name}-${theme}`);
  }
}
