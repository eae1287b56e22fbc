import { readFile } from "node:fs/promises";
import { until } from "../test/support/poll.ts";
import { temporaryProject } from "../test/support/temporaryProject.ts";
import { startSession } from "../test/support/vscode/session.ts";
import type { Benchmark } from "./benchmark.ts";

const checkpoints = 100;
const runLimit = 120_000;

/** How long training waits for the answer to a signal when a VS Code window that is otherwise idle listens. */
export const benchmark: Benchmark = {
  name: "host",
  async run({ say }) {
    const project = await temporaryProject({
      "dvc.yaml": `stages:\n  train:\n    cmd: python3 train.py\n    outs:\n      - weights:\n          checkpoint: true\n    metrics:\n      - metrics.json:\n          cache: false\n`,
      "train.py": training,
      ".gitignore": "/weights\n/holds.json\n",
    });
    const session = await startSession();
    try {
      const workbench = await session.open(project.root);
      await workbench.showContainer("Savepoint");
      await workbench.view("Pipeline").row("train").waitFor();
      say(`${checkpoints} checkpoints of 10 files in a real window`);
      await workbench.runCommand("Savepoint: Run Experiment");
      const text = await until(
        () => readFile(project.path("holds.json"), "utf8"),
        runLimit,
        "the training's end",
      );
      // The first ones meet code that never ran before.
      const holds = (JSON.parse(text) as number[]).slice(5);
      return [
        {
          name: "a signal is answered by the extension host",
          unit: "ms",
          values: holds,
          bars: { median: 50 },
        },
      ];
    } finally {
      await session.dispose();
      await project.dispose();
    }
  },
};

/** Ten files of 100 kB, then a wait with a look every millisecond, as a client would. */
const training = `import json, os, time

signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
os.makedirs("weights", exist_ok=True)
holds = []
for step in range(${checkpoints}):
    for part in range(10):
        with open(f"weights/{part}.bin", "wb") as file:
            file.write(os.urandom(100_000))
    with open("metrics.json", "w") as file:
        json.dump({"step": step}, file)
    time.sleep(0.3)
    begin = time.perf_counter()
    open(signal, "w").close()
    while os.path.exists(signal):
        time.sleep(0.001)
    holds.append((time.perf_counter() - begin) * 1000)
with open("holds.json.new", "w") as file:
    json.dump(holds, file)
os.rename("holds.json.new", "holds.json")
`;
