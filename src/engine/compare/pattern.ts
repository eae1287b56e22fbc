/** Whether a name fits a shell-like pattern in which `*` stands for any text and `?` for one character. */
export function matchesPattern(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "su").test(name);
}
