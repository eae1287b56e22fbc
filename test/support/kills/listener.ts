/**
 * The process that the kill campaign kills: a window with the project open. It adopts what its predecessor left, and
 * runs the whole pipeline again and again. Arguments: project, runner, hash worker, and `go-on` or `finish`: then it
 * starts no further run, and exits when all are over. Prints one JSON object per line.
 */
import { openEngine } from "../../../src/engine/openEngine.ts";
import { ProcessLauncher } from "../../../src/engine/run/processLauncher.ts";

async function main(): Promise<void> {
  const [root = "", runnerPath = "", hashWorkerPath = "", mode] = process.argv.slice(2);
  const opened = await openEngine(root, {
    runnerPath,
    hashWorkerPath,
    nodePath: process.execPath,
    launcher: new ProcessLauncher({ stdio: ["ignore", "ignore", "inherit"], isDetached: true }),
    onSnapshotFailure: { kind: "ask" },
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  const { runs } = opened.value;
  runs.onDidChange(({ attention }) => {
    if (attention) process.stderr.write(`${attention.message}\n`);
  });
  await runs.adopt();
  tell({ event: "listens" });
  for (;;) {
    const open = runs.runs.find(({ end }) => end === null);
    if (open) {
      await runs.whenEnded(open.id);
      continue;
    }
    if (mode === "finish") break;
    const started = await runs.start({ verb: "run", stages: [], force: true });
    if (!started.ok) throw new Error(started.problem.message);
  }
  opened.value.dispose();
}

function tell(words: { readonly event: string }): void {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

void main();
