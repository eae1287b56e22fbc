import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { type IsIgnored, ignoreRules } from "../pipeline/ignore.ts";

/** What DVC passes over in any output, whatever a `.dvcignore` says. `.git` is a file in a submodule. */
const alwaysIgnored = new Set([".git", ".hg", ".dvc"]);

/**
 * Which files below an output directory DVC passes over, by path relative to it: its own and Git's folders, and what the
 * `.dvcignore` files in the folders above name. One inside of the output counts as a file; DVC refuses such outputs. An
 * output that is itself ignored, which DVC refuses too, is recorded as if it were not.
 */
export function ignoredIn(directory: string): IsIgnored {
  const root = projectRoot(directory);
  const below = root === null ? "" : relative(root, directory).split(sep).join("/");
  const rules = root === null || below === "" ? null : readRules(root, below);
  return (relpath, isDirectory) => {
    const name = posix.basename(relpath);
    // Only `.git` may be a file.
    if (alwaysIgnored.has(name) && (isDirectory || name === ".git")) return true;
    return rules?.(`${below}/${relpath}`, isDirectory) ?? false;
  };
}

/** Whether a file below an output directory is left out: it, a folder above it, or a project that it belongs to. */
export function leftOutOf(directory: string): (relpath: string) => boolean {
  const isIgnored = ignoredIn(directory);
  return (relpath) => {
    if (isIgnored(relpath, false)) return true;
    for (let folder = posix.dirname(relpath); folder !== "."; folder = posix.dirname(folder)) {
      if (isIgnored(folder, true) || existsSync(join(directory, folder, ".dvc"))) return true;
    }
    return false;
  };
}

/** `null` when there are no rules to ask, as mostly. */
function readRules(root: string, below: string): IsIgnored | null {
  const texts = new Map<string, string>();
  for (let folder = posix.dirname(below); ; folder = posix.dirname(folder)) {
    const file = posix.join(folder, ".dvcignore");
    const text = readText(join(root, file));
    if (/^\s*[^#\s]/m.test(text)) texts.set(file, text);
    if (folder === ".") break;
  }
  if (texts.size === 0) return null;
  const rules = ignoreRules((path) => texts.get(path) ?? null);
  return rules(below, true) ? null : rules;
}

function projectRoot(directory: string): string | null {
  for (let folder = dirname(directory); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".dvc"))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // None, or one that can't be read: what it would leave out is recorded.
    return "";
  }
}
