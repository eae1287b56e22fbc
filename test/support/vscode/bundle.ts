import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** The checkout. */
export const checkout = join(import.meta.dirname, "../../..");

/**
 * Bundles modules that are to run inside the extension host, as CommonJS, one file for each entry under its own name.
 * Mocha is read from node_modules at run time.
 */
export async function bundleForHost(entries: readonly string[], outputFolder: string): Promise<void> {
  await build({
    absWorkingDir: checkout,
    entryPoints: [...entries],
    outdir: outputFolder,
    outbase: commonFolder(entries),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
  await mkdir(join(checkout, "dist"), { recursive: true });
  await writeFile(join(checkout, "dist/package.json"), '{ "type": "commonjs" }\n');
}

/** The deepest folder that holds all files. */
function commonFolder(files: readonly string[]): string {
  const [first = checkout, ...others] = files.map((file) => dirname(file));
  let folder = first;
  while (!others.every((other) => `${other}/`.startsWith(`${folder}/`))) folder = dirname(folder);
  return folder;
}
