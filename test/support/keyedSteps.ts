import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Files, TemporaryProject } from "./temporaryProject.ts";

const client = readFileSync(resolve(import.meta.dirname, "../../clients/python/savepoint.py"), "utf8");

/**
 * A stage that does three keyed steps, each of which writes a file and its name into `work.log`, and then an epoch.
 * `hold-NAME` holds a step in its middle until it is removed, `fail-NAME` makes it exit with code 3 there, once.
 */
export const steppedFiles: Files = {
  "dvc.yaml": `stages:
  train:
    cmd: python3 train.py
    deps: [train.py, input.txt]
    outs:
      - steps: {checkpoint: true}
      - one.txt: {checkpoint: true}
      - two.txt: {checkpoint: true}
      - three.txt: {checkpoint: true}
      - model.txt: {checkpoint: true}
`,
  "train.py": `
import os, sys, time
from savepoint import make_checkpoint, once, resumed_step

def do(name):
    def work():
        with open("work.log", "a") as log:
            log.write(name + "\\n")
        while os.path.exists("hold-" + name):
            time.sleep(0.01)
        if os.path.exists("fail-" + name):
            os.remove("fail-" + name)
            sys.exit(3)
        with open(name + ".txt", "w") as file:
            file.write(name)
        return {"length": len(name)}
    inputs = ["input.txt"] if name == "two" else []
    return once(name, work, inputs=inputs, outputs=[name + ".txt"])["length"]

total = do("one") + do("two")
with open("work.log", "a") as log:
    log.write("from %s\\n" % resumed_step())
with open("model.txt", "w") as file:
    file.write(str(total))
make_checkpoint(step=1)
do("three")
`,
  "savepoint.py": client,
  "input.txt": "first",
  ".gitignore": "/work.log\n/hold-*\n/fail-*\n__pycache__/\n",
  ".dvcignore": "",
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
};

/** What was done since the last call, in order. */
export async function takeWorkLog(repository: TemporaryProject): Promise<readonly string[]> {
  const lines = (await repository.read("work.log")).split("\n").filter((line) => line !== "");
  await repository.write({ "work.log": "" });
  return lines;
}
