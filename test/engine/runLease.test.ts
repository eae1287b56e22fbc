import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { Lease } from "../../src/engine/system/lease.ts";
import { until } from "../support/poll.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

const leaseModule = resolve(import.meta.dirname, "../../src/engine/system/lease.ts");

/** A process that takes the lease, says whether it got it, and lives until it is ended. */
function contender(t: TestContext, directory: string) {
  const code = `
    const { Lease } = await import(process.argv[1]);
    const lease = Lease.acquire(process.argv[2], "other", crypto.randomUUID());
    process.stdout.write(lease instanceof Lease ? "got" : "refused");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, leaseModule, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, answer: () => until(() => output, 60_000, "a contender to answer") };
}

test("one holder at a time, and the next one after it lets go", async (t) => {
  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const first = Lease.acquire(folder.root, "run-1", randomUUID());
  assert.ok(first instanceof Lease);
  const second = Lease.acquire(folder.root, "run-2", randomUUID());
  assert.ok(!(second instanceof Lease));
  assert.equal(second.runId, "run-1");
  first.dispose();
  const third = Lease.acquire(folder.root, "run-3", randomUUID());
  assert.ok(third instanceof Lease);
  third.dispose();
  assert.deepEqual(readdirSync(folder.root), []);
});

test("a holder that was killed is replaced, one that lives is not", async (t) => {
  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const { child, answer } = contender(t, folder.root);
  assert.equal(await answer(), "got");
  assert.ok(!(Lease.acquire(folder.root, "mine", randomUUID()) instanceof Lease));
  child.kill("SIGKILL");
  const lease = await until(
    () => {
      const got = Lease.acquire(folder.root, "mine", randomUUID());
      return got instanceof Lease ? got : null;
    },
    60_000,
    "the dead holder to be replaced",
  );
  t.after(() => lease.dispose());
  assert.equal(readdirSync(folder.root).length, 1);
});

test("of many that find a dead holder at once, exactly one takes its place", async (t) => {
  const folder = await temporaryFolder({
    "lease-3": JSON.stringify({
      owner: { host: "vm", pid: 999_999_999, startTime: null },
      token: "x",
      runId: "dead",
    }),
  });
  t.after(folder.dispose);
  const dead = JSON.parse(await folder.read("lease-3"));
  dead.owner.host = (await import("node:os")).hostname();
  await folder.write({ "lease-3": JSON.stringify(dead), "lease-2": "garbage" });
  const contenders = Array.from({ length: 6 }, () => contender(t, folder.root));
  const answers = await Promise.all(contenders.map(({ answer }) => answer()));
  assert.equal(answers.filter((answer) => answer === "got").length, 1);
});

test("a holder that slept while another machine took its place hears of it; a folder that was tidied up does not matter", async (t) => {
  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const lease = Lease.acquire(folder.root, "run", randomUUID());
  assert.ok(lease instanceof Lease);
  t.after(() => lease.dispose());
  await rm(folder.path("lease-1"));
  await until(() => existsSync(folder.path("lease-1")), 60_000, "the lease to be written again");
  assert.equal(lease.lost.aborted, false);

  const owner = { host: "another-machine", pid: 1, startTime: null };
  await folder.write({ "lease-2": JSON.stringify({ owner, token: "theirs", runId: "run" }) });
  await rm(folder.path("lease-1"));
  await until(() => lease.lost.aborted, 60_000, "the loss to be noticed");
  assert.equal(existsSync(folder.path("lease-1")), false);
});
