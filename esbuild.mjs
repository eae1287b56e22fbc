/**
 * Bundles the sources into dist/.
 *
 *   node esbuild.mjs               development build, with source maps
 *   node esbuild.mjs --watch       builds again whenever a source changes
 *   node esbuild.mjs --production  minified, without source maps, with a report of what takes the room
 *   node esbuild.mjs --into=FOLDER puts dist/ into another folder than the checkout
 */
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const production = process.argv.includes("--production");
const watching = process.argv.includes("--watch");
const destination = process.argv.find((arg) => arg.startsWith("--into="))?.slice("--into=".length) ?? root;

/** The absolute path of something in dist/. */
function output(path) {
  return join(destination, "dist", path);
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: !production,
  legalComments: "none",
  metafile: true,
  // In production the report of sizes says more.
  logLevel: production ? "warning" : "info",
};

const nodeProgram = { ...shared, platform: "node", format: "cjs", target: "node20" };
const executable = { banner: { js: "#!/usr/bin/env node" } };

/** One bundle for each program. `vscode` is given by the extension host, Mocha is read from node_modules. */
const programs = [
  {
    ...nodeProgram,
    entryPoints: ["src/extension.ts"],
    outfile: output("extension.js"),
    external: ["vscode"],
  },
  { ...nodeProgram, entryPoints: ["src/cli/main.ts"], outfile: output("cli.js"), ...executable },
  { ...nodeProgram, entryPoints: ["src/runner/main.ts"], outfile: output("runner.js") },
  { ...nodeProgram, entryPoints: ["src/engine/store/hashWorker.ts"], outfile: output("hashWorker.js") },
  {
    ...shared,
    platform: "browser",
    format: "iife",
    target: "es2022",
    entryPoints: ["src/webview/comparison/main.ts"],
    outfile: output("webview/comparison.js"),
  },
];

/** The folder of an installed package. */
function packageFolder(name) {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

/** Files that are not bundled: the module kind of dist/ (the root package is ESM) and its version, and the icon font. */
async function copyAssets() {
  await mkdir(output(""), { recursive: true });
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await writeFile(output("package.json"), `${JSON.stringify({ type: "commonjs", version })}\n`);
  for (const file of ["codicon.css", "codicon.ttf"]) {
    await cp(join(packageFolder("@vscode/codicons"), "dist", file), output(join("codicons", file)));
  }
}

/** The packages whose code or font is carried: names by folder, relative to the checkout. */
function carriedPackages(metafiles) {
  const packages = new Map([[relative(root, packageFolder("@vscode/codicons")), "@vscode/codicons"]]);
  for (const input of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    const [, folder, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input) ?? [];
    if (folder) packages.set(folder, name);
  }
  return [...packages].sort(([, a], [, b]) => (a < b ? -1 : 1));
}

/**
 * The text of a package's licence. Where an MIT one comes without its text, it is that of ours under the author's name.
 * Throws when there is none.
 */
async function licenceText(folder, { name, license, author }) {
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e(-\w+)?(\.(md|txt))?$/i.test(file));
  if (files.length > 0) {
    const texts = await Promise.all(files.sort().map((file) => readFile(join(folder, file), "utf8")));
    return texts.map((text) => text.trim()).join("\n\n");
  }
  const holder = author?.name ?? author;
  if (license !== "MIT" || !holder) throw new Error(`${name} has no text of its licence (${license}).`);
  const own = await readFile(join(root, "LICENSE"), "utf8");
  return own.replace(/^Copyright.*$/m, `Copyright (c) ${holder}`).trim();
}

/** Writes the licences of everything that the package carries, as those licences ask. */
async function writeNotices(metafiles) {
  const sections = [];
  for (const [path, name] of carriedPackages(metafiles)) {
    const folder = join(root, path);
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const text = await licenceText(folder, manifest);
    sections.push(`${name} ${manifest.version} (${manifest.license})\n\n${text}\n`);
  }
  const heading = "Savepoint contains code of these packages.\n";
  await writeFile(output("ThirdPartyNotices.txt"), [heading, ...sections].join(`\n${"-".repeat(79)}\n`));
}

/** What an input belongs to in the size report: a package, or a folder of ours. */
function ownerOf(input) {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
  return name ?? dirname(input);
}

/** The size of each bundle, and of the five owners that take most of it. */
function reportSizes(metafiles) {
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  for (const [file, bundle] of metafiles.flatMap((metafile) => Object.entries(metafile.outputs))) {
    console.log(`${kilobytes(bundle.bytes)}  ${relative(destination, resolve(root, file))}`);
    const sizes = new Map();
    for (const [input, { bytesInOutput }] of Object.entries(bundle.inputs)) {
      sizes.set(ownerOf(input), (sizes.get(ownerOf(input)) ?? 0) + bytesInOutput);
    }
    const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 5);
    for (const [owner, bytes] of largest) console.log(`${kilobytes(bytes)}    ${owner}`);
  }
}

const present = programs.filter((program) => existsSync(join(root, program.entryPoints[0])));
for (const program of programs) {
  if (present.includes(program)) continue;
  console.error(`Not built: ${program.outfile}, because ${program.entryPoints[0]} does not exist.`);
  process.exitCode = 1;
}

if (production) await rm(output(""), { recursive: true, force: true });
await copyAssets();

if (watching) {
  const contexts = await Promise.all(present.map((program) => context(program)));
  await Promise.all(contexts.map((one) => one.watch()));
} else {
  const outcomes = await Promise.allSettled(present.map((program) => build(program)));
  // esbuild has printed the errors itself.
  if (outcomes.some((outcome) => outcome.status === "rejected")) process.exitCode = 1;
  const metafiles = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value.metafile] : [],
  );
  if (existsSync(output("cli.js"))) await chmod(output("cli.js"), 0o755);
  if (production) {
    await writeNotices(metafiles);
    reportSizes(metafiles);
  }
}
