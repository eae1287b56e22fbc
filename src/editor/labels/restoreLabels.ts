import * as l10n from "@vscode/l10n";
import type { RestoreChange } from "../../engine/store/restorePlan.ts";
import { joined } from "./rowText.ts";

/** Files that are named before "and … more". */
const namedFiles = 4;

/** `3 files change: 1 new, 2 replaced`, or that nothing does. */
export function restoreCounts(changes: readonly RestoreChange[]): string {
  if (changes.length === 0) return l10n.t("nothing to change");
  const count = (action: RestoreChange["action"]) =>
    changes.filter((change) => change.action === action).length;
  const part = (number: number, text: string) => (number === 0 ? null : `${number} ${text}`);
  return joined(
    changes.length === 1 ? l10n.t("1 file changes") : l10n.t("{0} files change", changes.length),
    part(count("create"), l10n.t("new")),
    part(count("replace"), l10n.t("replaced")),
    part(count("delete"), l10n.t("deleted")),
  );
}

/** The names of the first files that change. */
export function restoreNames(changes: readonly RestoreChange[]): string {
  return nameSome(changes.map(({ path }) => path));
}

/** The first of some paths. */
export function nameSome(paths: readonly string[]): string {
  const names = paths.slice(0, namedFiles);
  const rest = paths.length - names.length;
  return rest > 0 ? l10n.t("{0} and {1} more", names.join(", "), rest) : names.join(", ");
}
