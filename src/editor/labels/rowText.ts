/** The words and signs of a tree row, without VS Code's classes. */
export interface RowText {
  readonly label: string;
  readonly description: string;
  /** Id of a codicon. */
  readonly icon: string;
  /** Id of a theme colour; `null` for the icon's own. */
  readonly color: string | null;
  /** What a screen reader says: the icon's meaning in words as well. */
  readonly accessibleLabel: string;
}

/** Parts with the sign that separates them, without those that are missing. */
export function joined(...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== "").join(" · ");
}

/** Text that Markdown shows as it is, also with a name that looks like a link, a table cell or an icon. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, " ")
    .replaceAll(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, (sign) =>
      sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`,
    );
}

/** Text that lenses and lists show as it is, also when it looks like an icon. */
export function escapeIcons(text: string): string {
  return text.replaceAll("$(", "\\$(");
}
