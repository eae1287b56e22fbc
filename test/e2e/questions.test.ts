import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { askingFiles } from "../support/asking.ts";
import { until } from "../support/poll.ts";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import { themes } from "../support/vscode/settings.ts";
import type { SidebarView } from "../support/vscode/sidebarView.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let experiments: SidebarView;

before(async () => {
  project = await temporaryProject(askingFiles);
  session = await startSession();
});

afterEach(() => workbench?.screenshot("questions-latest"));

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** Has the stage ask something, in a window that is opened for it. */
async function ask(question: object): Promise<void> {
  await project.write({ "question.json": JSON.stringify(question) });
  workbench ??= await session.open(project.root);
  experiments = workbench.view("Experiments");
  await workbench.showContainer("Savepoint");
  await project.commit("Another question");
  await rm(project.path("model.json"), { force: true });
  await workbench.view("Pipeline").pressInRow("train", "Run Stage");
}

async function answered(value: unknown): Promise<void> {
  const model = async () => JSON.parse(await project.read("model.json").catch(() => "null"));
  await until(async () => (await model())?.epochs === 2, limit, "the second epoch");
  assert.deepEqual(await model(), { epochs: 2, answer: value });
  // The next question is of a run of its own, which starts when this one is over.
  await workbench.showContainer("Savepoint");
  await workbench
    .view("Pipeline")
    .row(/up to date/)
    .waitFor({ timeout: limit });
}

test("a question shows as notification, row and in the status bar; the notification's button answers it", async () => {
  await ask({
    question:
      "The validation loss has not improved for five epochs (0.3121 at best). Go on with half of the learning rate?",
  });
  const words = /asks: The validation loss has not improved/;
  await workbench.notifications.filter({ hasText: words }).waitFor({ timeout: limit });
  await experiments.row(/Waiting for your answer: The validation loss/).waitFor({ timeout: limit });
  await workbench.statusBarItem(words).waitFor({ timeout: limit });
  await workbench
    .view("Pipeline")
    .row(/waits for your answer/)
    .waitFor({ timeout: limit });
  for (const [name, theme] of Object.entries(themes)) {
    await workbench.setTheme(theme);
    await workbench.screenshot(`questions-1-asked-${name}`);
  }
  await workbench.pressInNotification(words, "Approve");
  await answered(true);
  await experiments.row(/end of train/).waitFor({ timeout: limit });
  await experiments.row(/approved/).waitFor({ timeout: limit });
  assert.equal(await workbench.statusBarItem(words).count(), 0);
});

test("a choice is answered from its row after the code has gone, which resumes the run", async () => {
  await ask({ question: "Which optimizer?", choices: ["sgd", "adam", "a third one"] });
  await experiments.row(/Waiting for your answer: Which optimizer/).waitFor({ timeout: limit });
  await project.write({ impatient: "75", asked: "" });
  await until(
    () => workbench.bridge.evaluate((vscode) => vscode.tasks.taskExecutions.length === 0, null),
    limit,
    "the code to have gone",
  );
  await Promise.all([rm(project.path("impatient")), rm(project.path("asked"))]);
  await workbench.screenshot("questions-2-gone");
  await experiments.pressInRow(/Waiting for your answer: Which optimizer/, "Answer Question");
  await workbench.quickPickRows.filter({ hasText: "adam" }).waitFor({ timeout: limit });
  await workbench.screenshot("questions-2-choose");
  await workbench.pick("adam");
  await answered("adam");
});

test("a text is answered by the command, and an approval in a dialog that shows all of a long question", async () => {
  await ask({ question: "Why did you stop the last run?", kind: "text" });
  await experiments.row(/Waiting for your answer: Why/).waitFor({ timeout: limit });
  await workbench.runCommand("Savepoint: Answer Question");
  await workbench.quickInput.getByText("Why did you stop the last run?").waitFor({ timeout: limit });
  await workbench.screenshot("questions-3-text");
  await workbench.answer("It diverged.");
  await answered("It diverged.");

  await ask({ question: `Deploy?\n\n${"A line that says more about it. ".repeat(12)}` });
  await experiments.row(/Waiting for your answer: Deploy/).waitFor({ timeout: limit });
  await workbench.runCommand("Savepoint: Answer Question");
  await workbench.dialog.waitFor();
  await workbench.screenshot("questions-3-dialog");
  await workbench.pressInDialog("Reject");
  await answered(false);
});

test("a window that is opened later shows the question that waits, and its answer resumes the run", async () => {
  await ask({ question: "Still there?" });
  await experiments.row(/Waiting for your answer: Still there/).waitFor({ timeout: limit });
  await workbench.close();
  workbench = await session.open(project.root);
  const words = /asks: Still there\?/;
  await workbench.notifications.filter({ hasText: words }).waitFor({ timeout: limit });
  await workbench.pressInNotification(words, "Reject");
  await answered(false);
});
