import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { temporaryFolder } from "../support/temporaryProject.ts";

const writer = resolve(import.meta.dirname, "../../src/engine/store/cacheWriter.ts");
const rounds = 400;

/** Puts objects of its own into a cache, and leaves as if each were the last of its run. */
const code = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.writer).then(({ CacheWriter }) => {
  const cache = { directory: workerData.directory, isShared: false };
  for (let round = 0; round < workerData.rounds; round++) {
    const objects = new CacheWriter(cache, false);
    objects.keepBytes(Buffer.from(workerData.name + round), "");
    objects.close();
  }
  parentPort.postMessage("done");
});
`;

test("runs that end at the same time do not take the cache's folder for new objects from each other", async (t) => {
  const folder = await temporaryFolder({});
  t.after(folder.dispose);
  const directory = folder.path("cache");
  const write = (name: string) =>
    new Promise((done, failed) => {
      const worker = new Worker(code, { eval: true, workerData: { writer, directory, rounds, name } });
      worker.once("message", done).once("error", failed);
    });
  await Promise.all([write("a"), write("b"), write("c")]);
  const objects = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.equal(objects.length, 3 * rounds);
});
