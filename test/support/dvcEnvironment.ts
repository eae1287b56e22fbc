import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./poll.ts";

const run = promisify(execFile);
const installLimit = 15 * 60_000;
/** A maker that was killed leaves its mark behind; after this long without a renewal it counts as dead. */
const staleAfter = 30_000;

/** The releases that tests run, each in a virtual environment of its own, with what pip has to install. */
const releases = {
  "3": ["dvc>=3,<4"],
  // The last one with checkpoints; newer releases of the three libraries lack what it imports from them.
  "2.58.2": ["dvc==2.58.2", "dvclive==2.15.0", "pathspec<1", "dulwich<0.22", "pygit2<1.15"],
} as const satisfies { readonly [release: string]: readonly string[] };

/** The real DVC in a virtual environment of its own. */
export interface DvcEnvironment {
  readonly python: string;
  readonly version: string;
  /** What programs need that are to find this Python and this DVC. */
  readonly variables: NodeJS.ProcessEnv;
  /** Runs `dvc` and returns its standard output; rejects when it fails. */
  dvc(directory: string, args: readonly string[]): Promise<string>;
  /** Runs a Python program in which `dvc` can be imported. */
  script(directory: string, args: readonly string[], input?: string): Promise<string>;
}

/**
 * DVC from PyPI, kept in the cache folder between runs. It is installed, and that is said, when it is missing.
 * `home` is a folder for all that DVC would keep outside of the project.
 */
export async function dvcEnvironment(
  home: string,
  release: keyof typeof releases = "3",
): Promise<DvcEnvironment> {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(caches, "savepoint-dev", `dvc-${release}`);
  const python =
    process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  const done = join(folder, "complete");
  if (!existsSync(done)) await makeOnce(folder, done, () => install(folder, python, releases[release]));
  const variables: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${join(python, "..")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`,
    DVC_NO_ANALYTICS: "1",
    DVC_GLOBAL_CONFIG_DIR: join(home, "global"),
    DVC_SYSTEM_CONFIG_DIR: join(home, "system"),
    DVC_SITE_CACHE_DIR: join(home, "site"),
    GIT_AUTHOR_NAME: "Tester",
    GIT_AUTHOR_EMAIL: "tester@example.com",
    GIT_COMMITTER_NAME: "Tester",
    GIT_COMMITTER_EMAIL: "tester@example.com",
  };
  const script = async (directory: string, args: readonly string[], input = "") => {
    const options = { cwd: directory, env: variables, maxBuffer: 256 * 1024 * 1024, timeout: 5 * 60_000 };
    const running = run(python, [...args], options);
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const version = (await script(home, ["-c", "import dvc; print(dvc.__version__)"])).trim();
  return {
    python,
    version,
    variables,
    script,
    dvc: (directory, args) => script(directory, ["-m", "dvc", ...args]),
  };
}

/** Several test processes may want it at the same moment: one makes it, the others wait. */
async function makeOnce(folder: string, done: string, make: () => Promise<void>): Promise<void> {
  const mark = `${folder}.making`;
  await mkdir(join(folder, ".."), { recursive: true });
  const mine = async () => {
    try {
      await mkdir(mark);
      return true;
    } catch {
      const renewed = await stat(mark).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      if (Date.now() - renewed > staleAfter) await rm(mark, { recursive: true, force: true });
      return false;
    }
  };
  let making = false;
  await until(
    async () => {
      if (existsSync(done)) return true;
      making = await mine();
      return making;
    },
    installLimit,
    "the virtual environment with DVC that another test makes",
  );
  if (!making) return;
  const renewal = setInterval(() => void utimes(mark, new Date(), new Date()).catch(() => {}), 5_000);
  try {
    await make();
    await writeFile(done, "");
  } finally {
    clearInterval(renewal);
    await rm(mark, { recursive: true, force: true });
  }
}

async function install(folder: string, python: string, packages: readonly string[]): Promise<void> {
  console.error(`Installing ${packages[0]} from PyPI into ${folder} (once, a minute or two) …`);
  await rm(folder, { recursive: true, force: true });
  const base = process.platform === "win32" ? "python" : "python3";
  await stream(
    base,
    ["-m", "venv", folder],
    "Python's venv is missing: install it (Debian: apt-get install python3-venv)",
  );
  await stream(
    python,
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages],
    `${packages[0]} can't be installed: pip needs access to a Python package index`,
  );
}

function stream(command: string, args: readonly string[], advice: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], timeout: installLimit });
    child.on("error", (error) => reject(new Error(`${advice} (${error.message})`)));
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(advice))));
  });
}
