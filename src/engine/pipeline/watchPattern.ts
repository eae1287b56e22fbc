import { posix } from "node:path";
import { globForm } from "./ignore.ts";

/** What `watch` names, taken apart: matches files and folders by their path from the project's root. */
export interface WatchPattern {
  /** Plain names, forms of names, or `**` for any folders. */
  readonly segments: readonly (string | RegExp | typeof anyFolders)[];
  readonly onlyFolders: boolean;
}

export const anyFolders = Symbol("any folders");

/**
 * The text of a pattern from the project's root, for one that is written from a working directory. `null` when it leads
 * out of the project or names nothing.
 */
export function placePattern(pattern: string, workingDirectory: string): string | null {
  if (posix.isAbsolute(pattern) || /^[A-Za-z]:[\\/]/.test(pattern)) return null;
  const placed = posix.normalize(posix.join(workingDirectory, pattern));
  return placed === "." || placed === "./" || placed === ".." || placed.startsWith("../") ? null : placed;
}

/** Reads a pattern that {@link placePattern} has placed. `null` for one that can't match, such as `[z-a]`. */
export function readPattern(placed: string): WatchPattern | null {
  const segments: WatchPattern["segments"][number][] = [];
  for (const text of placed.split("/").filter((part) => part !== "")) {
    const segment = text === "**" ? anyFolders : /[*?[\\]/.test(text) ? globForm(text) : text;
    if (segment === null) return null;
    segments.push(segment);
  }
  // `output/**` is all that is in it.
  if (segments.at(-1) === anyFolders) segments.push(/^/);
  return { segments, onlyFolders: placed.endsWith("/") };
}

/**
 * The shortest beginning of a path that the pattern matches: what is a set of its own. `null` when it is in none. Of a
 * path of a file, the file itself is no folder.
 */
export function setOf(pattern: WatchPattern, filePath: string): string | null {
  const names = filePath.split("/");
  const most = pattern.onlyFolders ? names.length - 1 : names.length;
  for (let count = 1; count <= most; count += 1) {
    if (matches(pattern.segments, names.slice(0, count))) return names.slice(0, count).join("/");
  }
  return null;
}

function matches(segments: WatchPattern["segments"], names: readonly string[]): boolean {
  const [segment, ...rest] = segments;
  const [name, ...others] = names;
  if (segment === undefined) return name === undefined;
  if (name === undefined) return false;
  if (segment !== anyFolders) return matchesName(segment, name) && matches(rest, others);
  return matches(rest, names) || (!isUnfinished(name) && matches(segments, others));
}

/** Whether a name is what a segment asks for. What is hidden or temporary must be named in full. */
export function matchesName(segment: string | RegExp, name: string): boolean {
  return typeof segment === "string" ? segment === name : !isUnfinished(name) && segment.test(name);
}

/** Whether a name is one that programs give to what they have not finished, or hide. */
export function isUnfinished(name: string): boolean {
  return name.startsWith(".") || isTemporary(name);
}

/** Whether a name is temporary by custom: `tmp-checkpoint-500`, `model.ckpt.part`, `7.orbax-checkpoint-tmp-3`. */
export function isTemporary(name: string): boolean {
  return /^(?:tmp|temp)[-_.]|\.(?:tmp|temp|part|partial|incomplete|download|swp)$|~$|[-.]tmp(?:-|$)/i.test(
    name,
  );
}

/** Whether what a pattern matches can lie in one of these outputs, or be one. */
export function liesInOutput(placed: string, outputs: readonly string[]): boolean {
  const pattern = readPattern(placed);
  if (pattern === null) return false;
  const plain = pattern.segments.findIndex((segment) => typeof segment !== "string");
  const fixed = pattern.segments.slice(0, plain < 0 ? undefined : plain).join("/");
  return outputs.some(
    (output) =>
      fixed === output || fixed.startsWith(`${output}/`) || matches(pattern.segments, output.split("/")),
  );
}
