import * as l10n from "@vscode/l10n";
import { jumpOf, type LineSeam, seamSummary } from "../../engine/compare/lineSeams.ts";
import { escapeMarkdown } from "./rowText.ts";

/** Stands in a row whose training did not go on as it was: what it was, the tooltip says. */
export const jumpMark = "↯";

/** How training went on at a seam, in Markdown: `continuous after amber-heron@20`, `loss jumped by 38 % after …`. */
export function seamFact(seam: LineSeam): string {
  const { experiment, sequence } = seam.origin;
  const words = l10n.t("{0} after {1}", seamSummary(seam), `${experiment}@${sequence}`);
  return `${jumpOf(seam) === null ? "$(pulse)" : "$(warning)"} ${escapeMarkdown(words)}`;
}
