import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A pseudo-terminal that shows what is written to it in the runner's own terminal, and keeps it in a file. */
export interface Relay {
  /** Open for reading and writing. */
  readonly terminal: number;
  /** To be inherited by whoever writes to the terminal: the relay lives as long as somebody has it open. */
  readonly lifeline: number;
  /** Of the recording program, which is no part of the stage. */
  readonly pid: number;
  /** Gives up the runner's own share; resolves when all output has arrived, or others still write. */
  close(): Promise<void>;
}

/** Milliseconds for the program to stand ready, and to write its last, on a machine that training keeps busy. */
const startLimit = 15_000;
const closeLimit = 3_000;
const pause = 5;

/**
 * Starts the system's `script` program, which is the only one everywhere that can make a pseudo-terminal. It stands
 * beside the stage and not above it: the stage keeps its own terminal for Ctrl-C and for what is typed, only its output
 * goes through the relay. So the death of the runner, or of the program that started it, takes nothing from the stage.
 *
 * `stream` is the runner's stream that is a terminal (1 or 2). `null` where there is no such program, or it fails.
 */
export async function startRelay(logFile: string, stream: number, size: TerminalSize): Promise<Relay | null> {
  const nameFile = `${logFile}.tty`;
  const lifelineFile = `${logFile}.lifeline`;
  const holder = holderCommand(nameFile, lifelineFile, size);
  const program = spawn("script", recorderArguments(logFile, holder), {
    stdio: ["ignore", stream, "ignore"],
    // Its own session: Ctrl-C and the terminal's end are for the stage.
    detached: true,
    // It starts its command by this shell, and writes its head line in this language.
    env: { ...process.env, SHELL: "/bin/sh", LC_ALL: "C" },
  });
  const ended = new Promise<null>((resolve) => {
    program.once("error", () => resolve(null));
    program.once("exit", () => resolve(null));
  });
  const relay = await Promise.race([ended, connect(program, ended, nameFile, lifelineFile)]);
  if (relay === null) program.kill("SIGKILL");
  rmSync(nameFile, { force: true });
  rmSync(lifelineFile, { force: true });
  return relay;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Tells a pseudo-terminal that its window has another size. */
export function resize(terminal: number, { rows, columns }: TerminalSize): void {
  const stty = spawn("stty", sizeArguments({ rows, columns }), { stdio: [terminal, "ignore", "ignore"] });
  stty.once("error", () => {});
}

async function connect(
  program: ChildProcess,
  ended: Promise<null>,
  nameFile: string,
  lifelineFile: string,
): Promise<Relay | null> {
  for (let waited = 0; waited < startLimit; waited += pause) {
    const fds = openBoth(nameFile, lifelineFile);
    if (fds !== null && program.pid !== undefined) {
      const close = async () => {
        closeSync(fds.lifeline);
        closeSync(fds.terminal);
        await Promise.race([ended, delay(closeLimit)]);
        program.unref();
      };
      return { ...fds, pid: program.pid, close };
    }
    await delay(pause);
  }
  return null;
}

function openBoth(nameFile: string, lifelineFile: string): Pick<Relay, "terminal" | "lifeline"> | null {
  let lifeline: number | null = null;
  try {
    const name = readFileSync(nameFile, "utf8").trim();
    if (!name.startsWith("/dev/")) return null;
    // Fails until the other side reads.
    lifeline = openSync(lifelineFile, constants.O_WRONLY | constants.O_NONBLOCK);
    return { terminal: openSync(name, constants.O_RDWR | constants.O_NOCTTY), lifeline };
  } catch {
    if (lifeline !== null) closeSync(lifeline);
    return null;
  }
}

/** Names its terminal, then waits until nobody has the lifeline open any more. */
function holderCommand(nameFile: string, lifelineFile: string, size: TerminalSize): string {
  const name = quote(nameFile);
  const lifeline = quote(lifelineFile);
  return [
    // Lines end for the runner's terminal, not for this one.
    `stty -opost -echo ${sizeArguments(size).join(" ")}`,
    `mkfifo ${lifeline} && tty > ${name}.new && mv ${name}.new ${name} && exec cat ${lifeline} > /dev/null`,
  ].join("; ");
}

function sizeArguments({ rows, columns }: TerminalSize): string[] {
  return ["rows", String(rows), "cols", String(columns)];
}

/** Linux and the BSDs (and so macOS) have two programs of this name. */
function recorderArguments(logFile: string, command: string): string[] {
  if (process.platform === "linux") return ["-q", "-f", "-a", "-c", command, logFile];
  return ["-q", "-F", "-a", logFile, "/bin/sh", "-c", command];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
