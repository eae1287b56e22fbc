import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { RunnerFolder } from "../../src/engine/run/runnerRecord.ts";
import { readStageLog } from "../../src/engine/run/stageLog.ts";
import { identify, isAlive } from "../../src/runner/process.ts";
import { until } from "../support/poll.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporaryProject.ts";
import { terminalProgram } from "../support/terminal.ts";

const runner = resolve(import.meta.dirname, "../../src/runner/main.ts");
const limit = 60_000;

interface Started {
  readonly folder: RunnerFolder;
  readonly directory: TemporaryFolder;
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Starts a runner for one Python program, in a terminal or with a pipe for each stream. */
async function start(
  t: TestContext,
  code: string,
  isTerminal: boolean,
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const directory = await temporaryFolder({ "terminal.py": terminalProgram, "train.py": code });
  t.after(directory.dispose);
  const folder = new RunnerFolder(directory.path("launch"));
  const runId = `test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  folder.prepare({
    runId,
    name: "train",
    head: ["train · amber-heron · fresh run"],
    commands: ["exec python3 train.py"],
    cwd: directory.root,
    env: { SAVEPOINT_RUN: runId },
    grace: { interrupt: 400, terminate: 400 },
  });
  const line = [process.execPath, runner, folder.specFile];
  const [executable = "", ...args] = isTerminal ? ["python3", directory.path("terminal.py"), ...line] : line;
  const child = spawn(executable, args, {
    cwd: directory.root,
    env: { ...process.env, SHELL: "/bin/sh", ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  t.after(() => child.kill("SIGKILL"));
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  return { folder, directory, process: child, stdout, stderr };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

/** What the log says once it says how the stage ended. */
function logAtEnd({ folder }: Started): Promise<string> {
  return until(
    async () => {
      const log = await readStageLog(folder);
      return log?.includes("train finished") ? log : null;
    },
    limit,
    "the log's last line",
  );
}

const talk = `
import sys
print("to stdout", sys.stdout.isatty(), flush=True)
print("to stderr", sys.stderr.isatty(), file=sys.stderr, flush=True)
`;

test("in a terminal, the code keeps it, and its output is in the terminal and in the log", async (t) => {
  const started = await start(t, talk, true);
  const log = await logAtEnd(started);
  assert.match(
    log,
    /^Savepoint: train · amber-heron · fresh run\nto stdout True\nto stderr True\nSavepoint: train finished after \d+ s\n$/,
  );
  await until(() => started.stdout().includes("train finished"), limit, "the terminal to show the last line");
  assert.match(started.stdout(), /fresh run[\s\S]*to stdout True\s+to stderr True\s[\s\S]*train finished/);
  const left = (await readdir(started.directory.path("launch"))).sort();
  assert.deepEqual(left, ["log", "spec.json", "status.json"]);
});

test("in a terminal, the code reads what is typed and knows the window's size", async (t) => {
  const code = `
import os, shutil
print("size", shutil.get_terminal_size().columns, os.get_terminal_size(2).lines, flush=True)
print("name?", flush=True)
print("hello " + input(), flush=True)
`;
  const started = await start(t, code, true);
  await until(() => started.stdout().includes("name?"), limit, "the question");
  started.process.stdin?.write("Ada\n");
  assert.match(await logAtEnd(started), /size 80 24\nname\?\nhello Ada\n/);
});

test("without a terminal, each stream stays its own, and the log has both", async (t) => {
  const started = await start(t, talk, false);
  const log = await logAtEnd(started);
  assert.match(log, /to stdout False\n/);
  assert.match(log, /to stderr False\n/);
  await until(() => started.process.exitCode !== null, limit, "the runner to end");
  assert.match(
    started.stdout(),
    /^Savepoint: train · .*\nto stdout False\nSavepoint: train finished after \d+ s\n$/,
  );
  assert.equal(started.stderr(), "to stderr False\n");
});

for (const isTerminal of [true, false]) {
  test(`a killed runner takes neither the training nor its output away (${isTerminal ? "terminal" : "pipes"})`, async (t) => {
    const code = `
import os, signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
open("pid.tmp", "w").write(str(os.getpid()))
os.rename("pid.tmp", "pid")
while not os.path.exists("go-on"):
    time.sleep(0.01)
for number in range(20000):
    print("line", number, flush=True)
print("the very last", flush=True)
open("done", "w").close()
`;
    const started = await start(t, code, isTerminal);
    await until(() => existsSync(started.directory.path("pid")), limit, "the training to be ready");
    const training = identify(Number(await started.directory.read("pid")));
    const killed = started.folder.status()?.runner;
    assert.ok(training && killed);
    process.kill(killed.pid, "SIGKILL");
    await until(() => !isAlive(killed), limit, "the runner to die");
    await started.directory.write({ "go-on": "" });
    await until(() => existsSync(started.directory.path("done")), limit, "the training to finish");
    const says = async (text: string) => (await readStageLog(started.folder))?.includes(text);
    await until(() => says("the very last"), limit, "its last line in the log");
    assert.ok(await says("line 0\n"));
  });
}

test("where nothing can keep a terminal's output, the stage runs all the same, and the log says why", async (t) => {
  const folder = await temporaryFolder({});
  t.after(folder.dispose);
  await mkdir(folder.path("bin"));
  const itself = ["-c", "import sys; print(sys.executable)"];
  await symlink(execFileSync("python3", itself, { encoding: "utf8" }).trim(), folder.path("bin/python3"));
  await symlink("/bin/sh", folder.path("bin/sh"));
  const started = await start(t, talk, true, { PATH: folder.path("bin") });
  const log = await logAtEnd(started);
  assert.match(log, /its output is in its terminal only: keeping it needs the program “script”/);
  await until(() => started.stdout().includes("to stderr True"), limit, "the output in the terminal");
});

test("a terminal that is closed while its stage is being started is told from a stage that was lost", async (t) => {
  const started = await start(t, "open('never', 'w').close()", true);
  await until(() => started.stdout().includes("fresh run"), limit, "the first line");
  started.process.stdin?.end();
  const end = await until(() => started.folder.status()?.end, limit, "the runner to write how it ended");
  // The code may have been quicker.
  assert.ok(end.asked === "SIGHUP" || end.code === 0, JSON.stringify(end));
});
