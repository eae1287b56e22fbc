import { posix } from "node:path";
import type { ReadFile } from "./context.ts";

/** Whether DVC passes over a path. The path is from the project's root, with forward slashes. */
export type IsIgnored = (path: string, isDirectory: boolean) => boolean;

interface Rule {
  readonly form: RegExp;
  readonly ignores: boolean;
  readonly onlyDirectories: boolean;
}

/** The rules of one folder: its own `.dvcignore`, after those of the folders above. */
interface FolderRules {
  readonly folder: string;
  readonly rules: readonly Rule[];
}

const builtIn = [".hg/", ".git/", ".git", ".dvc/"];

/**
 * The rules of all `.dvcignore` files of a project, which have the form of `.gitignore` files. They are read when a
 * folder is first asked about, and kept: make a new function when they may have changed.
 */
export function ignoreRules(read: ReadFile): IsIgnored {
  const foldersByPath = new Map<string, readonly FolderRules[]>();
  const verdicts = new Map<string, boolean>();

  const rulesOf = (folder: string): readonly FolderRules[] => {
    const known = foldersByPath.get(folder);
    if (known) return known;
    const above = folder === "" ? [{ folder: "", rules: parseRules(builtIn) }] : rulesOf(parent(folder));
    const text = read(posix.join(folder, ".dvcignore"));
    const all = text === null ? above : [...above, { folder, rules: parseRules(text.split(/\r?\n/)) }];
    foldersByPath.set(folder, all);
    return all;
  };

  const matches = (path: string, isDirectory: boolean): boolean => {
    for (const { folder, rules } of rulesOf(parent(path)).toReversed()) {
      const local = folder === "" ? path : path.slice(folder.length + 1);
      const subject = isDirectory ? `${local}/` : local;
      const rule = rules.findLast(
        ({ form, onlyDirectories }) => (isDirectory || !onlyDirectories) && form.test(subject),
      );
      if (rule) return rule.ignores;
    }
    return false;
  };

  const isIgnored: IsIgnored = (path, isDirectory) => {
    if (path === "" || path === "." || path.startsWith("../")) return false;
    const key = isDirectory ? `${path}/` : path;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const above = parent(path);
    const verdict = (above !== "" && isIgnored(above, true)) || matches(path, isDirectory);
    if (isDirectory) verdicts.set(key, verdict);
    return verdict;
  };
  return isIgnored;
}

function parent(path: string): string {
  const directory = posix.dirname(path);
  return directory === "." ? "" : directory;
}

function parseRules(lines: readonly string[]): readonly Rule[] {
  return lines.flatMap((line) => parseRule(line.trim()) ?? []);
}

function parseRule(line: string): Rule | null {
  if (line === "" || line.startsWith("#")) return null;
  const ignores = !line.startsWith("!");
  let pattern = (ignores ? line : line.slice(1)).replace(/^\\(?=[#!])/, "");
  const onlyDirectories = pattern.endsWith("/");
  if (onlyDirectories) pattern = pattern.slice(0, -1);
  if (pattern === "") return null;
  const anchored = pattern.includes("/");
  try {
    // As in DVC, a rule also holds for all below what it names, so that `!name/` does not undo `*` for its files.
    const below = onlyDirectories ? "/.*" : "(?:/.*)?";
    const form = new RegExp(
      `^${anchored ? "" : "(?:.+/)?"}${globSource(pattern.replace(/^\//, ""))}${below}$`,
      "su",
    );
    return { form, ignores, onlyDirectories };
  } catch {
    // Such as a range that runs backwards: Git takes such a pattern to match nothing.
    return null;
  }
}

/** A pattern of names as a regular expression; `null` when it can't match anything. */
export function globForm(pattern: string): RegExp | null {
  try {
    return new RegExp(`^${globSource(pattern)}$`, "su");
  } catch {
    return null;
  }
}

/** The regular expression of a pattern: `*` and `?` within a name, `**` over folders. */
function globSource(pattern: string): string {
  let source = "";
  for (let index = 0; index < pattern.length; ) {
    const rest = pattern.slice(index);
    const token =
      /^(?:\*\*\/)/.exec(rest) && (index === 0 || pattern[index - 1] === "/")
        ? (["**/", "(?:[^/]+/)*"] as const)
        : rest === "**" && pattern[index - 1] === "/"
          ? (["**", ".+"] as const)
          : simpleToken(rest);
    source += token[1];
    index += token[0].length;
  }
  return source;
}

function simpleToken(rest: string): readonly [string, string] {
  const stars = /^\*+/.exec(rest)?.[0];
  if (stars) return [stars, "[^/]*"];
  if (rest[0] === "?") return ["?", "[^/]"];
  const set = /^\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/u.exec(rest);
  if (set) {
    const members = (set[2] ?? "").replace(/\\?([\\\][^&~|{}()/])/gu, "\\$1").replaceAll("\\/", "/");
    return [set[0], `(?!/)[${set[1] ? "^" : ""}${members}]`];
  }
  const escaped = /^\\(.)/su.exec(rest);
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  return [escaped ? escaped[0] : character, quote(escaped?.[1] ?? character)];
}

function quote(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
