import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "esbuild";
import { type TemporaryFolder, type TemporaryProject, temporaryProject } from "../temporaryProject.ts";

const checkout = resolve(import.meta.dirname, "../../..");

/** Checkpoints of one training: few, so that kills hit the ends of runs too. */
export const stepsOfTraining = 15;

/** The processes of a campaign, as bundles: they start several times faster than sources, so kills come denser. */
export interface Programs {
  readonly listener: string;
  readonly runner: string;
  readonly hashWorker: string;
}

/** Bundles them into a folder. */
export async function buildPrograms(folder: TemporaryFolder): Promise<Programs> {
  await build({
    absWorkingDir: checkout,
    entryPoints: {
      listener: "test/support/kills/listener.ts",
      runner: "src/runner/main.ts",
      hashWorker: "src/engine/store/hashWorker.ts",
    },
    outdir: folder.root,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return {
    listener: folder.path("listener.cjs"),
    runner: folder.path("runner.cjs"),
    hashWorker: folder.path("hashWorker.cjs"),
  };
}

const pipeline = `stages:
  train:
    cmd: python3 train.py
    deps: [train.py, savepoint.py]
    params:
      - params.json: [steps]
    outs:
      - model.bin: {checkpoint: true}
      - weights
    metrics:
      - metrics.json: {cache: false}
  evaluate:
    cmd: cp model.bin scores.txt
    deps: [model.bin]
    outs: [scores.txt]
`;

/** A committed project whose training is `train.py`, with a staged file that nobody may touch. */
export async function killProject(): Promise<TemporaryProject> {
  const project = await temporaryProject({
    "dvc.yaml": pipeline,
    "train.py": await readFile(resolve(import.meta.dirname, "train.py")),
    "savepoint.py": await readFile(resolve(checkout, "clients/python/savepoint.py")),
    "params.json": JSON.stringify({ steps: stepsOfTraining }),
    ".gitignore": "__pycache__/\n/model.bin\n/weights\n/scores.txt\n",
    ".dvc/config": "",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
  });
  await project.commit("Pipeline");
  await project.write({ "staged.txt": "staged, not committed\n" });
  await project.git("add", "staged.txt");
  return project;
}
