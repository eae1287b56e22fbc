import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { checkpointMessage, type WrittenLine, writeLines } from "../support/experimentHistory.ts";
import { until } from "../support/poll.ts";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { type Session, startSession } from "../support/vscode/session.ts";

const limit = 60_000;

let session: Session;
let project: TemporaryProject;

before(async () => {
  project = await temporaryProject({ "dvc.yaml": "stages:\n  train:\n    cmd: python3 train.py\n" });
  session = await startSession();
});

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

function line(baseline: string, name: string): WrittenLine {
  const message = checkpointMessage({ experiment: name, sequence: 1, createdAt: 1_767_000_000_000 });
  return { ref: experimentRef(baseline, name), from: baseline, commits: [{ message, time: 1_767_000_000 }] };
}

test("experiments stay in the tree through an amend, and say what their baseline was", async () => {
  await project.write({ "train.py": "print(2)\n" });
  const baseline = await project.commit("Wider hidden layer");
  await writeLines(project.root, [line(baseline, "calm-otter")]);
  const workbench = await session.open(project.root);
  await workbench.showContainer("Savepoint");
  const view = workbench.view("Experiments");
  await view.row(/Wider hidden layer/).waitFor();
  await project.git("commit", "--quiet", "--amend", "--message", "Wider hidden layer, with dropout");
  const rows = await until(
    async () => {
      const texts = await view.texts();
      return /with dropout/.test(texts[0] ?? "") ? texts : null;
    },
    limit,
    "the tree to hear of the amend",
  );
  assert.match(rows[0] ?? "", /^main · [0-9a-f]{7}\s*“Wider hidden layer, with dropout”/);
  assert.match(rows[1] ?? "", new RegExp(`^calm-otter.* · grew on ${baseline.slice(0, 7)}$`));
  await view.row("calm-otter").hover();
  const tooltip = workbench.page.locator(".workbench-hover", { hasText: "since rewritten as" });
  await tooltip.waitFor();
  assert.match(
    (await tooltip.textContent()) ?? "",
    /grew on [0-9a-f]{7} “Wider hidden layer”, since rewritten as [0-9a-f]{7}/,
  );
});
