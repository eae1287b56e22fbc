import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { isLegacy, parseLock } from "../../src/engine/pipeline/lock.ts";
import { hashBytes } from "../../src/engine/store/fileHash.ts";
import { recoverJournal } from "../../src/engine/store/recover.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import { until } from "../support/poll.ts";
import { recordingProject, request } from "../support/recording.ts";

/** Hashes of the same text in both kinds: DVC 2 took line ends of DOS for those of Unix. */
const text = "one\r\ntwo\r\n";
const legacyHash = "2094b601daac3d68f5aed51d3c20f7cd";
const plainHash = "4e03dd5f05f68ca4f8941fd80c63e0b2";

const item = (hash: string, kind: string) => `    - path: raw\n${kind}      md5: ${hash}\n      size: 10\n`;
const lockWith = (...items: string[]) =>
  `schema: '2.0'\nstages:\n  prepare:\n    cmd: "true"\n    outs:\n${items.join("")}`;
const legacyItem = item(legacyHash, "");
const plainItem = item(plainHash, "      hash: md5\n");

test("a lock file is DVC 2's when it has hashes, all of its kind", () => {
  const of = (...texts: string[]) =>
    isLegacy(
      texts.map((one) => {
        const lock = parseLock(one, "dvc.lock");
        return lock.ok ? lock.value : assert.fail(lock.problem.message);
      }),
    );
  assert.equal(of(), false);
  assert.equal(of("schema: '2.0'\nstages: {}\n"), false);
  assert.equal(of(lockWith(legacyItem)), true);
  assert.equal(of(lockWith(plainItem)), false);
  assert.equal(of(lockWith(legacyItem, plainItem)), false);
  assert.equal(of(lockWith(legacyItem), lockWith(plainItem)), false);
});

test("the hash of bytes is the one that DVC has for them", () => {
  assert.equal(hashBytes(Buffer.from(text), true), legacyHash);
  assert.equal(hashBytes(Buffer.from(text)), plainHash);
  const binary = Buffer.from([0, 13, 10]);
  assert.equal(hashBytes(binary, true), hashBytes(binary));
  assert.equal(hashBytes(Buffer.alloc(0), true), "d41d8cd98f00b204e9800998ecf8427e");
});

test("checkpoints of a project of DVC 2 have its hashes, its cache and its lock file", async (t) => {
  const project = await recordingProject(t, { "dvc.lock": lockWith(legacyItem) });
  const recorder = await project.open();
  for (const epoch of [1, 2]) {
    await project.train(epoch);
    await project.write({ "model.bin": `${text}${epoch}\r\n`, "weights/same.txt": text });
    const taken = await recorder.snapshot(
      request(project.stage, { kind: epoch === 2 ? "stage-end" : "signal" }),
    );
    assert.ok(taken.ok);
    assert.ok((await recorder.drain()).ok);
  }
  const [first, second] = project.recorded;
  assert.ok(first && second);
  for (const checkpoint of [first, second]) {
    const lock = await project.git("show", `${checkpoint.sha}:dvc.lock`);
    assert.doesNotMatch(lock, /hash: md5/);
    assert.match(lock, /^ {2}prepare:\n(.*\n)* {2}train:\n/m);
    for (const { path, hash, legacy, cached } of checkpoint.outs) {
      assert.equal(legacy, true, path);
      const object = project.path(".dvc/cache", hash.slice(0, 2), hash.slice(2));
      assert.equal(existsSync(object), cached, path);
    }
  }
  assert.doesNotMatch(await project.read("dvc.lock"), /hash: md5/);
  const same = project.path(".dvc/cache", legacyHash.slice(0, 2), legacyHash.slice(2));
  assert.ok(existsSync(same), "the unchanged file of a folder");
  assert.equal(
    first.outs.find(({ path }) => path === "model.bin")?.hash,
    hashBytes(Buffer.from("one\ntwo\n1\n")),
  );

  const plan = await planRestore(project.project, first, "outputs", project.hasher);
  assert.ok(plan.ok);
  assert.ok((await restore(plan.value)).ok);
  assert.equal(await project.read("model.bin"), `${text}1\r\n`);
  assert.equal(await project.read("weights/same.txt"), text);
});

test("what a crash left of a project of DVC 2 is finished in its kind", async (t) => {
  const project = await recordingProject(t, { "dvc.lock": lockWith(legacyItem) });
  const recorder = await project.open();
  await project.train(1);
  await project.write({ "model.bin": text });
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  recorder.dispose();
  await project.write({ "dvc.lock": lockWith(plainItem) });

  // The disposed recorder lets go once what it was doing has stopped.
  const checkpoint = await until(
    async () => {
      const { recorded } = await recoverJournal(project.project, project.hasher);
      return [...project.recorded, ...recorded][0];
    },
    60_000,
    "the recovery",
  );
  const model = checkpoint.outs.find(({ path }) => path === "model.bin");
  assert.deepEqual([model?.hash, model?.legacy], [legacyHash, true]);
});
