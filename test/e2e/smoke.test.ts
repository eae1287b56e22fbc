import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;

before(async () => {
  project = await temporaryProject({ "dvc.yaml": "stages:\n  train:\n    cmd: echo trained\n" });
  session = await startSession();
  workbench = await session.open(project.root);
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

test("the sidebar shows the stages of the pipeline", async () => {
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").row("train").waitFor();
});

test("a window that is reloaded shows them again", async () => {
  await workbench.reload();
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").row("train").waitFor();
});

test("nothing pops up unasked", async () => {
  assert.deepEqual(await workbench.notifications.allInnerTexts(), []);
});
