import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { until } from "../support/poll.ts";
import { trainingFiles } from "../support/runs.ts";
import { type TemporaryProject, temporaryProject } from "../support/temporaryProject.ts";
import { VirtualEnvironment } from "../support/virtualEnvironment.ts";
import { type Session, startSession } from "../support/vscode/session.ts";
import { type ThemeName, themes } from "../support/vscode/settings.ts";
import type { SidebarView } from "../support/vscode/sidebarView.ts";
import type { Workbench } from "../support/vscode/workbench.ts";

/** Milliseconds for what waits for training, on a slow machine. */
const limit = 60_000;

/** Training whose state is lost when it goes on with a higher rate: what it measures jumps. */
const training = String(trainingFiles["train.py"]).replace(
  `json.dump({"loss": 1 / epoch}, file)`,
  `resumed = os.environ.get("SAVEPOINT_RESUMED_STEP")
        json.dump({"loss": 2 / epoch + (0.5 if resumed and params["rate"] > 1 else 0)}, file)`,
);
const pipeline = String(trainingFiles["dvc.yaml"]);
const files = {
  ...trainingFiles,
  ".gitignore": `${trainingFiles[".gitignore"]}/.venv\n/model.json\n`,
  "dvc.yaml": pipeline.slice(0, pipeline.indexOf("  evaluate:")).replaceAll("python3", ".venv/bin/python"),
  "train.py": training,
  "params.json": '{"epochs": 10, "rate": 0.5}\n',
};

let session: Session;
let project: TemporaryProject;
let workbench: Workbench;
let experiments: SidebarView;
let venv: VirtualEnvironment;

before(async () => {
  project = await temporaryProject(files);
  venv = await VirtualEnvironment.make(project.path(".venv"), {
    numpy: "1.26.4",
    torch: "2.1.0",
    rich: "13.7.0",
  });
  await project.commit("Pipeline");
  session = await startSession();
  workbench = await session.open(project.root);
  experiments = workbench.view("Experiments");
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").pressInRow("train", "Run Stage");
  await runEnds(10);
});

// What the window showed at the end of the last test: the first thing to look at when one fails.
afterEach(() => workbench?.screenshot("resuming-latest"));

after(async () => {
  await session?.dispose();
  await project?.dispose();
});

/** Waits until an experiment has ended at a step. */
async function runEnds(step: number, more = ""): Promise<void> {
  const ended = new RegExp(`^(↳ )?[a-z]+-[a-z]+.*step ${step} .*(now|\\d+ (s|min)).*${more}`);
  await until(
    async () => (await experiments.texts()).some((row) => ended.test(row)),
    limit,
    `an end at step ${step}`,
  );
}

async function pictures(name: string): Promise<void> {
  for (const [key, theme] of Object.entries(themes)) {
    await workbench.setTheme(theme);
    await workbench.screenshot(`resuming-${name}-${key as ThemeName}`);
  }
  await workbench.setTheme(themes.dark);
}

/** The rows of the open question, each as one line. */
async function choices(): Promise<readonly string[]> {
  await workbench.quickPickRows.first().waitFor();
  const texts = await workbench.quickPickRows.allInnerTexts();
  return texts.map((text) => text.trim().replace(/\s*\n\s*/g, " | "));
}

/** Asks until the answer knows the environment, for which the question does not wait long. */
async function choicesWithEnvironment(): Promise<readonly string[]> {
  return until(
    async () => {
      await experiments.pressInRow(/^[a-z]+-[a-z]+/, "Resume from Checkpoint");
      const rows = await choices();
      if (rows.at(-1)?.includes("numpy")) return rows;
      await workbench.page.keyboard.press("Escape");
      await workbench.quickInput.waitFor({ state: "hidden" });
      return null;
    },
    limit,
    "the question to know the environment",
  );
}

test("a resume says in one question what changed since, and in what ways training can go on", async () => {
  await project.write({ "params.json": '{"epochs": 14, "rate": 2}\n', "train.py": `${training}# widened\n` });
  await venv.install("numpy", "2.1.0");
  await venv.remove("rich");
  // No editor has the files open.
  await workbench
    .view("Pipeline")
    .row(/^\s*train(?!.*up to date)/)
    .waitFor();
  const shown = await choicesWithEnvironment();
  assert.match(shown[0] ?? "", /^Resume\S+ goes on from step 10/);
  assert.match(shown[1] ?? "", /^Forka new experiment from step 10/);
  assert.match(
    shown.at(-1) ?? "",
    /^Show Changesparams.json, train.py \| numpy 1.26.4 → 2.1.0; rich 13.7.0 removed/,
  );
  await pictures("question");
});

test("the diff of what changed has the verbs in its title, and the environment among its files", async () => {
  await workbench.pick("Show Changes");
  await workbench.page.locator(".tab.active", { hasText: "↔ now" }).waitFor();
  for (const name of ["environment", "params.json", "train.py"])
    await workbench.page.locator(".multiDiffEntry", { hasText: name }).first().waitFor();
  for (const verb of ["Resume", "Fork"]) await titleAction(`${verb} with These Changes`).waitFor();
  assert.equal(await titleAction("Rewind with These Changes").count(), 0);
  assert.equal(await workbench.quickInput.count(), 0, "no question stands before the diff");
  await pictures("diff");
});

test("the verb in the title goes on at once, and the row says that the loss jumped", async () => {
  await titleAction("Resume with These Changes").click();
  await runEnds(14);
  assert.equal(await workbench.quickInput.count(), 0);
  const [row = ""] = (await experiments.texts()).filter((text) => /^[a-z]+-[a-z]+/.test(text));
  assert.match(row, /↯ loss \S+ · step 14/);
  await experiments.expand(/^[a-z]+-[a-z]+/);
  await experiments.row(/\d+ more/).click();
  await experiments.row(/step 11.*↯ loss jumped by \d+ %/).waitFor();
  await experiments.showTooltip(/^\s*[a-z]+-[a-z]+/, /loss jumped by \d+ % after/);
  await pictures("jump");
});

test("an older checkpoint is forked or rewound, each also with its own code", async () => {
  await experiments.pressInRow(/^\s*step 6/, "Resume from Checkpoint");
  const shown = await choices();
  assert.deepEqual(
    shown.map((text) => /^(Fork|Rewind|Change|Show)/.exec(text)?.[0]),
    ["Fork", "Rewind", "Fork", "Rewind", "Change", "Show"],
  );
  await pictures("older");
  await workbench.quickPickRows.filter({ hasText: "Isolated" }).first().click();
  await runEnds(10, "from [a-z]+-[a-z]+@6");
  assert.equal(await project.read("params.json"), '{"epochs": 14, "rate": 2}\n');
  assert.match(await project.read("train.py"), /# widened/);
});

test("where nothing changed, and there is nothing to choose, nothing is asked", async () => {
  await project.git("checkout", "--", "params.json", "train.py");
  await venv.install("numpy", "1.26.4");
  await venv.install("rich", "13.7.0");
  await workbench.setSetting("savepoint.resume.preview", "never");
  await project.write({ "params.json": '{"epochs": 16, "rate": 0.5}\n' });
  await experiments.pressInRow(/^(?!↳)\s*[a-z]+-[a-z]+/, "Resume from Checkpoint");
  await runEnds(16);
  assert.equal(await workbench.quickInput.count(), 0);
});

/** An icon in the title of the editor that is in front, by its tooltip. */
function titleAction(title: string) {
  return workbench.page.locator(`.editor-actions .action-label[aria-label^="${title}"]`);
}
