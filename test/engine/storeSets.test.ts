import assert from "node:assert/strict";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CaptureMemory, type CaptureRequest, capture } from "../../src/engine/store/capture.ts";
import type { JournalEntry } from "../../src/engine/store/journal.ts";
import type { WatchedSets } from "../../src/engine/store/watchedSets.ts";
import { recordingDirectory, recordingFiles } from "../../src/engine/system/layout.ts";
import { scanSets } from "../../src/engine/trigger/scanSets.ts";
import { recordingProject, request } from "../support/recording.ts";

const patterns = ["models/c-*/"];

/** Two complete folders, and a way to capture what is known of them whatever happened since. */
async function twoSets(t: TestContext) {
  const project = await recordingProject(t);
  const old = new Date(Date.now() - 60_000);
  for (const file of ["c-1/a", "c-1/b", "c-2/a", "c-2/b"]) {
    await project.write({ [`models/${file}`]: file });
    // Old enough for a snapshot to trust its time stamp.
    await utimes(project.path(`models/${file}`), old, old);
  }
  const { root, prefix } = project.project;
  const directory = recordingDirectory(project.project, "run-1");
  await mkdir(directory, { recursive: true });
  const memory = new CaptureMemory();
  const scanned = await scanSets(root, patterns);
  const take = (sequence: number, due: readonly string[], kind: "watch" | "interval" = "watch") => {
    const sets: WatchedSets = { patterns, complete: [...scanned.values()], due };
    const items: CaptureRequest["items"] = [{ path: "models", role: "output", side: "cache" }];
    const asked = { ...request(project.stage), kind };
    return capture({ root, prefix, directory, sequence, request: asked, items, sets }, memory);
  };
  const read = async (sequence: number): Promise<JournalEntry> => {
    const file = join(".dvc/tmp/savepoint/recording/run-1", recordingFiles.entry(sequence));
    return JSON.parse(await project.read(file));
  };
  const entry = async (sequence: number): Promise<readonly string[]> => {
    const { items } = await read(sequence);
    return items.flatMap(({ files }) => files.map(({ relpath }) => relpath)).toSorted();
  };
  /** Takes all that there is; which files of the first set it refers to instead of copying them. */
  const referred = async (sequence: number) => {
    const items: CaptureRequest["items"] = [{ path: "models", role: "output", side: "cache" }];
    const asked = request(project.stage);
    capture({ root, prefix, directory, sequence, request: asked, items, sets: null }, memory);
    const { items: captured } = await read(sequence);
    return captured.flatMap(({ files }) =>
      files.flatMap(({ relpath, copy }) => (relpath.startsWith("c-1/") && copy === null ? [relpath] : [])),
    );
  };
  return { project, take, entry, referred };
}

test("both sets are taken when nothing happened", async (t) => {
  const { take, entry } = await twoSets(t);
  const taken = take(1, ["models/c-2"]);
  assert.ok(taken.isTaken);
  assert.deepEqual(taken.warnings, []);
  assert.deepEqual(await entry(1), ["c-1/a", "c-1/b", "c-2/a", "c-2/b"]);
});

test("an old set that rotation has begun to delete is left out as a whole, and named", async (t) => {
  const { project, take, entry, referred } = await twoSets(t);
  await rm(project.path("models/c-1/b"));
  const taken = take(1, ["models/c-2"]);
  assert.ok(taken.isTaken);
  assert.deepEqual(taken.warnings, [
    "models/c-1 is not recorded: it was changed or deleted while it was copied",
  ]);
  assert.deepEqual(await entry(1), ["c-2/a", "c-2/b"]);
  // What was copied and then left out is in no snapshot: a later one must not refer to it.
  assert.ok(take(2, []).isTaken);
  await project.write({ "models/c-1/b": "c-1" });
  assert.deepEqual(await referred(3), []);
});

for (const [what, change] of [
  ["is deleted", (path: string) => rm(path, { recursive: true })],
  ["is written again", (path: string) => writeFile(join(path, "a"), "something longer")],
] as const) {
  test(`without the set that it is for, which ${what}, there is no snapshot`, async (t) => {
    const { project, take, entry } = await twoSets(t);
    await change(project.path("models/c-2"));
    assert.equal(take(1, ["models/c-2"]).isTaken, false);
    await assert.rejects(entry(1));
    await assert.rejects(project.read(".dvc/tmp/savepoint/recording/run-1/1/pack"), "no copy is left behind");
  });
}

test("a folder that is being deleted while it is listed is no failure", async (t) => {
  const { project, take, entry } = await twoSets(t);
  await rm(project.path("models/c-1"), { recursive: true });
  assert.ok(take(1, []).isTaken);
  assert.deepEqual(await entry(1), ["c-2/a", "c-2/b"]);
});

test("at an interval, nothing is recorded before the code has made something", async (t) => {
  const { project, take } = await twoSets(t);
  await rm(project.path("models"), { recursive: true });
  assert.equal(take(1, [], "interval").isTaken, false);
});

test("at an interval, what has not changed since the last snapshot is not recorded", async (t) => {
  const { project, take } = await twoSets(t);
  assert.ok(take(1, [], "interval").isTaken);
  assert.equal(take(2, [], "interval").isTaken, false);
  await project.write({ "models/log.txt": "1" });
  assert.ok(take(2, [], "interval").isTaken);
  await project.write({ "models/log.tmp": "1" });
  assert.equal(take(3, [], "interval").isTaken, false, "a temporary name");
});
