import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openProject } from "../../src/engine/openProject.ts";
import { loadPipeline } from "../../src/engine/pipeline/load.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { parseMessage } from "../../src/engine/store/message.ts";
import { Recorder } from "../../src/engine/store/recorder.ts";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { Git } from "../../src/engine/system/git.ts";

/**
 * A process that recovers, then trains and records until it is killed. Each snapshot that lets training go on is written
 * to the log as `sequence epoch`, and told to the parent. Arguments: project, worker script, log, baseline.
 */
const [root = "", workerPath = "", log = "", baseline = ""] = process.argv.slice(2);
const opened = await openProject(root);
if (!opened.ok) throw new Error(opened.problem.message);
const project = opened.value;
const git = new Git(root);
const hasher = new Hasher(workerPath);
const recovery = await recoverJournal(project, hasher);
if (recovery.problems.length > 0 || recovery.dropped > 0) throw new Error(JSON.stringify(recovery));
const ref = experimentRef(baseline, "amber-heron");
const tip = await git.textOrNull(["rev-parse", "--verify", "--quiet", ref]);
const message = tip === null ? null : parseMessage(await git.text(["log", "-1", "--format=%B", tip]));
const stage = (await loadPipeline(project)).stages.find(({ name }) => name === "train");
if (!stage) throw new Error("no stage");
const recorder = await Recorder.open({
  project,
  runId: "run-1",
  experiment: "amber-heron",
  baseline,
  parent: tip ?? baseline,
  sequence: message?.sequence ?? 0,
  resumedFrom: null,
  hasher,
});
if (recorder.experiment !== "amber-heron") throw new Error(`the line goes on as ${recorder.experiment}`);
recorder.onDidFail((problem) => {
  throw new Error(problem.message);
});
for (let epoch = (message?.step ?? 0) + 1; ; epoch += 1) {
  writeFileSync(join(root, "model.bin"), `model after epoch ${epoch}`);
  writeFileSync(join(root, "weights", "first.bin"), `first ${epoch}`);
  writeFileSync(join(root, "metrics.json"), JSON.stringify({ epoch }));
  const taken = await recorder.snapshot({
    stage,
    kind: "signal",
    step: epoch,
    total: null,
    name: null,
    metrics: {},
    metadata: {},
    warning: null,
    time: Date.now(),
  });
  if (!taken.ok) throw new Error(taken.problem.message);
  appendFileSync(log, `${taken.value.sequence} ${epoch}\n`);
  process.send?.("released");
}
