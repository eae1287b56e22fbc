/**
 * A process that hosts a controller as a window does, to be killed by a test: `runHost ROOT start|adopt`.
 * With `start` it runs the whole pipeline as `amber-heron`. Prints `ready` once it listens.
 */
import { openDesk } from "./runs.ts";

const [root = "", mode] = process.argv.slice(2);
const desk = await openDesk(root);
if (mode === "start") {
  const started = await desk.controller.start({ verb: "run", stages: [], name: "amber-heron" });
  if (!started.ok) throw new Error(started.problem.message);
}
await desk.controller.adopt();
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
