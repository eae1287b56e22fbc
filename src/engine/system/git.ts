import { spawn } from "node:child_process";

export interface GitOptions {
  /** Added to the environment, such as `GIT_INDEX_FILE`. */
  readonly environment?: { readonly [name: string]: string };
  readonly input?: string | Buffer;
  readonly abort?: AbortSignal;
  /** Milliseconds after which the process is ended; two minutes when absent. */
  readonly limit?: number;
  /** Whether what a partial clone does not have is fetched from its remote: for files that are to be written out. */
  readonly mayFetch?: boolean;
}

export interface GitOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Git said no: an exit code that the caller did not expect. */
export class GitError extends Error {
  readonly args: readonly string[];
  readonly code: number;
  readonly stderr: string;

  constructor(args: readonly string[], output: GitOutput) {
    super(`git ${args[0] ?? ""} failed (${output.code}): ${output.stderr.trim()}`);
    this.name = "GitError";
    this.args = args;
    this.code = output.code;
    this.stderr = output.stderr;
  }
}

/**
 * The environment of every Git process of ours: plain English answers, no prompts, no optional locks on the user's
 * index, and none of the variables by which a caller (a hook, another tool) could point us at another repository.
 */
export function gitEnvironment(added: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const name of [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_CEILING_DIRECTORIES",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
  ]) {
    delete environment[name];
  }
  return { ...environment, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", ...added };
}

/**
 * Keeps Git from the network, and from the programs that a repository names for its remote: a folder that is only looked
 * at must start nothing. The first variable says it to Git 2.45 and later, the second one to all.
 */
export const offline = { GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" } as const;

/**
 * Settings under which Git runs nothing of the user's (hooks, monitors, signing programs) and writes a whole index of
 * its own. Filters (LFS, line endings) stay: they decide what the content is.
 */
const quietSettings: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.splitIndex=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.addEmbeddedRepo=false",
  "core.safecrlf=false",
].flatMap((setting) => ["-c", setting]);

/** Git's plumbing in one folder, one process a call. For what needs standard input or a private index. */
export class Git {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Runs Git and returns what it said, whatever its exit code. Throws when it can't be started or is aborted. */
  run(args: readonly string[], options: GitOptions = {}): Promise<GitOutput> {
    return new Promise((resolve, reject) => {
      const child = spawn("git", [...quietSettings, ...args], {
        cwd: this.directory,
        env: gitEnvironment({ ...(options.mayFetch ? {} : offline), ...options.environment }),
        stdio: ["pipe", "pipe", "pipe"],
        windowsHide: true,
        ...(options.abort ? { signal: options.abort } : {}),
      });
      // Not the option of spawn: where there is no Git, its timer would keep the program from ending.
      const limit = setTimeout(() => child.kill(), options.limit ?? 120_000);
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      child.on("error", (error) => {
        clearTimeout(limit);
        reject(error);
      });
      child.on("close", (code, signal) => {
        clearTimeout(limit);
        resolve({
          code: code ?? 128,
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr).toString("utf8") + (signal ? `ended by ${signal}` : ""),
        });
      });
      // Git may end without reading all of its input; its exit code tells the story.
      child.stdin.on("error", () => {});
      child.stdin.end(options.input ?? "");
    });
  }

  /** Runs Git, expects success, and returns its standard output. Throws {@link GitError} otherwise. */
  async bytes(args: readonly string[], options?: GitOptions): Promise<Buffer> {
    const output = await this.run(args, options);
    if (output.code !== 0) throw new GitError(args, output);
    return output.stdout;
  }

  /** As {@link bytes}, as text without the newline at the end. */
  async text(args: readonly string[], options?: GitOptions): Promise<string> {
    return (await this.bytes(args, options)).toString("utf8").replace(/\n$/, "");
  }

  /** As {@link text}; `null` instead of an error. For questions whose answer may be "there is none". */
  async textOrNull(args: readonly string[], options?: GitOptions): Promise<string | null> {
    const output = await this.run(args, options);
    return output.code === 0 ? output.stdout.toString("utf8").replace(/\n$/, "") : null;
  }
}
