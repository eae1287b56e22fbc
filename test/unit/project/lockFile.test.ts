import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: { readonly [name: string]: string };
}

const text = readFileSync(join(import.meta.dirname, "../../../package-lock.json"), "utf8");
const { packages } = JSON.parse(text) as { readonly packages: { readonly [path: string]: LockedPackage } };

/** The entry that `name` means to the package at `path`: its own, or one of a folder further up. */
function lookUp(path: string, name: string): LockedPackage | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    const found = packages[folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`];
    if (found || folder === "") return found;
  }
}

test("the lock file names no registry", () => {
  assert.deepEqual(
    Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined),
    [],
  );
});

test("the lock file holds the packages of every platform", () => {
  // A registry that lacks some of them makes npm leave them out, and then `npm ci` refuses the lock file.
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter((name) => !lookUp(path, name)),
  );
  assert.deepEqual(missing, []);
});
