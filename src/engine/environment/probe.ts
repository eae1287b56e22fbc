import { execFile } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { isScript } from "./findPrograms.ts";

/** What a Python says of itself. */
export interface PythonFacts {
  readonly version: string;
  readonly packages: { readonly [name: string]: string } | null;
}

/** An answer with what it holds for: as long as these files and folders are as they were. */
export interface Remembered<Facts> {
  readonly facts: Facts;
  /** Stat data by absolute path. */
  readonly stamps: { readonly [path: string]: string };
}

/** Milliseconds after which a program that does not answer is ended. */
const limit = 20_000;
/** Bytes of an answer; a thousand packages are some 40 kB. */
const answerLimit = 4 * 1024 * 1024;

/**
 * Lists packages by their metadata, which is what `pip freeze` does, and is there without pip. Nothing is imported from
 * the folder where it is started.
 */
const listing = `
import sys
sys.path[:] = [path for path in sys.path if path]
import json
packages = None
try:
    from importlib import metadata
    packages = {}
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if name and found.version:
            packages.setdefault(name, found.version)
except Exception:
    pass
print(json.dumps({"version": sys.version.split()[0], "program": sys.executable, "path": sys.path, "packages": packages}))
`;

/** Asks a Python for its version and packages, in the environment that the stage has. `null`: it gives no answer. */
export async function askPython(
  program: string,
  directory: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Remembered<PythonFacts> | null> {
  const output = await ask(program, ["-c", listing], directory, environment, signal);
  let answer: { version?: unknown; program?: unknown; path?: unknown; packages?: unknown };
  try {
    answer = JSON.parse(output ?? "");
  } catch {
    return null;
  }
  const { version, path, packages } = answer;
  if (typeof version !== "string") return null;
  const paths = Array.isArray(path) ? path.filter((one): one is string => typeof one === "string") : [];
  const facts = { version, packages: (packages ?? null) as PythonFacts["packages"] };
  return { facts, stamps: stampsOf([program, ...paths]) };
}

/** Asks a Node for its version. */
export async function askNode(
  program: string,
  directory: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Remembered<string> | null> {
  const version = /^v(\S+)/.exec(
    (await ask(program, ["--version"], directory, environment, signal)) ?? "",
  )?.[1];
  return version === undefined ? null : { facts: version, stamps: stampsOf([program]) };
}

/**
 * Whether what was remembered of a program still holds. Installing and removing a package changes its folder; a version
 * manager's stand-in may choose another program each time.
 */
export function stillHolds(program: string, { stamps }: Remembered<unknown>): boolean {
  return !isScript(program) && Object.entries(stamps).every(([path, stamp]) => stampOf(path) === stamp);
}

function stampsOf(paths: readonly string[]): { readonly [path: string]: string } {
  return Object.fromEntries(paths.map((path) => [path, stampOf(path)]));
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(realpathSync(path));
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}

function ask(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | null> {
  const options = {
    cwd,
    env,
    signal,
    timeout: limit,
    maxBuffer: answerLimit,
    killSignal: "SIGKILL",
    windowsHide: true,
  } as const;
  return new Promise((resolve) => {
    try {
      const child = execFile(program, [...args], options, (error, output) => resolve(error ? null : output));
      child.stdin?.end();
    } catch {
      resolve(null);
    }
  });
}
