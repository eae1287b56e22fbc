import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Files } from "./temporaryProject.ts";

/**
 * Trains up to `train.steps` and goes on from the model when that is there. Asks for a checkpoint after each step where
 * somebody listens, so that the same code runs under Savepoint, under DVC 3 and by hand.
 */
const training = `import json, os, time
from ruamel.yaml import YAML

params = YAML(typ="safe").load(open("../params.yaml"))["train"]
state = {"step": 0, "weight": 0.0}
if os.path.exists("model final.json"):
    state = json.load(open("model final.json"))
data = open("../data/größe 1.txt", encoding="utf-8").read()
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
os.makedirs("weights ünï/deep/down", exist_ok=True)
for step in range(state["step"] + 1, params["steps"] + 1):
    state = {"step": step, "weight": state["weight"] + params["lr"] * len(data)}
    json.dump(state, open("model final.json", "w"))
    open("weights ünï/deep/down/last.bin", "wb").write(bytes([step]) * 1000)
    open("weights ünï/it's step %d.txt" % step, "w", newline="").write("é\\r\\n" * step)
    nested = {"acc": step / 10, "per class": {"a": 0.5, "ß": step}}
    json.dump({"loss": 1 / step, "val": nested}, open("metrics.json", "w"))
    if "DVC_CHECKPOINT" in os.environ:
        json.dump({"v": 1, "step": step, "total": params["steps"]}, open(signal + ".new", "w"))
        os.rename(signal + ".new", signal)
        while os.path.exists(signal):
            time.sleep(0.001)
`;

/**
 * A pipeline whose names are awkward: `prepare` makes a folder of data, `train` works in another folder, has a folder
 * and a file as outputs that it goes on from, nested metrics, and a section of the params.
 */
export const trainingPipeline: Files = {
  "dvc.yaml": `stages:
  prepare:
    cmd: mkdir -p data && tr a-z A-Z < raw/größe.txt > 'data/größe 1.txt' && echo x > 'data/it''s.txt'
    deps: [raw/größe.txt]
    params: [prepare]
    outs: [data]
  train:
    wdir: training code
    cmd: python train.py
    deps: [train.py, ../data]
    params:
    - ../params.yaml: [train]
    outs:
    - weights ünï: {persist: true}
    - model final.json: {persist: true}
    metrics:
    - metrics.json: {cache: false}
`,
  "params.yaml":
    "prepare: {seed: 3}\ntrain:\n  lr: 0.5 # per step\n  steps: 3\n  sizes: [1, 2]\nunused: {x: y}\n",
  "raw/größe.txt": "abc\r\ndef\n",
  "training code/train.py": training,
};

/** The names of the training's outputs. */
export const trainingOutputs = [
  "data",
  "training code/weights ünï",
  "training code/model final.json",
  "training code/metrics.json",
] as const;

/** The content of files and folders by path, as hashes, so that two states can be told apart at a glance. */
export async function contentsOf(root: string, paths: readonly string[]): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const path of paths) {
    const children = await readdir(join(root, path)).catch(() => null);
    if (children !== null) {
      const inside = children.sort().map((child) => `${path}/${child}`);
      Object.assign(contents, await contentsOf(root, inside));
      continue;
    }
    const content = await readFile(join(root, path)).catch(() => null);
    contents[path] = content === null ? "missing" : createHash("sha256").update(content).digest("hex");
  }
  return contents;
}
