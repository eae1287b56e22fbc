import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./poll.ts";

const run = promisify(execFile);
const limit = 60_000;

/** The package `debugpy` from PyPI, as the extension Python Debugger brings it; kept in the cache folder between runs. */
export async function debugpyLibrary(): Promise<string> {
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "savepoint-dev");
  const folder = join(caches, "debugpy");
  if (existsSync(folder)) return join(folder, "debugpy");
  await mkdir(caches, { recursive: true });
  const incoming = join(caches, `debugpy-${randomUUID()}`);
  try {
    // Python's own pip is left out of many systems; that of a virtual environment is as good.
    const python = join(incoming, "venv", "bin", "python");
    const library = join(incoming, "library");
    await run("python3", ["-m", "venv", join(incoming, "venv")]);
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await run(python, [...install, "--target", library, "debugpy>=1.8,<2"]);
    await rename(library, folder).catch((error: unknown) => {
      // Another test process was faster.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
  return join(folder, "debugpy");
}

/** What tests look at in the messages of all kinds. */
interface MessageBody {
  readonly reason?: string;
  readonly threadId?: number;
  readonly stackFrames?: readonly { readonly id: number }[];
  readonly result?: string;
}

interface Message {
  readonly command?: string;
  readonly event?: string;
  readonly body?: MessageBody;
}

/** What VS Code does to a process that waits for it, as far as a test needs it: the Debug Adapter Protocol by hand. */
export class AttachedDebugger {
  readonly #socket: Socket;
  readonly #messages: Message[] = [];
  #received = Buffer.alloc(0);
  #sequence = 0;

  /** Connects to a port of this machine, sets a breakpoint, and lets the process go on. */
  static async attach(port: number, path: string, line: number): Promise<AttachedDebugger> {
    const attached = new AttachedDebugger(createConnection({ host: "127.0.0.1", port }));
    await attached.request("initialize", { adapterID: "debugpy", pathFormat: "path" });
    attached.#send("attach", { connect: { host: "127.0.0.1", port } });
    await attached.event("initialized");
    await attached.request("setBreakpoints", { source: { path }, breakpoints: [{ line }] });
    await attached.request("configurationDone", {});
    return attached;
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data) => this.#receive(data));
    // The process may end first.
    socket.on("error", () => {});
  }

  /** The first event of a name. */
  event(name: string): Promise<Message> {
    return until(() => this.#messages.find(({ event }) => event === name), limit, `the event ${name}`);
  }

  async request(command: string, values: object): Promise<Message> {
    const before = this.#messages.length;
    this.#send(command, values);
    return until(
      () => this.#messages.slice(before).find((message) => message.command === command),
      limit,
      `an answer to ${command}`,
    );
  }

  dispose(): void {
    this.#socket.destroy();
  }

  #send(command: string, values: object): void {
    this.#sequence += 1;
    const text = JSON.stringify({ seq: this.#sequence, type: "request", command, arguments: values });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.#received.toString("utf8", 0, end))?.[1]);
      if (this.#received.length < end + 4 + length) return;
      this.#messages.push(JSON.parse(this.#received.toString("utf8", end + 4, end + 4 + length)));
      this.#received = this.#received.subarray(end + 4 + length);
    }
  }
}
