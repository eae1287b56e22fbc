/** One file of a directory, as DVC's `.dir` object lists it. */
export interface DirectoryEntry {
  readonly md5: string;
  /** Relative to the directory, with forward slashes. */
  readonly relpath: string;
}

/**
 * The exact bytes of DVC's `.dir` object: JSON as Python writes it (ASCII only, a space after commas and colons),
 * sorted by code point. Their MD5 is the directory's hash.
 */
export function formatDirectoryObject(entries: readonly DirectoryEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => compareCodePoints(a.relpath, b.relpath));
  const items = sorted.map((entry) => `{"md5": "${entry.md5}", "relpath": ${asciiJson(entry.relpath)}}`);
  return Buffer.from(`[${items.join(", ")}]`, "ascii");
}

/**
 * Reads a `.dir` object. `null` when it is not one, or when it names a file outside the directory: such an object must
 * never be restored.
 */
export function parseDirectoryObject(content: Buffer): readonly DirectoryEntry[] | null {
  let value: unknown;
  try {
    value = JSON.parse(content.toString("utf8"));
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const entries: DirectoryEntry[] = [];
  for (const item of value as unknown[]) {
    if (typeof item !== "object" || item === null) return null;
    const { md5, relpath } = item as { readonly md5?: unknown; readonly relpath?: unknown };
    if (typeof md5 !== "string" || !/^[0-9a-f]{32}$/.test(md5)) return null;
    if (typeof relpath !== "string" || !isInside(relpath)) return null;
    entries.push({ md5, relpath });
  }
  return entries;
}

/**
 * Whether a relative path with forward slashes names something below its folder that may be an output, or a part of one.
 * What lies in a Git directory may not: with its hooks and settings, a checkpoint from elsewhere could run anything.
 */
export function isInside(relpath: string): boolean {
  if (relpath === "" || relpath.includes("\0")) return false;
  if (process.platform === "win32" && /[\\:]/.test(relpath)) return false;
  return relpath
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !isGitDirectory(part));
}

/** Whether a project-relative path may be that of an output: DVC's own folder is none, nor is Savepoint's in it. */
export function isOutputPath(path: string): boolean {
  return isInside(path) && !/^\.dvc(?:\/|$)/i.test(path);
}

/** By any name that some file system takes for it, as Git itself refuses them. */
function isGitDirectory(name: string): boolean {
  const plain = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "").replace(/[. ]+$/, "");
  return /^(?:\.git|git~1)$/i.test(plain);
}

/** Order of Unicode code points. JavaScript's own order is that of UTF-16 units, which differs beyond the first plane. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for code points above U+FFFF, behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
