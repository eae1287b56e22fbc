import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { packageExtension } from "../../scripts/package/packageExtension.ts";
import { type TemporaryFolder, temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";
import { checkout } from "../support/vscode/bundle.ts";
import { startSession } from "../support/vscode/session.ts";

let folder: TemporaryFolder;
let packageFile: string;
/** Sizes in bytes by path inside the package, without the `extension/` that vsce puts before each. */
let sizes: ReadonlyMap<string, number>;

before(async () => {
  folder = await temporaryFolder();
  packageFile = (await packageExtension(checkout, folder.path("savepoint.vsix"))).file;
  const { stdout } = await promisify(execFile)("python3", ["-m", "zipfile", "--list", packageFile]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("extension/"));
  sizes = new Map(
    lines.map((line) => {
      const [, path = "", size] = /^extension\/(.*?)\s+\d{4}-\d\d-\d\d \S+\s+(\d+)$/.exec(line) ?? [];
      return [path, Number(size)];
    }),
  );
});

after(() => folder?.dispose());

test("the package holds what it needs, and nothing else", () => {
  const withoutMedia = [...sizes.keys()].filter((path) => !path.startsWith("media/"));
  assert.deepEqual(withoutMedia.sort(), [
    "LICENSE.txt",
    "changelog.md",
    "clients/javascript/savepoint.mjs",
    "clients/julia/Savepoint.jl",
    "clients/python/savepoint.py",
    "clients/r/savepoint.R",
    "clients/shell/savepoint.sh",
    "dist/ThirdPartyNotices.txt",
    "dist/cli.js",
    "dist/codicons/codicon.css",
    "dist/codicons/codicon.ttf",
    "dist/extension.js",
    "dist/hashWorker.js",
    "dist/package.json",
    "dist/runner.js",
    "dist/webview/comparison.css",
    "dist/webview/comparison.js",
    "package.json",
    "package.nls.json",
    "readme.md",
  ]);
  for (const path of sizes.keys()) assert.match(path, /^(?!media\/)|\.(png|svg|md|json)$/, path);
});

/** The text of a file of the package. */
async function textOf(path: string): Promise<string> {
  const read = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())";
  const args = ["-c", read, packageFile, `extension/${path}`];
  const { stdout } = await promisify(execFile)("python3", args, { maxBuffer: 10_000_000 });
  return stdout;
}

test("the README shows and leads to nothing that can't be reached from it", async () => {
  const links = [...(await textOf("readme.md")).matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
  for (const link of links) assert.match(link, /^(https:|#)/);
});

test("the package has the licence of everything that it carries", async () => {
  const [, ...sections] = (await textOf("dist/ThirdPartyNotices.txt")).split(`\n${"-".repeat(79)}\n`);
  assert.ok(sections.length > 10);
  for (const section of sections) {
    assert.match(section, /^\S+ \d+\.\d+\.\d+ \([\w.-]+\)\n\n[\s\S]*copyright/i);
    assert.ok(section.length > 400, section);
  }
});

test("the package is small", async () => {
  const limits = {
    "dist/extension.js": 750_000,
    "dist/cli.js": 600_000,
    "dist/webview/comparison.js": 300_000,
  };
  for (const [path, limit] of Object.entries(limits)) {
    const size = sizes.get(path) ?? Number.POSITIVE_INFINITY;
    assert.ok(size <= limit, `${path} has ${size} bytes, more than ${limit}`);
  }
  const { size } = await stat(packageFile);
  assert.ok(size <= 1_000_000, `The package has ${size} bytes, more than 1000000`);
});

test("the installed package shows the stages of a pipeline", async (t) => {
  const project = await temporaryProject({ "dvc.yaml": "stages:\n  train:\n    cmd: echo trained\n" });
  t.after(project.dispose);
  const session = await startSession({ packageFile });
  t.after(session.dispose);
  const workbench = await session.open(project.root);
  await workbench.showContainer("Savepoint");
  await workbench.view("Pipeline").row("train").waitFor();
  const place = await workbench.bridge.evaluate(
    (vscode) => vscode.extensions.getExtension("savepoint.savepoint")?.extensionPath ?? "",
  );
  assert.ok(place.startsWith(session.dataFolder), `${place} is not the installed package`);
});
