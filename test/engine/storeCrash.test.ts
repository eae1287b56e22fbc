import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { experimentRefs } from "../../src/engine/store/experimentRef.ts";
import { parseMessage } from "../../src/engine/store/message.ts";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { until } from "../support/poll.ts";
import { type RecordingProject, recordingProject, workerPath } from "../support/recording.ts";

const kills = Number(process.env.SAVEPOINT_KILLS ?? 50);
const child = fileURLToPath(new URL("../support/recordingProcess.ts", import.meta.url));

test(`what was released survives ${kills} kills of the recording process`, async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  const log = project.path(".dvc/tmp/released.log");
  for (let round = 1; round <= kills; round += 1) {
    const recording = fork(child, [project.root, workerPath, log, project.baseline], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ended = once(recording, "exit");
    // Some kills hit the recovery and the start, the others the recording of a checkpoint.
    const releases = round % 5;
    for (let released = 0; released < releases; released += 1) await once(recording, "message");
    await new Promise((resolve) => setTimeout(resolve, Math.random() * (releases === 0 ? 1_000 : 100)));
    recording.kill("SIGKILL");
    const [code, signal] = (await ended) as [number | null, string | null];
    assert.deepEqual([code, signal], [null, "SIGKILL"], "it must not have failed by itself");
  }
  const recovery = await recoverJournal(project.project, project.hasher);
  assert.deepEqual(recovery.problems, []);
  assert.equal(recovery.dropped, 0);
  await checkStore(project, log);
  t.diagnostic(`${(await readFile(log, "utf8")).trim().split("\n").length} checkpoints were released`);

  const again = await recoverJournal(project.project, project.hasher);
  assert.deepEqual(again, { recorded: [], dropped: 0, problems: [] });
});

/** Holds the store against what was released. */
async function checkStore(project: RecordingProject, log: string): Promise<void> {
  const refs = await project.git("for-each-ref", "--format=%(refname)", experimentRefs);
  assert.equal(refs, project.ref, "one experiment, under its name");
  const commits = (
    await project.git("log", "-z", "--format=%B", `${project.baseline}..${project.ref}`)
  ).split("\0");
  const bySequence = new Map<number, number | null>();
  for (const text of commits.filter((commit) => commit !== "")) {
    const message = parseMessage(text);
    assert.ok(message?.values);
    assert.ok(!bySequence.has(message.sequence), `sequence ${message.sequence} was recorded twice`);
    bySequence.set(message.sequence, message.step);
    const model = message.values.outs.find(({ path }) => path === "model.bin");
    const expected = createHash("md5").update(`model after epoch ${message.step}`).digest("hex");
    assert.equal(model?.hash, expected, "each checkpoint has the bytes of its own epoch");
    const object = project.path(".dvc/cache/files/md5", expected.slice(0, 2), expected.slice(2));
    assert.equal(await readFile(object, "utf8"), `model after epoch ${message.step}`);
  }
  for (const line of (await readFile(log, "utf8")).trim().split("\n")) {
    const [sequence, epoch] = line.split(" ").map(Number);
    assert.equal(bySequence.get(sequence ?? 0), epoch, `released checkpoint ${line} must be in the store`);
  }
  await project.git("fsck", "--strict", "--no-dangling");
  assert.deepEqual(await readdir(project.path(".dvc/tmp/savepoint/recording")), []);
  const cache = await readdir(project.path(".dvc/cache"));
  assert.deepEqual(cache, ["files"], "no half-written object stays");
  // A Git process may outlive the recorder that was killed, but not for long.
  await until(async () => (await locks(project)).length === 0, 60_000, "Git's locks to go");
}

async function locks(project: RecordingProject): Promise<readonly string[]> {
  const names = await readdir(project.path(".git"), { recursive: true });
  return names.filter((name) => name.endsWith(".lock") || name.includes("tmp_obj"));
}
