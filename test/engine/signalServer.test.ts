import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  clearStaleSignal,
  type SignalAnswer,
  signalPaths,
  type WaitingSignal,
} from "../../src/engine/signal/signalFile.ts";
import { SignalServer } from "../../src/engine/signal/signalServer.ts";
import { until } from "../support/poll.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";

const limit = 60_000;
const answered: SignalAnswer = { ok: true, checkpoint: "amber-heron@1", error: null };

async function listen(
  t: TestContext,
  answer: (signal: WaitingSignal, count: number) => Promise<SignalAnswer | null> = async () => answered,
) {
  const folder = await temporaryFolder({ ".dvc/tmp/other": "" });
  t.after(folder.dispose);
  const paths = signalPaths(folder.path(".dvc/tmp"));
  const heartbeatFile = folder.path(".dvc/tmp/savepoint/heartbeat");
  const signals: WaitingSignal[] = [];
  const open = () =>
    new SignalServer({
      paths,
      heartbeatFile,
      onSignal: (signal) => {
        signals.push(signal);
        return answer(signal, signals.length);
      },
    });
  const server = open();
  t.after(() => server.dispose());
  return { folder, paths, heartbeatFile, signals, server, open };
}

const gone = (path: string) => until(() => !existsSync(path), limit, "the signal to be taken away");

test("an empty signal is answered: the result is in place before the signal is gone", async (t) => {
  const { paths, signals } = await listen(t);
  writeFileSync(paths.signal, "");
  await gone(paths.signal);
  assert.equal(signals.length, 1);
  assert.deepEqual(JSON.parse(execFileSync("cat", [paths.result], { encoding: "utf8" })), answered);
});

test("a signal with content carries its request, and the answer carries the request's id", async (t) => {
  const { paths, signals, folder } = await listen(t);
  const temporary = folder.path(".dvc/tmp/x.tmp");
  await writeFile(temporary, '{"v":1,"id":"r1","step":3,"metrics":{"loss":0.5}}');
  await rename(temporary, paths.signal);
  await gone(paths.signal);
  assert.deepEqual(signals[0]?.request.metrics, { loss: 0.5 });
  assert.equal(JSON.parse(await folder.read(".dvc/tmp/DVC_CHECKPOINT.result")).id, "r1");
});

test("two hundred signals that reappear at once are each answered once", async (t) => {
  const { paths, signals, folder } = await listen(t);
  const client = `
import os, sys
signal = sys.argv[1]
for step in range(200):
    with open(signal + ".tmp", "w") as file:
        file.write('{"step": %d}' % step)
    os.rename(signal + ".tmp", signal)
    while os.path.exists(signal):
        pass
open(sys.argv[2], "w").close()
`;
  await folder.write({ "client.py": client });
  const { spawn } = await import("node:child_process");
  const child = spawn("python3", [folder.path("client.py"), paths.signal, folder.path("done")]);
  t.after(() => child.kill("SIGKILL"));
  await until(() => existsSync(folder.path("done")), 60_000, "all signals to be answered");
  assert.deepEqual(
    signals.map((signal) => signal.request.step),
    Array.from({ length: 200 }, (_, step) => step),
  );
});

test("a signal that waits already is answered when listening begins", async (t) => {
  const { paths, server, open, signals } = await listen(t);
  server.dispose();
  writeFileSync(paths.signal, "");
  const second = open();
  t.after(() => second.dispose());
  await gone(paths.signal);
  assert.equal(signals.length, 1);
});

test("without an answer the signal stays for whoever listens next", async (t) => {
  const { paths, server, open, signals } = await listen(t, async (_, count) =>
    count === 1 ? null : answered,
  );
  writeFileSync(paths.signal, "");
  await until(() => signals.length === 1, limit, "the signal to be seen");
  server.dispose();
  assert.ok(existsSync(paths.signal));
  const second = open();
  t.after(() => second.dispose());
  await gone(paths.signal);
});

test("a signal that took the place of the answered one is answered for itself", async (t) => {
  const { paths, signals } = await listen(t, async (signal) => {
    if (signal.request.step === 1) {
      await rm(paths.signal);
      await writeFile(`${paths.signal}.next`, '{"step":2,"id":"second"}');
      await rename(`${paths.signal}.next`, paths.signal);
    }
    return answered;
  });
  writeFileSync(`${paths.signal}.first`, '{"step":1,"id":"first"}');
  await rename(`${paths.signal}.first`, paths.signal);
  await gone(paths.signal);
  await until(() => signals.length === 2, limit, "the second signal to be seen");
  assert.deepEqual(
    signals.map((signal) => signal.request.step),
    [1, 2],
  );
});

test("a link is not followed, and its target stays", async (t) => {
  const { paths, signals, folder } = await listen(t);
  await folder.write({ secret: '{"step": 5}' });
  symlinkSync(folder.path("secret"), paths.signal);
  await until(
    () => lstatSync(paths.signal, { throwIfNoEntry: false }) === undefined,
    limit,
    "the link to be gone",
  );
  assert.equal(signals[0]?.request.step, null);
  assert.match(signals[0]?.warning ?? "", /symbolic link/);
  assert.equal(await folder.read("secret"), '{"step": 5}');
});

test("a folder in the signal's place is answered; what it holds is kept", async (t) => {
  const { paths, signals, folder } = await listen(t);
  mkdirSync(paths.signal);
  await until(() => !existsSync(paths.signal), limit, "the folder to be gone");
  assert.match(signals[0]?.warning ?? "", /folder/);
  mkdirSync(folder.path("full"));
  await folder.write({ "full/work.txt": "mine" });
  await rename(folder.path("full"), paths.signal);
  await until(() => !existsSync(paths.signal), limit, "the folder to be moved away");
  const kept = readdirSync(paths.directory).find((name) => name.startsWith("DVC_CHECKPOINT.folder-"));
  assert.equal(await folder.read(join(".dvc/tmp", kept ?? "", "work.txt")), "mine");
});

test("a pipe in the signal's place does not hang it", async (t) => {
  const { paths, signals } = await listen(t);
  execFileSync("mkfifo", [paths.signal]);
  await until(
    () => lstatSync(paths.signal, { throwIfNoEntry: false }) === undefined,
    limit,
    "the pipe to be gone",
  );
  assert.match(signals[0]?.warning ?? "", /special file/);
});

test("closing answers a signal that was left at the very end", async (t) => {
  const { paths, signals, server, heartbeatFile } = await listen(t);
  writeFileSync(paths.signal, "");
  await server.close();
  assert.equal(signals.length, 1);
  assert.equal(existsSync(paths.signal), false);
  assert.equal(existsSync(heartbeatFile), false);
});

test("the heartbeat is renewed, and its folders come back when somebody cleans up", async (t) => {
  const { folder, heartbeatFile, paths, signals } = await listen(t);
  const before = statSync(heartbeatFile).mtimeMs;
  await until(() => statSync(heartbeatFile).mtimeMs > before, limit, "the heartbeat to be renewed");
  await rm(folder.path(".dvc/tmp"), { recursive: true });
  await until(() => existsSync(heartbeatFile), limit, "the heartbeat to come back");
  writeFileSync(paths.signal, "");
  await gone(paths.signal);
  assert.equal(signals.length, 1);
});

test("a stale signal is cleared with a sentence that says so", async (t) => {
  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const paths = signalPaths(folder.path(".dvc/tmp"));
  assert.equal(clearStaleSignal(paths), null);
  await folder.write({ ".dvc/tmp/DVC_CHECKPOINT": "", ".dvc/tmp/DVC_CHECKPOINT.result": "{}" });
  assert.match(
    clearStaleSignal(paths) ?? "",
    /^removed a checkpoint signal of \d{4}-\d\d-\d\d .* UTC that was left/,
  );
  assert.deepEqual(readdirSync(paths.directory), []);
});
