import { writeLines } from "../test/support/experimentHistory.ts";
import { temporaryProject } from "../test/support/temporaryProject.ts";
import { startSession } from "../test/support/vscode/session.ts";
import type { Workbench } from "../test/support/vscode/workbench.ts";
import { type Benchmark, timeOf } from "./benchmark.ts";
import { experiments, lines, projectFiles } from "./support/tenThousand.ts";

const rounds = 5;

/** How long a person waits for the picker of "Resume from Checkpoint…" over 10,000 checkpoints, and while typing in it. */
export const benchmark: Benchmark = {
  name: "picker",
  async run({ say }) {
    const project = await temporaryProject(projectFiles);
    const session = await startSession();
    try {
      await writeLines(project.root, lines(await project.git("rev-parse", "HEAD"), nameOf));
      await project.git("gc", "--quiet");
      const workbench = await session.open(project.root);
      await workbench.showContainer("Savepoint");
      await workbench
        .view("Experiments")
        .row(new RegExp(nameOf(experiments - 1)))
        .waitFor();
      say(`10,000 checkpoints of ${experiments} experiments with long names in a real window`);
      const shown: number[] = [];
      const filtered: number[] = [];
      const typed: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        shown.push(await timeOf(() => show(workbench)));
        if (round === 0) await workbench.screenshot("picker");
        typed.push(await timeOf(() => filter(workbench, "a", /./)));
        filtered.push(await timeOf(() => filter(workbench, nameOf(7), new RegExp(nameOf(7)))));
        if (round === 0) await workbench.screenshot("picker-filtered");
        await workbench.page.keyboard.press("Escape");
        await workbench.quickInput.waitFor({ state: "hidden" });
      }
      return [
        { name: "picker over 10,000 is shown", unit: "ms", values: shown, bars: { median: 2000 } },
        { name: "picker takes in the first letter", unit: "ms", values: typed, bars: { median: 500 } },
        {
          name: "picker finds an experiment by its name",
          unit: "ms",
          values: filtered,
          bars: { median: 500 },
        },
      ];
    } finally {
      await session.dispose();
      await project.dispose();
    }
  },
};

/** Names as people and sweeps give them. */
function nameOf(experiment: number): string {
  return `resnet50-imagenet-cosine-lr-${String(experiment).padStart(4, "0")}-warmup-5-label-smoothing`;
}

async function show(workbench: Workbench): Promise<void> {
  await workbench.runCommand("Savepoint: Resume from Checkpoint");
  await workbench.quickPickRows.filter({ hasText: "step 200" }).first().waitFor();
}

/** Types a filter, and waits until the first row matches it. */
async function filter(workbench: Workbench, text: string, first: RegExp): Promise<void> {
  await workbench.quickInput.locator("input.input").fill(text);
  await workbench.quickPickRows.first().filter({ hasText: first }).waitFor();
}
