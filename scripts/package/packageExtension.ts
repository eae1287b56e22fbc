import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const limit = 5 * 60_000;

export interface Package {
  /** Absolute path: the one that was asked for, or `savepoint-<version>.vsix` in the checkout. */
  readonly file: string;
  /** What takes the room in each bundle, as text. */
  readonly sizes: string;
}

/** What the package is made of besides dist/, and the list of what goes in. */
const ingredients = [
  "package.json",
  "package.nls.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "media",
  "clients",
  ".vscodeignore",
];

/**
 * Markdown for VS Code's page of the extension, which shows pictures from the web only and reaches no file of the package:
 * without the pictures, and with links to files as plain words.
 */
function selfContained(markdown: string): string {
  return markdown
    .replaceAll(/^!\[[^\]]*\]\((?!https:)[^)]+\)\n\n/gm, "")
    .replaceAll(/\[([^\]]+)\]\((?!https?:|#)[^)]+\)/g, "$1");
}

/** Runs a script with this Node; returns what it printed, and throws with that when the script fails. */
function runScript(what: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolvePromise, reject) => {
    execFile(process.execPath, args, { cwd: folder, timeout: limit }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error) reject(new Error(`${what} failed: ${output || error.message}`));
      else resolvePromise(output);
    });
  });
}

/**
 * Builds a `.vsix` in a folder of its own, so that the development build in dist/ stays as it is. Throws when building or
 * packing fails.
 */
export async function packageExtension(checkout: string, file?: string): Promise<Package> {
  const { name, version } = JSON.parse(await readFile(join(checkout, "package.json"), "utf8"));
  const target = resolve(file ?? join(checkout, `${name}-${version}.vsix`));
  const stage = await realpath(await mkdtemp(join(tmpdir(), "savepoint-package-")));
  try {
    for (const ingredient of ingredients) {
      await cp(join(checkout, ingredient), join(stage, ingredient), { recursive: true });
    }
    const readme = join(stage, "README.md");
    await writeFile(readme, selfContained(await readFile(readme, "utf8")));
    const build = [join(checkout, "esbuild.mjs"), "--production", `--into=${stage}`];
    const sizes = await runScript("The build", build, checkout);
    const vsce = join(checkout, "node_modules/@vscode/vsce/vsce");
    // The project names no public place that links in the README could lead to.
    const options = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links"];
    await runScript("vsce", [vsce, "package", ...options, "--out", target], stage);
    return { file: target, sizes };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
