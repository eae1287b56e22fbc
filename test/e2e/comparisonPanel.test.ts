import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { FrameLocator } from "playwright-core";
import { checkpointMessage, writeLines } from "../support/experimentHistory.ts";
import { until } from "../support/poll.ts";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

const limit = 60_000;
const names = ["amber-heron", "calm-otter"] as const;

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let baseline: string;
/** Complaints of the browser about what the page's policy forbids. */
const violations: string[] = [];

before(async () => {
  project = await temporaryProject({
    "dvc.yaml":
      "stages:\n  train:\n    cmd: python train.py\n    metrics:\n      - metrics.json:\n          cache: false\n",
    ".dvc/config": "",
  });
  baseline = await project.git("rev-parse", "HEAD");
  for (const name of names) await record(name, 1, 6);
  session = await startSession();
  workbench = await session.open(project.root);
  workbench.page.on("console", (message) => {
    // The workbench itself has a policy too; only complaints about our own page count.
    const isOurs =
      /Content Security Policy/.test(message.text()) && message.location().url.includes("/dist/webview/");
    if (isOurs) violations.push(message.text());
  });
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** Records checkpoints as another process would: straight into Git. */
async function record(name: string, first: number, last: number): Promise<void> {
  const ref = `refs/exps/${baseline.slice(0, 2)}/${baseline.slice(2)}/${name}`;
  const tip = first === 1 ? baseline : await project.git("rev-parse", ref);
  const sequences = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  await writeLines(project.root, [
    {
      ref,
      from: tip,
      commits: sequences.map((sequence) => {
        const accuracy = 0.5 + sequence / 20 + name.length / 100;
        return {
          time: 1_767_000_000 + sequence * 60,
          message: checkpointMessage({
            experiment: name,
            sequence,
            values: {
              metrics: { "metrics.json": { accuracy, loss: 1 / sequence } },
              params: { "params.yaml": { lr: name === "amber-heron" ? 0.1 : 0.01, seed: 7 } },
              outs: [],
            },
          }),
        };
      }),
    },
  ]);
}

async function openComparison(): Promise<void> {
  await workbench.bridge.evaluate(
    async (vscode, { root, experiments }) => {
      const targets = experiments.map((experiment) => ({ kind: "experiment", root, experiment }));
      await vscode.commands.executeCommand("savepoint.compare", targets[0], targets);
    },
    { root: project.root, experiments: [...names] },
  );
}

function panel(): FrameLocator {
  return workbench.webview;
}

/** Waits until the table names these checkpoints. */
async function whenRows(...rows: readonly string[]): Promise<void> {
  for (const row of rows) await panel().locator(".cell.name", { hasText: row }).waitFor({ timeout: limit });
}

test("two experiments open side by side, with a table and charts", async () => {
  await openComparison();
  await whenRows("amber-heron@6", "calm-otter@6");
  await workbench.page.locator(".tab.active", { hasText: "amber-heron ↔ calm-otter" }).waitFor();
  assert.equal(await panel().locator("metric-chart canvas").count(), 2);
  await panel().getByRole("columnheader", { name: "metrics.json: accuracy, higher is better" }).waitFor();
  await workbench.screenshot("comparison-in-workbench");
});

test("comparing the same again shows the panel that is there", async () => {
  await openComparison();
  await whenRows("amber-heron@6");
  assert.equal(await workbench.page.locator(".tab", { hasText: "↔" }).count(), 1);
});

test("a checkpoint that is recorded meanwhile moves row and curve on", async () => {
  await record("calm-otter", 7, 7);
  await whenRows("calm-otter@7", "amber-heron@6");
  const slider = panel().getByRole("slider", { name: /^accuracy/ });
  await until(async () => (await slider.getAttribute("aria-valuemax")) === "70", limit, "the new point");
});

test("a hidden panel shows what happened meanwhile as soon as it is shown", async () => {
  await workbench.bridge.evaluate(async (vscode) => {
    const document = await vscode.workspace.openTextDocument({ content: "in front" });
    await vscode.window.showTextDocument(document);
  });
  await record("amber-heron", 7, 9);
  await workbench.page.locator(".tab", { hasText: "↔" }).click();
  await whenRows("amber-heron@9", "calm-otter@7");
});

test("the table goes to the clipboard through the host", async () => {
  await panel().locator("vscode-button", { hasText: "Copy CSV" }).click();
  const text = await until(
    () => workbench.bridge.evaluate((vscode) => vscode.env.clipboard.readText()),
    limit,
    "text on the clipboard",
  );
  assert.match(text, /^checkpoint,status,step,accuracy,loss,lr,seed,recorded\r\namber-heron@9,/);
});

test("after a reload of the window the panel compares the same, looked at the same way", async () => {
  await panel().locator("vscode-checkbox[label='Only differences']").click();
  await panel().getByText("1 equal column hidden").waitFor({ timeout: limit });
  // VS Code writes a webview's state with the layout, when it may close the window in its own way.
  await workbench.runCommand("Developer: Reload Window");
  await workbench.whenReady();
  await whenRows("amber-heron@9", "calm-otter@7");
  await panel().getByText("1 equal column hidden").waitFor({ timeout: limit });
});

test("an experiment that was removed is named instead of shown", async () => {
  await project.git("update-ref", "-d", `refs/exps/${baseline.slice(0, 2)}/${baseline.slice(2)}/calm-otter`);
  await panel().getByText("is not shown: it is no longer in the store.").waitFor({ timeout: limit });
  await panel().getByRole("button", { name: "Remove calm-otter from the comparison" }).click();
  await panel()
    .getByText("Add another experiment or checkpoint to see what differs.")
    .waitFor({ timeout: limit });
});

test("nothing of all that broke the page's policy", () => {
  assert.deepEqual(violations, []);
});
