import type { StdioOptions } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { appendLog, limitLog } from "./logFile.ts";
import { type Relay, resize, startRelay } from "./relay.ts";

const followMilliseconds = 50;
const limitMilliseconds = 1_000;
const chunkSize = 64 * 1024;

/**
 * Where the output of a stage's commands goes: to the runner's own streams, and into the stage's log. A stream that is
 * a terminal stays one for the commands. One that is not becomes a file that the runner passes on from: a pipe would
 * end the training together with the runner.
 */
export class StageOutput {
  readonly #logFile: string;
  readonly #relay: Relay | null;
  #followed: readonly FollowedFile[];
  readonly #stdio: StdioOptions;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #resize: () => void;

  private constructor(logFile: string, relay: Relay | null) {
    this.#logFile = logFile;
    this.#relay = relay;
    const [out, error] = [this.#target(process.stdout, 1), this.#target(process.stderr, 2)];
    const isOne = out instanceof FollowedFile && error instanceof FollowedFile && isSameFile(1, 2);
    if (isOne) error.dispose();
    const targets = [out, isOne ? out : error];
    this.#followed = [...new Set(targets)].filter((target) => target instanceof FollowedFile);
    const descriptors = targets.map((target) =>
      target instanceof FollowedFile ? target.descriptor : target,
    );
    this.#stdio = ["inherit", ...descriptors, ...(relay === null ? [] : [relay.lifeline])];
    this.#timers = [
      setInterval(() => this.#follow(), followMilliseconds),
      setInterval(() => limitLog(logFile), limitMilliseconds),
    ];
    this.#resize = () => {
      if (relay !== null)
        resize(relay.terminal, sizeOf(process.stdout.isTTY ? process.stdout : process.stderr));
    };
    process.stdout.on("resize", this.#resize);
  }

  /** `head` are the lines that come before all output. */
  static async open(logFile: string, head: readonly string[]): Promise<StageOutput> {
    // The terminal may be gone by the time of the last line.
    process.stdout.on("error", () => {});
    process.stderr.on("error", () => {});
    for (const line of head) say(logFile, line);
    const stream = process.stdout.isTTY ? process.stdout : process.stderr.isTTY ? process.stderr : null;
    if (stream === null) return new StageOutput(logFile, null);
    const relay =
      process.platform === "win32"
        ? null
        : await startRelay(logFile, stream === process.stdout ? 1 : 2, sizeOf(stream));
    if (relay === null) {
      const missing =
        "its output is in its terminal only: keeping it needs the program “script” (util-linux).";
      appendLog(logFile, `Savepoint: ${missing}\n`);
    }
    return new StageOutput(logFile, relay);
  }

  /** For the commands of the stage. */
  get stdio(): StdioOptions {
    return this.#stdio;
  }

  /** The process that keeps the output of a terminal, which is no part of the stage; `null` when there is none. */
  get recorder(): number | null {
    return this.#relay?.pid ?? null;
  }

  /** A line of Savepoint's own, in the terminal and in the log. */
  say(line: string): void {
    this.#follow();
    say(this.#logFile, line);
  }

  /** All commands are over: resolves when their output is passed on. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    process.stdout.off("resize", this.#resize);
    await this.#relay?.close();
    this.#follow();
    for (const file of this.#followed) file.dispose();
    this.#followed = [];
    limitLog(this.#logFile);
  }

  #target(stream: NodeJS.WriteStream, descriptor: number): number | FollowedFile | "inherit" {
    if (stream.isTTY) return this.#relay?.terminal ?? "inherit";
    return new FollowedFile(`${this.#logFile}.${descriptor}`, (chunk) => {
      stream.write(chunk);
      appendLog(this.#logFile, chunk);
    });
  }

  #follow(): void {
    for (const file of this.#followed) file.follow();
  }
}

/** A file that commands write to, and whose growth is passed on. */
class FollowedFile {
  readonly descriptor: number;
  readonly #path: string;
  readonly #reader: number;
  readonly #pass: (chunk: Buffer) => void;

  constructor(path: string, pass: (chunk: Buffer) => void) {
    this.#path = path;
    this.descriptor = openSync(path, "a");
    this.#reader = openSync(path, "r");
    this.#pass = pass;
  }

  follow(): void {
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkSize);
      const length = readSync(this.#reader, chunk, 0, chunkSize, null);
      if (length === 0) return;
      this.#pass(chunk.subarray(0, length));
    }
  }

  dispose(): void {
    closeSync(this.descriptor);
    closeSync(this.#reader);
    rmSync(this.#path, { force: true });
  }
}

function say(logFile: string, line: string): void {
  // Names and commands come from files, and must not act on the terminal.
  const text = `Savepoint: ${line.replace(/\p{Cc}/gu, "?")}`;
  process.stdout.write(process.stdout.isTTY ? `\x1b[2m${text}\x1b[0m\n` : `${text}\n`);
  appendLog(logFile, `${text}\n`);
}

function sizeOf({ rows, columns }: NodeJS.WriteStream) {
  return { rows: rows || 24, columns: columns || 80 };
}

function isSameFile(a: number, b: number): boolean {
  try {
    const [left, right] = [fstatSync(a), fstatSync(b)];
    return left.dev === right.dev && left.ino === right.ino;
  } catch {
    return false;
  }
}
