/**
 * Runs the commands of one stage and writes down how they really ended.
 *
 * It exists because nothing else knows that: a VS Code task reports exit code 0 after Ctrl-C and after SIGKILL, and
 * ending a task reaches only the direct child. The runner inherits the terminal, stays out of the way of Ctrl-C
 * (the terminal sends it to the training code as well), and ends everything below it when it is told to stop or when
 * its terminal is closed. A window reload keeps terminals alive, so training goes on.
 *
 * Usage: `runner SPEC.json`. Uses Node's own modules only and shares no code with the rest.
 * On Windows, which has no signals, stopping ends the tree at once, and only exit codes are known.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Asked, type RunnerSpec, readSpec, type StageEnd, writeStatus } from "./files.ts";
import { StageOutput } from "./output.ts";
import { identify, type ProcessIdentity, terminalSignalsGroup } from "./process.ts";
import { escalationFor, ProcessTree, runMark } from "./tree.ts";

type CommandEnd = Pick<StageEnd, "code" | "signal" | "error">;

const stopPollMilliseconds = 100;
/** How long a signal that was sent to a whole group takes at most to reach all of it, on a busy machine. */
const signalMilliseconds = 100;
/** Processes that end by themselves within this time are not worth a line. */
const noticeMilliseconds = 2_000;

class StageRunner {
  readonly #spec: RunnerSpec;
  readonly #tree: ProcessTree;
  readonly #startedAt = Date.now();
  #asked: Asked | null = null;
  #ending: Promise<void> | null = null;
  /** The command is over, and others of its processes are waited for. */
  #isOutlasting = false;
  readonly #output: StageOutput;

  /** `early` is who asked for the end before there was anything to end. */
  constructor(spec: RunnerSpec, output: StageOutput, early: Asked | null) {
    this.#spec = spec;
    this.#output = output;
    this.#tree = new ProcessTree(runMark(spec.runId), process.pid);
    this.#tree.leaveOut(output.recorder);
    this.#listen();
    if (early !== null) this.#end(early);
  }

  /** Runs all commands; resolves to the exit code for the runner itself. */
  async run(): Promise<number> {
    await this.#write(null, null);
    const poll = setInterval(() => {
      if (existsSync(this.#spec.stopFile)) this.#end("stop");
    }, stopPollMilliseconds);

    let end: CommandEnd = { code: 0, signal: null, error: null };
    let index = 0;
    let child: ProcessIdentity | null = null;
    for (; index < this.#spec.commands.length && this.#ending === null; index++) {
      const started = this.#spawn(this.#spec.commands[index] ?? "");
      const ended = this.#waitFor(started);
      child = started.pid === undefined ? null : identify(started.pid);
      await this.#write(child, null);
      end = await ended;
      if (end.code !== 0) break;
    }
    // What never began has not succeeded.
    if (child === null && this.#ending !== null)
      end = { ...end, code: null, signal: endingSignal(this.#asked) };
    // A terminal sends Ctrl-C to both of us, and the command's end may be seen first.
    if (end.code !== 0) await delay(signalMilliseconds);
    if (end.signal !== null) await this.#outlast(end.signal);
    // Whatever is left of a stopped tree must not write to outputs any more when the end stands in the record.
    await this.#ending;
    clearInterval(poll);
    const command = Math.min(index, this.#spec.commands.length - 1);
    await this.#output.close();
    await this.#write(child, { ...end, asked: this.#asked, command, at: Date.now() });
    this.#output.say(this.#endLine(end, this.#spec.commands[command] ?? ""));
    return end.code ?? 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0);
  }

  /**
   * A shell that a signal ended may leave training behind that goes on, or that saves its work after Ctrl-C (dash does
   * not wait for its child then). The stage ends when they do; another Ctrl-C, or Stop, ends them.
   */
  async #outlast(signal: string): Promise<void> {
    const noticeAt = performance.now() + noticeMilliseconds;
    let isNoticed = false;
    while (this.#ending === null) {
      const { length } = this.#tree.living();
      if (length === 0) return;
      this.#isOutlasting = true;
      if (!isNoticed && performance.now() > noticeAt) {
        isNoticed = true;
        const processes = length === 1 ? "a process" : `${length} processes`;
        this.#output.say(
          `${signal} ended the shell of ${this.#spec.name}; ${processes} of it went on. Ctrl-C ends them.`,
        );
      }
      await delay(stopPollMilliseconds);
    }
  }

  #listen(): void {
    process.on("SIGINT", () => {
      if (this.#isOutlasting) this.#end("SIGINT");
      this.#asked ??= "SIGINT";
      if (!terminalSignalsGroup()) this.#tree.signal("SIGINT");
    });
    process.on("SIGQUIT", () => {
      this.#asked ??= "SIGINT";
      if (!terminalSignalsGroup()) this.#tree.signal("SIGQUIT");
    });
    process.on("SIGTERM", () => this.#end("SIGTERM"));
    process.on("SIGHUP", () => this.#end("SIGHUP"));
  }

  #end(asked: Asked): void {
    if (this.#ending !== null) return;
    this.#asked = asked;
    this.#ending = this.#tree.end(escalationFor(asked, this.#spec.grace));
  }

  #spawn(command: string): ChildProcess {
    const environment: NodeJS.ProcessEnv = { ...process.env };
    // Set for the sake of the runner alone, where it is started with the editor's own binary.
    delete environment.ELECTRON_RUN_AS_NODE;
    for (const [name, value] of Object.entries(this.#spec.env)) {
      if (value === null) delete environment[name];
      else environment[name] = value;
    }
    const options = { cwd: this.#spec.cwd, env: environment, stdio: this.#output.stdio };
    if (process.platform === "win32") return spawn(command, { ...options, shell: true });
    const [shell, ...shellOptions] = shellFor(environment.SHELL);
    return spawn(shell, [...shellOptions, "-c", command], options);
  }

  #waitFor(child: ChildProcess): Promise<CommandEnd> {
    return new Promise((resolve) => {
      child.on("error", (error) => resolve({ code: 127, signal: null, error: this.#explain(error, child) }));
      child.on("exit", (code, signal) => resolve({ code, signal, error: null }));
    });
  }

  #explain(error: NodeJS.ErrnoException, child: ChildProcess): string {
    if (error.code === "ENOENT" && !isDirectory(this.#spec.cwd)) {
      return `its folder ${this.#spec.cwd} does not exist. Create it, or correct "wdir" in dvc.yaml.`;
    }
    return `${child.spawnfile} can't be run (${error.code ?? error.message}). Check the SHELL variable.`;
  }

  #write(child: ProcessIdentity | null, end: StageEnd | null): Promise<void> {
    const runner = identify(process.pid);
    if (runner === null) throw new Error("The runner can't find itself among the processes.");
    const { PATH = "", VIRTUAL_ENV, CONDA_PREFIX } = process.env;
    const search = { path: PATH, virtualEnvironment: VIRTUAL_ENV || CONDA_PREFIX || null };
    const startedAt = this.#startedAt;
    return writeStatus(this.#spec.statusFile, { version: 1, runner, startedAt, search, child, end });
  }

  #endLine(end: CommandEnd, command: string): string {
    const after = `after ${formatDuration(Date.now() - this.#startedAt)}`;
    const { name } = this.#spec;
    if (end.error !== null) return `${name} could not start: ${end.error}`;
    if (this.#asked === "stop") return `${name} was stopped ${after}`;
    if (end.signal !== null) return `${name} was ended by ${end.signal} ${after}`;
    if (end.code !== 0) return `${name} failed with exit code ${end.code} ${after}: ${command}`;
    return `${name} finished ${after}`;
  }
}

/** The shell that DVC would take, with the options that keep a user's start-up files out of it. */
function shellFor(shell: string | undefined): [string, ...string[]] {
  const path = shell || "/bin/sh";
  const name = basename(path);
  if (name === "bash") return [path, "--noprofile", "--norc"];
  if (name === "zsh") return [path, "--no-rcs"];
  if (name === "fish") return [path, "--no-config"];
  return [path];
}

function endingSignal(asked: Asked | null): NodeJS.Signals {
  return asked === null || asked === "stop" ? "SIGTERM" : asked;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

async function main(): Promise<void> {
  const path = process.argv[2];
  if (path === undefined) {
    process.stderr.write("Usage: runner SPEC.json\n");
    process.exit(2);
  }
  let spec: RunnerSpec;
  try {
    spec = readSpec(path);
  } catch (error) {
    process.stderr.write(
      `Savepoint: ${path} can't be used: ${error instanceof Error ? error.message : error}\n`,
    );
    process.exit(2);
  }
  // "Rerun Task" gives the same command again, long after anybody listened to it.
  if (existsSync(spec.statusFile)) {
    process.stderr.write(
      `Savepoint: this run of ${spec.name} is over. Start a new one from the Savepoint view, or with Run Stage.\n`,
    );
    process.exit(2);
  }
  const early: Asked[] = [];
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => early.push(signal));
  const output = await StageOutput.open(spec.logFile, spec.head);
  process.exit(await new StageRunner(spec, output, early[0] ?? null).run());
}

void main();
