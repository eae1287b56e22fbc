import * as l10n from "@vscode/l10n";
import type { Environment } from "../model.ts";

/** Something that is of another version, or only there before or after. */
export interface DriftItem {
  /** `Python`, `Node`, or the name of a package. */
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** How the environment of a checkpoint's stage differs from the one that it would have now. */
export interface Drift {
  /** `null`: the checkpoint's run noted none. */
  readonly recorded: Environment | null;
  /** `null`: the stage is gone, or starts no program of Python or Node that can be found. */
  readonly now: Environment | null;
  /** Empty as well when one of the two is not known. */
  readonly items: readonly DriftItem[];
}

/**
 * What differs between two environments: Python and Node, then packages, the largest differences first. What is known of
 * one of the two only says nothing.
 */
export function environmentDrift(before: Environment, after: Environment): readonly DriftItem[] {
  const programs = [
    { name: "Python", before: before.python, after: after.python },
    { name: "Node", before: before.node, after: after.node },
  ].filter((item) => item.before !== null && item.after !== null && item.before !== item.after);
  const [old, young] = [before.packages, after.packages];
  if (old === null || young === null) return programs;
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])];
  const packages = names
    .map((name) => ({ name, before: versionIn(old, name), after: versionIn(young, name) }))
    .filter((item) => item.before !== item.after);
  return [...programs, ...packages.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))];
}

/** `Python 3.11.2 → 3.12.1; numpy 1.26.4 → 2.1.0; 3 more`. Empty when there is no drift. */
export function driftText(drift: readonly DriftItem[], limit = 2): string {
  // "1 more" takes as much room as the one.
  const shown = drift.length === limit + 1 ? drift.length : limit;
  const words = drift.slice(0, shown).map(driftItemText);
  const rest = drift.length - words.length;
  return [...words, ...(rest > 0 ? [l10n.t("{0} more", rest)] : [])].join("; ");
}

/** `numpy 1.26.4 → 2.1.0`, `pandas 2.1.0 removed`, `rich 13.7.0 added`. */
export function driftItemText({ name, before, after }: DriftItem): string {
  if (before === null) return l10n.t("{0} {1} added", name, after ?? "");
  if (after === null) return l10n.t("{0} {1} removed", name, before);
  return `${name} ${before} → ${after}`;
}

/** A new main version first, then other versions, then what is gone, then what is new. */
function rank({ before, after }: DriftItem): number {
  if (before === null) return 3;
  if (after === null) return 2;
  return mainVersion(before) === mainVersion(after) ? 1 : 0;
}

function mainVersion(version: string): string {
  return /^\d+/.exec(version)?.[0] ?? version;
}

function versionIn(packages: { readonly [name: string]: string }, name: string): string | null {
  return Object.hasOwn(packages, name) ? (packages[name] ?? null) : null;
}
