import { openProject } from "../../src/engine/openProject.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import type { WorkerRequestKind, WorkerRequests } from "../../src/engine/store/workerMessages.ts";

/** Tells the parent when files begin to be overwritten. */
class AnnouncingHasher extends Hasher {
  override call<Kind extends WorkerRequestKind>(kind: Kind, asked: WorkerRequests[Kind]) {
    if (kind === "moveIntoPlace") process.send?.("moving");
    return super.call(kind, asked);
  }
}

/**
 * A process that restores all of a checkpoint, to be killed meanwhile. It tells its parent when the plan is made.
 * Arguments: project, worker script, commit of the checkpoint.
 */
const [root = "", workerPath = "", sha = ""] = process.argv.slice(2);
const opened = await openProject(root);
if (!opened.ok) throw new Error(opened.problem.message);
const hasher = new AnnouncingHasher(workerPath);
const index = new ExperimentIndex(opened.value);
await index.refresh();
const checkpoint = index.experiments
  .flatMap(({ checkpoints }) => checkpoints)
  .find((candidate) => candidate.sha === sha);
if (checkpoint === undefined) throw new Error(`no checkpoint ${sha}`);
const plan = await planRestore(opened.value, checkpoint, "everything", hasher);
if (!plan.ok) throw new Error(plan.problem.message);
process.send?.("planned");
const restored = await restore(plan.value);
if (!restored.ok) throw new Error(restored.problem.message);
index.dispose();
hasher.dispose();
process.disconnect();
