/**
 * DVC's local configuration (`.dvc/config.local`) with the cache at the given absolute path; everything else stays.
 * A section must not stand twice in it: DVC refuses that.
 */
export function withCacheDirectory(text: string, directory: string): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const setting = `    dir = ${/[#"',\s]/.test(directory) ? `"${directory}"` : directory}`;
  const start = lines.findIndex((line) => /^\s*\[\s*["']?cache["']?\s*\]/.test(line));
  if (start < 0) return [...lines, "[cache]", setting, ""].join("\n");
  const length = lines.slice(start + 1).findIndex((line) => /^\s*\[/.test(line));
  const end = length < 0 ? lines.length : start + 1 + length;
  const others = lines.slice(start + 1, end).filter((line) => !/^\s*dir\s*=/i.test(line));
  return [...lines.slice(0, start + 1), setting, ...others, ...lines.slice(end), ""].join("\n");
}
