/**
 * A process that works a project's queue as a window does, to be killed by a test: `queueHost ROOT JOBS`. Prints `ready`
 * once it works.
 */
import { Runs } from "../../src/engine/isolated/runs.ts";
import { RunQueue } from "../../src/engine/queue/runQueue.ts";
import { openDesk } from "./runs.ts";

const [root = "", jobs] = process.argv.slice(2);
const { services } = await openDesk(root);
const runs = new Runs(services);
await runs.adopt();
const { project, experiments, now, random } = services;
const queue = new RunQueue({ project, experiments, runs, now, random });
await queue.start(Number(jobs));
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
