import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { serverEntry } from "../setup/codeServer.mjs";

const startLimit = 120_000;
const endLimit = 10_000;

export interface ServerOptions {
  /** Folder for its settings, extensions and logs; made when missing. */
  readonly dataFolder: string;
  /** User settings, written before the start. */
  readonly settings: { readonly [key: string]: unknown };
  /** Folders of extensions that count as installed; they are linked to, so that a build is used at the next reload. */
  readonly extensions?: readonly string[];
  /** Packaged extensions (`.vsix`) to install. */
  readonly packages?: readonly string[];
  /** Without it, every program on this machine that finds the port may use the server. */
  readonly token?: string;
  /** Whether windows ask before they trust a folder; without it, every folder is trusted. */
  readonly workspaceTrust?: boolean;
  /** Whether windows may run a {@link TestHost}. It costs notifications their toasts, as in VS Code's own smoke tests. */
  readonly testHosts?: boolean;
  /** Added to the environment of the server, and so of extension hosts and terminals. */
  readonly environment?: { readonly [name: string]: string };
}

/** What an extension host loads and runs when it is there for a test. */
export interface TestHost {
  /** Folder of the extension under development. */
  readonly extension: string;
  /** A CommonJS module with `run()`; the window ends when that has resolved. */
  readonly module: string;
  /** Added to `process.env` of the extension host. */
  readonly environment: { readonly [name: string]: string };
}

/** A running VS Code server with one real Node extension host for each window. */
export class VscodeServer {
  /** `host:port`, as it stands in `vscode-remote://` addresses. */
  readonly authority: string;
  readonly #guard: ChildProcess;
  readonly #token: string | undefined;

  private constructor(guard: ChildProcess, port: number, token: string | undefined) {
    this.#guard = guard;
    this.#token = token;
    this.authority = `127.0.0.1:${port}`;
  }

  /** Starts a server on a free port of this machine, with Node 24 or later (the one that runs this). */
  static async start(options: ServerOptions): Promise<VscodeServer> {
    await writeSettings(options.dataFolder, options.settings);
    // Links come first: once something was installed, the server looks at its own list only.
    await linkExtensions(options.dataFolder, options.extensions ?? []);
    for (const file of options.packages ?? []) await installPackage(options.dataFolder, file);
    const guard = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "guard.mjs"),
        ...[process.execPath, serverEntry()],
        "--accept-server-license-terms",
        ...(options.token ? ["--connection-token", options.token] : ["--without-connection-token"]),
        ...["--host", "127.0.0.1", "--port", "0"],
        ...["--server-data-dir", options.dataFolder, "--telemetry-level", "off"],
        ...(options.testHosts ? ["--enable-smoke-test-driver"] : []),
        ...(options.workspaceTrust ? [] : ["--disable-workspace-trust"]),
      ],
      { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...options.environment } },
    );
    try {
      return new VscodeServer(guard, await portOf(guard), options.token);
    } catch (error) {
      guard.stdin.end();
      throw error;
    }
  }

  /** The address of a window on a folder (absolute path; null: an empty window). */
  windowUrl(folder: string | null, test?: TestHost): string {
    const url = new URL(`http://${this.authority}/`);
    if (this.#token) url.searchParams.set("tkn", this.#token);
    if (folder === null) url.searchParams.set("ew", "true");
    else url.searchParams.set("folder", folder);
    if (test) {
      const remote = (path: string) => `vscode-remote://${this.authority}${encodeURI(path)}`;
      const payload = [
        ["extensionDevelopmentPath", remote(test.extension)],
        ["extensionTestsPath", remote(test.module)],
        ["extensionEnvironment", JSON.stringify(test.environment)],
        ["skipWelcome", "true"],
        ["skipReleaseNotes", "true"],
      ];
      url.searchParams.set("payload", JSON.stringify(payload));
    }
    return url.href;
  }

  /** Ends the server with everything that it started, within a few seconds. */
  async dispose(): Promise<void> {
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#guard.once("exit", resolve));
    this.#guard.stdin?.end();
    const timer = setTimeout(() => this.#guard.kill("SIGKILL"), endLimit);
    await ended;
    clearTimeout(timer);
  }
}

/** Writes the user settings of a data folder. A running server takes them over at once. */
async function writeSettings(
  dataFolder: string,
  settings: { readonly [key: string]: unknown },
): Promise<void> {
  const folder = join(dataFolder, "data/User");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
}

/** Makes extensions count as installed, under the names that an installation would give their folders. */
async function linkExtensions(dataFolder: string, extensions: readonly string[]): Promise<void> {
  await mkdir(join(dataFolder, "extensions"), { recursive: true });
  for (const extension of extensions) {
    const manifest = JSON.parse(await readFile(join(extension, "package.json"), "utf8"));
    const name = `${manifest.publisher}.${manifest.name}-${manifest.version}`;
    await symlink(extension, join(dataFolder, "extensions", name), "junction");
  }
}

/** Installs a packaged extension as `code --install-extension` does. */
async function installPackage(dataFolder: string, file: string): Promise<void> {
  const args = [serverEntry(), "--server-data-dir", dataFolder, "--install-extension", file];
  await promisify(execFile)(process.execPath, args, { timeout: startLimit });
}

/** The port that a server says it listens on. Throws with what it printed when it ends or says nothing. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`The VS Code server ${reason}: ${output.trim()}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${startLimit / 1000} s`), startLimit);
    const read = (chunk: Buffer) => {
      output += chunk.toString("utf8");
      const port = /agent listening on (\d+)[\s\S]*Extension host agent started/.exec(output)?.[1];
      if (!port) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", (error) => fail(error.message));
    child.once("close", () => fail("ended"));
  });
}
