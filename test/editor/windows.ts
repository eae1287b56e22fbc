import { readFileSync } from "node:fs";
import { join } from "node:path";
import { askingFiles } from "../support/asking.ts";
import {
  type Files,
  type TemporaryFolder,
  temporaryFolder,
  temporaryProject,
} from "../support/temporaryProject.ts";

/** A window in which some of the editor tests run, with the folder that it shows. */
export interface EditorWindow {
  /** Name of the folder beside this file that holds the tests. */
  readonly name: string;
  /** Makes the folder that the window opens; disposed when the window has ended. */
  readonly makeFolder: () => Promise<TemporaryFolder>;
  /** Whether the window opens in Restricted Mode. */
  readonly restricted: boolean;
}

const pipeline = `# Stages whose commands any shell can run.
stages:
  prepare:
    cmd: echo ready > data.txt
    outs:
      - data.txt
  train:
    cmd: sh train.sh
    deps:
      - data.txt
      - train.sh
    params:
      - steps
      - pause
    outs:
      - model.txt:
          checkpoint: true
    metrics:
      - metrics.json:
          cache: false
  fail:
    cmd: exit 3
    deps:
      - data.txt
`;

/** Goes on from its output when it is there, asks for a checkpoint after each step, and pauses for \`pause\` seconds. */
const trainingScript = `. ./savepoint.sh
value() { sed -n "s/^$1: //p" params.yaml; }
step=$(cat model.txt 2>/dev/null || echo 0)
steps=$(value steps)
while [ "$step" -lt "$steps" ]; do
  step=$((step + 1))
  echo "$step" > model.txt
  echo "{\\"accuracy\\": 0.$((500 + step)), \\"loss\\": $((steps - step))}" > metrics.json
  savepoint_make_checkpoint --step "$step" --total "$steps"
  sleep "$(value pause)"
done
`;

function projectFiles(): Files {
  return {
    "dvc.yaml": pipeline,
    "params.yaml": "steps: 3\npause: 0\n",
    "train.sh": trainingScript,
    "savepoint.sh": readFileSync(join(import.meta.dirname, "../../clients/shell/savepoint.sh")),
    ".gitignore": "/data.txt\n/model.txt\n",
  };
}

/** Says where it begins, then trains: a debugger that stops at the first line of `main` sees the state as it was loaded. */
const nodeScript = `import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { makeCheckpoint } from "./savepoint.mjs";

const state = existsSync("model.json") ? JSON.parse(readFileSync("model.json", "utf8")) : { step: 0 };

function main(begin) {
  for (let step = begin + 1; step <= 3; step += 1) {
    writeFileSync("model.json", JSON.stringify({ step }));
    makeCheckpoint({ step, total: 3 });
  }
}

main(state.step);
`;

/** A stage that Node runs. */
function nodeProjectFiles(): Files {
  const node = JSON.stringify(process.execPath.replaceAll("\\", "/"));
  return {
    "dvc.yaml": [
      "stages:",
      "  train:",
      `    cmd: ${JSON.stringify(`${node} train.mjs`)}`,
      "    deps: [train.mjs]",
      "    outs:",
      "      - model.json:",
      "          checkpoint: true",
      "",
    ].join("\n"),
    "train.mjs": nodeScript,
    "savepoint.mjs": readFileSync(join(import.meta.dirname, "../../clients/javascript/savepoint.mjs")),
    ".gitignore": "/model.json\n",
  };
}

/** The windows of the editor suite; all tests of one window share its extension host. */
export const editorWindows: readonly EditorWindow[] = [
  { name: "project", makeFolder: () => temporaryProject(projectFiles()), restricted: false },
  { name: "debugging", makeFolder: () => temporaryProject(nodeProjectFiles()), restricted: false },
  { name: "asking", makeFolder: () => temporaryProject(askingFiles), restricted: false },
  { name: "restricted", makeFolder: () => temporaryProject(projectFiles()), restricted: true },
  {
    name: "plainFolder",
    makeFolder: () => temporaryFolder({ "notes.txt": "no repository" }),
    restricted: false,
  },
];
