import { relative, sep } from "node:path";
import { run } from "node:test";
import { type Failure, Tally } from "./tally.ts";

/** A suite of files of `node:test`. */
export interface NodeSuite {
  readonly name: string;
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Milliseconds after which a file is given up: one of its tests hangs, or leaves something open. */
  readonly fileLimit: number;
}

export interface NodeSuiteOptions {
  /** Folder that the paths in titles are relative to. */
  readonly root: string;
  /** How many files run at a time. */
  readonly concurrency: number;
  /** Called as soon as a test has failed. */
  readonly onFailure: (failure: Failure) => void;
}

/** What the runner says of a test that has ended. */
interface Ended {
  readonly name: string;
  readonly nesting: number;
  readonly skip?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: Error | undefined };
}

/** The message and stack of what a test threw, without the runner's wrapping and its own frames. */
function describeError(error: unknown): string {
  const cause = error instanceof Error && "failureType" in error && error.cause ? error.cause : error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const because = cause instanceof Error && cause.cause ? `\nbecause: ${describeError(cause.cause)}` : "";
  const frames = /^\s+at .*(node:internal|node:async_hooks)/;
  return (
    text
      .split("\n")
      .filter((line) => !frames.test(line))
      .join("\n") + because
  );
}

/** Follows the runner's events for one file. */
class FileWatcher {
  readonly #tally: Tally;
  readonly #file: string;
  readonly #limit: number;
  readonly #options: NodeSuiteOptions;
  /** The names from the outermost group to the test that started last. */
  #trail: readonly string[] = [];
  #output = "";

  constructor(tally: Tally, file: string, limit: number, options: NodeSuiteOptions) {
    this.#tally = tally;
    this.#file = file;
    this.#limit = limit;
    this.#options = options;
  }

  started(nesting: number, name: string): void {
    if (name !== this.#file) this.#trail = [...this.#trail.slice(0, nesting), name];
  }

  printed(text: string): void {
    this.#output += text;
  }

  ended(event: Ended, passed: boolean): void {
    const where = relative(this.#options.root, this.#file).split(sep).join("/");
    // The runner reports a file that it could not run, or that holds no test, as a test with the file's name.
    if (event.nesting === 0 && event.name === this.#file) {
      this.#fail([where], passed ? "The file holds no test." : this.#describeFile(event.details.error));
      return;
    }
    const title = [where, ...this.#trail.slice(0, event.nesting), event.name];
    if (event.skip !== undefined && event.skip !== false) {
      this.#tally.skipped.push({ title, reason: typeof event.skip === "string" ? event.skip : "" });
    } else if (!passed) {
      this.#failed(title, event.details.error);
    } else if (event.details.type !== "suite") {
      this.#tally.passed += 1;
    }
  }

  /** Why a file as a whole failed. */
  #describeFile(error: Error | undefined): string {
    if (!error || !("failureType" in error) || error.failureType !== "testAborted") {
      return `${this.#output}\nThe file could not be run.`;
    }
    const last = this.#trail.join(" › ");
    return `${this.#output}\nThe file did not end within ${this.#limit / 1000} s. The test that began last: ${last}`;
  }

  #failed(title: readonly string[], error: Error | undefined): void {
    // The failure of the test inside is counted already.
    if (error && "failureType" in error && error.failureType === "subtestsFailed") return;
    this.#fail(title, describeError(error));
  }

  #fail(title: readonly string[], text: string): void {
    this.#tally.failures.push({ title, text });
    this.#options.onFailure({ title, text });
  }
}

/** Runs one file, in a process of its own that is ended when it takes too long. */
async function runFile(file: string, limit: number, watcher: FileWatcher): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limit);
  // A test that hangs is given up before its file is, so that it is named.
  const stream = run({ files: [file], timeout: limit * 0.75, signal: controller.signal });
  stream.on("test:start", ({ nesting, name }) => watcher.started(nesting, name));
  stream.on("test:stdout", ({ message }) => watcher.printed(message));
  stream.on("test:stderr", ({ message }) => watcher.printed(message));
  stream.on("test:pass", (event) => watcher.ended(event, true));
  stream.on("test:fail", (event) => watcher.ended(event, false));
  // The stream must be read to its end for the run to go on.
  for await (const _ of stream);
  clearTimeout(timer);
}

/**
 * Runs the files of one or more suites in one pool, so that no processor waits for a slow suite to end.
 * Returns a tally for each suite, in the same order.
 */
export async function runNodeSuites(
  suites: readonly NodeSuite[],
  options: NodeSuiteOptions,
): Promise<readonly Tally[]> {
  const started = Date.now();
  const tallies = suites.map((suite) => new Tally(suite.name));
  const queue = suites.flatMap((suite, index) =>
    suite.files.map((file) => ({ file, limit: suite.fileLimit, tally: tallies[index] as Tally })),
  );
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { file, limit, tally } = next;
      await runFile(file, limit, new FileWatcher(tally, file, limit, options));
      tally.milliseconds = Date.now() - started;
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  return tallies;
}
