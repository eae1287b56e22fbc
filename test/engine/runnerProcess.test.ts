import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { RunnerFolder } from "../../src/engine/run/runnerRecord.ts";
import type { StageEnd } from "../../src/runner/files.ts";
import { identify, isAlive, type ProcessIdentity } from "../../src/runner/process.ts";
import { until } from "../support/poll.ts";
import { type Files, type TemporaryFolder, temporaryFolder } from "../support/temporaryProject.ts";
import { terminalProgram } from "../support/terminal.ts";

const runner = resolve(import.meta.dirname, "../../src/runner/main.ts");
const limit = 60_000;

interface Started {
  readonly folder: RunnerFolder;
  readonly directory: TemporaryFolder;
  readonly process: ChildProcess;
  readonly output: () => string;
}

interface Options {
  readonly commands: readonly string[];
  readonly env?: { readonly [name: string]: string | null };
  readonly cwd?: string;
  readonly files?: Files;
  /** Runs it below a pseudo-terminal, whose Ctrl-C is typed by a line on the process's standard input. */
  readonly isTerminal?: boolean;
}

async function start(t: TestContext, options: Options): Promise<Started> {
  const directory = await temporaryFolder({ "terminal.py": terminalProgram, ...options.files });
  t.after(directory.dispose);
  const folder = new RunnerFolder(directory.path("launch"));
  const runId = `test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  folder.prepare({
    runId,
    name: "train",
    head: ["train · amber-heron · fresh run"],
    commands: options.commands,
    cwd: options.cwd ?? directory.root,
    env: { SAVEPOINT_RUN: runId, ...options.env },
    grace: { interrupt: 400, terminate: 400 },
  });
  const command = [process.execPath, runner, folder.specFile];
  const [executable = "", ...args] = options.isTerminal
    ? ["python3", directory.path("terminal.py"), ...command]
    : command;
  const child = spawn(executable, args, {
    cwd: directory.root,
    env: { ...process.env, SHELL: "/bin/sh", ELECTRON_RUN_AS_NODE: "1" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { folder, directory, process: child, output: () => output };
}

function end({ folder }: Started): Promise<StageEnd> {
  return until(() => folder.status()?.end, limit, "the runner to write how the stage ended");
}

function child({ folder }: Started): Promise<ProcessIdentity> {
  return until(() => folder.status()?.child, limit, "the runner to start a command");
}

/** The identities of processes that wrote their ids into files. */
async function processesIn(started: Started, ...files: readonly string[]): Promise<ProcessIdentity[]> {
  return Promise.all(
    files.map((file) =>
      until(
        async () => identify(Number((await started.directory.read(file)).trim())),
        limit,
        `a process to write its id into ${file}`,
      ),
    ),
  );
}

test("commands run in order in the stage's folder and environment, with a line before and after", async (t) => {
  const started = await start(t, {
    commands: ["echo one $DVC_STAGE $ELECTRON_RUN_AS_NODE. > out.txt", "pwd >> out.txt"],
    env: { DVC_STAGE: "train" },
  });
  const { code, signal, asked, command, error } = await end(started);
  assert.deepEqual(
    { code, signal, asked, command, error },
    { code: 0, signal: null, asked: null, command: 1, error: null },
  );
  assert.equal(await started.directory.read("out.txt"), `one train .\n${started.directory.root}\n`);
  await until(() => started.process.exitCode !== null, limit, "the runner to end");
  assert.equal(started.process.exitCode, 0);
  assert.match(started.output(), /^Savepoint: train · amber-heron · fresh run\n/);
  assert.match(started.output(), /Savepoint: train finished after \d+ s\n$/);
});

test("the first command that fails ends the stage with its exact exit code", async (t) => {
  const started = await start(t, { commands: ["true", "exit 7", "touch never.txt"] });
  const { code, signal, asked, command } = await end(started);
  assert.deepEqual({ code, signal, asked, command }, { code: 7, signal: null, asked: null, command: 1 });
  await until(() => started.process.exitCode !== null, limit, "the runner to end");
  assert.equal(started.process.exitCode, 7);
  assert.equal(existsSync(started.directory.path("never.txt")), false);
});

test("a command that does not exist is exit code 127", async (t) => {
  const started = await start(t, { commands: ["no-such-program-anywhere"] });
  assert.equal((await end(started)).code, 127);
});

test("a folder or shell that does not exist is explained", async (t) => {
  const noFolder = await start(t, { commands: ["true"], cwd: "/no/such/folder" });
  assert.match((await end(noFolder)).error ?? "", /folder \/no\/such\/folder does not exist/);
  const noShell = await start(t, { commands: ["true"], env: { SHELL: "/no/such/shell" } });
  assert.match((await end(noShell)).error ?? "", /\/no\/such\/shell can't be run/);
});

test("death by a signal is told as such, with nobody who asked", async (t) => {
  const started = await start(t, { commands: ["exec sleep 60"] });
  process.kill((await child(started)).pid, "SIGKILL");
  const { code, signal, asked } = await end(started);
  assert.deepEqual({ code, signal, asked }, { code: null, signal: "SIGKILL", asked: null });
  await until(() => started.process.exitCode !== null, limit, "the runner to end");
  assert.equal(started.process.exitCode, 137);
});

test("Ctrl-C in a terminal reaches the code once, and the runner tells how it ended", async (t) => {
  const code = `
import signal, sys, time
count = 0
def handle(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, handle)
assert sys.stdin.isatty() and sys.stdout.isatty()
open("ready", "w").close()
while not count:
    time.sleep(0.01)
time.sleep(0.3)
open("count", "w").write(str(count))
sys.exit(5)
`;
  const started = await start(t, {
    commands: ["exec python3 train.py"],
    files: { "train.py": code },
    isTerminal: true,
  });
  await until(() => existsSync(started.directory.path("ready")), limit, "the code to be ready");
  started.process.stdin?.write("\x03");
  const result = await end(started);
  assert.deepEqual([result.code, result.signal, result.asked], [5, null, "SIGINT"]);
  assert.equal(await started.directory.read("count"), "1");
});

test("Ctrl-C ends code that does not handle it by SIGINT", async (t) => {
  const started = await start(t, { commands: ["exec sleep 60"], isTerminal: true });
  await child(started);
  started.process.stdin?.write("\x03");
  const { code, signal, asked } = await end(started);
  assert.deepEqual({ code, signal, asked }, { code: null, signal: "SIGINT", asked: "SIGINT" });
});

test("what outlives a killed shell is waited for, and Ctrl-C ends it", async (t) => {
  const code =
    "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nopen('ready', 'w').close()\ntime.sleep(60)\n";
  const started = await start(t, {
    commands: ["python3 train.py; exit 3"],
    files: { "train.py": code },
    isTerminal: true,
  });
  await until(() => existsSync(started.directory.path("ready")), limit, "the code to be ready");
  process.kill((await child(started)).pid, "SIGKILL");
  await until(() => started.output().includes("went on"), limit, "the line that says so");
  assert.equal(started.folder.status()?.end, null);
  started.process.stdin?.write("\x03");
  const { code: exitCode, signal, asked } = await end(started);
  assert.deepEqual({ exitCode, signal, asked }, { exitCode: null, signal: "SIGKILL", asked: "SIGINT" });
});

test("without a terminal, SIGINT to the runner is passed on", async (t) => {
  const started = await start(t, { commands: ["exec sleep 60"] });
  await child(started);
  started.process.kill("SIGINT");
  const { signal, asked } = await end(started);
  assert.deepEqual({ signal, asked }, { signal: "SIGINT", asked: "SIGINT" });
});

/** A tree whose members write their ids: an obedient one, one that ignores all it can, and one in a session of its own. */
const stubbornTree = [
  "trap '' INT TERM HUP",
  "(echo $(exec sh -c 'echo $PPID') > a.pid; exec sleep 61) &",
  "setsid sh -c 'trap \"\" INT TERM HUP; echo $$ > b.pid; while :; do sleep 0.05; done' &",
  "(setsid sh -c 'echo $$ > c.pid; exec sleep 62' &)",
  "echo $$ > d.pid",
  "while :; do sleep 0.05; done",
].join("\n");

for (const asked of ["stop", "SIGTERM", "SIGHUP"] as const) {
  test(`${asked} ends the whole tree, however stubborn, before the end stands in the record`, async (t) => {
    const started = await start(t, { commands: [stubbornTree] });
    const processes = await processesIn(started, "a.pid", "b.pid", "c.pid", "d.pid");
    assert.ok(processes.every(isAlive));
    if (asked === "stop") started.folder.requestStop();
    else started.process.kill(asked);
    const result = await end(started);
    assert.deepEqual([result.code, result.signal, result.asked], [null, "SIGKILL", asked]);
    assert.deepEqual(processes.filter(isAlive), []);
  });
}

test("closing the terminal ends the tree", async (t) => {
  const started = await start(t, { commands: [stubbornTree], isTerminal: true });
  const processes = await processesIn(started, "a.pid", "b.pid", "c.pid", "d.pid");
  started.process.stdin?.end();
  assert.equal((await end(started)).asked, "SIGHUP");
  assert.deepEqual(processes.filter(isAlive), []);
});

test("Stop lets code that handles SIGINT finish in its own way", async (t) => {
  const started = await start(t, {
    commands: [
      "trap 'echo saved > saved.txt; exit 3' INT; echo > ready; while :; do sleep 0.05; done",
      "echo > never",
    ],
  });
  await until(() => existsSync(started.directory.path("ready")), limit, "the code to be ready");
  started.folder.requestStop();
  const { code, asked } = await end(started);
  assert.deepEqual({ code, asked }, { code: 3, asked: "stop" });
  assert.equal(await started.directory.read("saved.txt"), "saved\n");
  assert.equal(existsSync(started.directory.path("never")), false);
});

test("a runner that is killed is told from one that goes on, and its training counts as life", async (t) => {
  const started = await start(t, {
    commands: ["echo $$ > train.pid; while [ ! -e finish ]; do sleep 0.05; done"],
  });
  await processesIn(started, "train.pid");
  const wait = started.folder.wait(limit);
  t.after(() => wait.dispose());
  started.process.kill("SIGKILL");
  await until(() => started.process.signalCode !== null, limit, "the runner to die");
  let outcome: unknown = null;
  void wait.outcome.then((value) => {
    outcome = value;
  });
  const early = await Promise.race([
    wait.outcome,
    new Promise((resolve) => setImmediate(resolve, "none yet")),
  ]);
  assert.equal(early, "none yet");
  await started.directory.write({ finish: "" });
  await until(() => outcome, limit, "the loss to be noticed");
  assert.equal((outcome as { kind: string }).kind, "lost");
});

test("a file that is no spec is refused in one line", async (t) => {
  const folder = await temporaryFolder({ "spec.json": '{"version": 2}' });
  t.after(folder.dispose);
  const child = spawn(process.execPath, [runner, join(folder.root, "spec.json")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await until(() => child.exitCode !== null && text !== "", limit, "the runner to end");
  assert.equal(child.exitCode, 2);
  assert.match(
    text,
    /^Savepoint: .*spec\.json can't be used: it was not written by this version of Savepoint\n$/,
  );
});
