import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Disposable } from "../../src/engine/event.ts";

/** What a listener says about a request; `id` is added when the request had one. */
export interface Answer {
  readonly ok: boolean;
  readonly checkpoint?: string;
  readonly error?: string;
  /** What a person said, when the request asked. */
  readonly answer?: unknown;
}

/**
 * The other side of the signal protocol, in its smallest form: takes each signal of a folder, writes the answer, then
 * deletes the signal. The heartbeat is renewed while it listens.
 */
export class Listener implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "savepoint-client-"));
  readonly heartbeat = join(this.root, ".dvc", "tmp", "heartbeat");
  readonly signal = join(this.root, ".dvc", "tmp", "DVC_CHECKPOINT");
  /** The content of each signal, in the order in which they were served. */
  readonly received: string[] = [];
  #answer: (request: { readonly [key: string]: unknown }) => Answer | null;
  #timer: NodeJS.Timeout | null = null;

  /** @param answer Gives the answer to a request; `null` deletes the signal without an answer, as DVC 2 does. */
  constructor(
    answer: (request: { readonly [key: string]: unknown }) => Answer | null = () => ({ ok: true }),
  ) {
    this.#answer = answer;
    mkdirSync(join(this.root, ".dvc", "tmp"), { recursive: true });
    writeFileSync(this.heartbeat, "");
  }

  /** What a stage's process gets, on top of the variables that any process needs. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...plainEnvironment(),
      DVC_ROOT: this.root,
      DVC_CHECKPOINT: "1",
      SAVEPOINT_HEARTBEAT: this.heartbeat,
    };
  }

  get requests(): { readonly [key: string]: unknown }[] {
    return this.received.map((text) => JSON.parse(text));
  }

  /** Whether a signal waits. */
  get isAsked(): boolean {
    return existsSync(this.signal);
  }

  listen(): this {
    this.#timer ??= setInterval(() => this.#look(), 2);
    return this;
  }

  deafen(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  dispose(): void {
    this.deafen();
    rmSync(this.root, { recursive: true, force: true });
  }

  #look(): void {
    const now = new Date();
    utimesSync(this.heartbeat, now, now);
    if (!existsSync(this.signal)) return;
    const text = readFileSync(this.signal, "utf8");
    this.received.push(text);
    const request = text === "" ? {} : JSON.parse(text);
    const answer = this.#answer(request);
    if (answer) {
      const result = `${this.signal}.result`;
      writeFileSync(`${result}.new`, JSON.stringify({ ...answer, id: request.id }));
      renameSync(`${result}.new`, result);
    }
    rmSync(this.signal);
  }
}

/** The environment of this process without the variables of the protocol. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DVC|DVCLIVE|SAVEPOINT)_/.test(name)),
  );
}
