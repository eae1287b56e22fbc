import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { ExperimentJson, ListJson } from "../../src/engine/compare/listJson.ts";
import { terminalProgram } from "./terminal.ts";

const execute = promisify(execFile);
const checkout = resolve(import.meta.dirname, "../..");
const limit = 300_000;

/** The `savepoint` program, built from the sources of now. */
export interface CommandLine {
  /** Runs it in a folder and returns its standard output; rejects, with what it said, when it fails. */
  savepoint(directory: string, ...args: string[]): Promise<string>;
  list(directory: string): Promise<readonly ExperimentJson[]>;
  /** Runs it whatever comes of it. `changed` is laid over the variables. */
  attempt(directory: string, args: readonly string[], changed?: NodeJS.ProcessEnv): Promise<Outcome>;
  /** Starts it in a process group of its own, perhaps below a pseudo-terminal that its standard input types into. */
  start(directory: string, args: readonly string[], isTerminal?: boolean): Started;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcessWithoutNullStreams;
  /** Both streams so far. */
  readonly output: () => string;
  /** Its exit code. What it started may live on, and hold its streams. */
  readonly exited: Promise<number | null>;
}

/** Builds the program into `folder`. It and the stages that it runs see `variables`. */
export async function commandLine(folder: string, variables: NodeJS.ProcessEnv): Promise<CommandLine> {
  await execute(process.execPath, [resolve(checkout, "esbuild.mjs"), `--into=${folder}`], { timeout: limit });
  const program = resolve(folder, "dist/cli.js");
  const savepoint = async (directory: string, ...args: string[]) => {
    const options = { cwd: directory, env: variables, timeout: limit, maxBuffer: 64 * 1024 * 1024 };
    return (await execute(process.execPath, [program, ...args], options)).stdout;
  };
  const attempt = async (directory: string, args: readonly string[], changed: NodeJS.ProcessEnv = {}) => {
    const env = { ...variables, ...changed };
    const child = spawn(process.execPath, [program, ...args], { cwd: directory, env, timeout: limit });
    child.stdin.end();
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const [code] = await once(child, "close");
    return { code, stdout: stdout(), stderr: stderr() };
  };
  const start = (directory: string, args: readonly string[], isTerminal = false) => {
    const line = [process.execPath, program, ...args];
    const [command = "", ...rest] = isTerminal ? ["python3", "-c", terminalProgram, ...line] : line;
    const child = spawn(command, rest, { cwd: directory, env: variables, detached: true });
    if (!isTerminal) child.stdin.end();
    const texts = [collect(child.stdout), collect(child.stderr)];
    const exited = once(child, "exit").then(([code]) => code as number | null);
    return { process: child, output: () => texts.map((text) => text()).join(""), exited };
  };
  return {
    attempt,
    start,
    savepoint,
    list: async (directory) =>
      (JSON.parse(await savepoint(directory, "list", "--json")) as ListJson).experiments,
  };
}

/** What a stream has brought so far. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}
