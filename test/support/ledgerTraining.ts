import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { committedProject } from "./runs.ts";
import { type TemporaryFolder, type TemporaryProject, temporaryFolder } from "./temporaryProject.ts";

/**
 * Training of three epochs that writes down outside of all work trees when it starts and ends, and waits: after its
 * first epoch as long as there is a file `hold`, and at its start until as many have started as `together` says.
 */
const code = `
import json, os, time
ledger = open("ledger.txt").read().strip()
name = os.environ["DVC_EXP_NAME"]
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
def note(what):
    with open(os.path.join(ledger, "lines"), "a") as file:
        file.write(what + " " + name + "\\n")
def starts():
    return [line for line in open(os.path.join(ledger, "lines")) if line.startswith("start ")]
note("start")
together = os.path.join(ledger, "together")
while os.path.exists(together) and len(starts()) < int(open(together).read()):
    time.sleep(0.01)
for epoch in range(1, 4):
    with open("model.json", "w") as file:
        json.dump({"epoch": epoch}, file)
    with open(signal + ".tmp", "w") as file:
        json.dump({"v": 1, "step": epoch, "total": 3}, file)
    os.rename(signal + ".tmp", signal)
    while os.path.exists(signal):
        time.sleep(0.001)
    while os.path.exists(os.path.join(ledger, "hold")):
        time.sleep(0.01)
note("end")
`;

/** A project with that training, and the folder that it writes to. */
export interface LedgerProject {
  readonly repository: TemporaryProject;
  readonly ledger: TemporaryFolder;
  /** What trainings have written, in order: `start amber-heron`. */
  lines(): readonly string[];
}

/** Makes the project, committed. */
export async function ledgerProject(t: TestContext): Promise<LedgerProject> {
  const ledger = await temporaryFolder();
  t.after(() => ledger.dispose());
  const repository = await committedProject(t, {
    "dvc.yaml":
      "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n    outs: [model.json]\n",
    "train.py": code,
    "ledger.txt": ledger.root,
    ".dvc/config": "",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    ".dvcignore": "",
  });
  const lines = () => {
    const path = ledger.path("lines");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  };
  return { repository, ledger, lines };
}

/** The most trainings that were under way at once. */
export function peakOf(lines: readonly string[]): number {
  let running = 0;
  return Math.max(0, ...lines.map((line) => (running += line.startsWith("start ") ? 1 : -1)));
}
