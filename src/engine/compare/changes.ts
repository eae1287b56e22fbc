import * as l10n from "@vscode/l10n";
import type { Stage } from "../pipeline/stage.ts";

/** A file that is not as it was at a checkpoint: added since, changed since, or gone since. */
export interface ChangedFile {
  /** Project-relative, with forward slashes. */
  readonly path: string;
  readonly change: "added" | "changed" | "removed";
}

/**
 * Changed files with what bears most on a run first: files with parameters, then what the stage depends on, then
 * pipeline files, then the rest; within these by path. `stage` is the one that would run; `null` when it is gone.
 */
export function orderChanges(
  changes: readonly ChangedFile[],
  stage: Pick<Stage, "params" | "dependencies" | "file"> | null,
): readonly ChangedFile[] {
  const params = new Set(stage?.params.map(({ file }) => file));
  const rank = ({ path }: ChangedFile): number => {
    if (params.has(path)) return 0;
    if (stage?.dependencies.some((one) => path === one || path.startsWith(`${one}/`))) return 1;
    return path === (stage?.file ?? "dvc.yaml") ? 2 : 3;
  };
  return changes.toSorted((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

/** The first of the changed files by name: `params.yaml, train.py and 3 more`. Empty when none changed. */
export function changesText(changes: readonly ChangedFile[], limit = 2): string {
  // "1 more" takes as much room as the one.
  const shown = changes.length === limit + 1 ? changes.length : limit;
  const names = changes.slice(0, shown).map(({ path }) => path);
  const rest = changes.length - names.length;
  return rest > 0 ? l10n.t("{0} and {1} more", names.join(", "), rest) : names.join(", ");
}
