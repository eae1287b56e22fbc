import * as l10n from "@vscode/l10n";

/** Files that one multi-file diff shows: more would be no answer to "what would I be resuming?". */
export const shownFiles = 200;

/** Title of the diff between a checkpoint and now. */
export function changesTitle(reference: string, count: number): string {
  const title = l10n.t("{0} ↔ now", reference);
  return count <= shownFiles ? title : l10n.t("{0}: first {1} of {2} files", title, shownFiles, count);
}
