import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Disposable } from "../event.ts";
import { gitEnvironment, offline } from "../system/git.ts";

/** One object of a repository. */
export interface GitObject {
  readonly id: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
  readonly content: Buffer;
}

interface Request {
  readonly id: string;
  readonly resolve: (object: GitObject | null) => void;
  readonly reject: (error: Error) => void;
  /** How many processes died while it waited. */
  deaths: number;
}

/** Milliseconds without a byte, while answers are due, after which the process counts as hung. */
const silenceLimit = 30_000;

/**
 * Reads objects through one long-lived `git cat-file --batch`. Requests are sent at once and answered in order, so
 * many can be under way. The process starts with the first request, and again when it died; a request during which
 * two died fails. Answers are kept nowhere.
 */
export class CatFile implements Disposable {
  readonly #directory: string;
  #process: ChildProcessWithoutNullStreams | null = null;
  #waiting: Request[] = [];
  #parser = new BatchParser();
  #silence: NodeJS.Timeout | null = null;
  #isDisposed = false;

  /** `directory` is any folder of the repository. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Id of the process that reads now; `null` when none runs. */
  get processId(): number | null {
    return this.#process?.pid ?? null;
  }

  /** The object with this full id; `null` when the repository does not have it. */
  read(id: string): Promise<GitObject | null> {
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return Promise.resolve(null);
    if (this.#isDisposed) return Promise.reject(new Error("The reader of Git objects was closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject, deaths: 0 });
      if (this.#process === null) this.#start();
      else this.#process.stdin.write(`${id}\n`);
      this.#expectAnswer();
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#expectNothing();
    this.#process?.stdin.end();
    this.#process?.kill();
    this.#process = null;
    for (const request of this.#waiting.splice(0))
      request.reject(new Error("The reader of Git objects was closed"));
  }

  #start(): void {
    const child = spawn("git", ["cat-file", "--batch"], {
      cwd: this.#directory,
      // A commit is what its bytes say, whatever `git replace` would show.
      env: gitEnvironment({ GIT_NO_REPLACE_OBJECTS: "1", ...offline }),
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    this.#process = child;
    this.#parser = new BatchParser();
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => this.#receive(child, chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-1000);
    });
    // A write to a process that just died; its end is what counts.
    child.stdin.on("error", () => {});
    child.on("error", (error) => this.#end(child, error));
    child.on("close", (code, signal) =>
      this.#end(child, new Error(`git cat-file ended (${signal ?? code}): ${complaint.trim()}`)),
    );
    child.stdin.write(this.#waiting.map((request) => `${request.id}\n`).join(""));
  }

  #receive(child: ChildProcessWithoutNullStreams, chunk: Buffer): void {
    if (child !== this.#process) return;
    try {
      for (const answer of this.#parser.push(chunk)) this.#waiting.shift()?.resolve(answer);
    } catch (error) {
      this.#end(child, error instanceof Error ? error : new Error(String(error)));
      child.kill();
      return;
    }
    this.#expectNothing();
    if (this.#waiting.length > 0) this.#expectAnswer();
  }

  /** The process is gone or of no use: what waited longest may be the cause, so each has a second try only. */
  #end(child: ChildProcessWithoutNullStreams, error: Error): void {
    if (child !== this.#process) return;
    this.#process = null;
    this.#expectNothing();
    // In a partial clone, Git gives up at the first object that is on the remote only: that is the one asked for first.
    if (/promisor remote|lazy fetching disabled/.test(error.message)) {
      this.#waiting.shift()?.resolve(null);
      this.#startAgain();
      return;
    }
    const [again, given]: [Request[], Request[]] = [[], []];
    for (const request of this.#waiting) {
      request.deaths += 1;
      (request.deaths < 2 ? again : given).push(request);
    }
    this.#waiting = again;
    for (const request of given) request.reject(error);
    this.#startAgain();
  }

  #startAgain(): void {
    if (this.#waiting.length === 0) return;
    this.#start();
    this.#expectAnswer();
  }

  #expectAnswer(): void {
    this.#silence ??= setTimeout(() => {
      this.#silence = null;
      const child = this.#process;
      if (child === null) return;
      this.#end(child, new Error("git cat-file gave no answer for 30 seconds"));
      child.kill("SIGKILL");
    }, silenceLimit);
  }

  #expectNothing(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
  }
}

/** Takes `git cat-file --batch` output in pieces of any size and gives the answers that are complete. */
export class BatchParser {
  #chunks: Buffer[] = [];
  #length = 0;
  /** The object whose content is being received, with its size; `null` while a header is. */
  #header: { id: string; type: GitObject["type"]; size: number } | null = null;

  /** Throws when the output is not of the documented form. */
  push(chunk: Buffer): (GitObject | null)[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const answers: (GitObject | null)[] = [];
    // Content that is larger than a piece is put together once, when all of it is there.
    if (this.#header !== null && this.#length < this.#header.size + 1) return answers;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length);
    for (;;) {
      if (this.#header === null) {
        const end = rest.indexOf(10);
        if (end < 0) break;
        const line = rest.toString("utf8", 0, end);
        rest = rest.subarray(end + 1);
        this.#header = parseHeader(line);
        if (this.#header === null) answers.push(null);
      } else {
        const { id, type, size } = this.#header;
        if (rest.length < size + 1) break;
        answers.push({ id, type, content: rest.subarray(0, size) });
        rest = rest.subarray(size + 1);
        this.#header = null;
      }
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return answers;
  }
}

function parseHeader(line: string): { id: string; type: GitObject["type"]; size: number } | null {
  const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line);
  const [, id, type, size] = match ?? [];
  if (id !== undefined && size !== undefined)
    return { id, type: type as GitObject["type"], size: Number(size) };
  if (/ (missing|ambiguous)$/.test(line)) return null;
  throw new Error(`git cat-file said something unexpected: ${line.slice(0, 200)}`);
}
