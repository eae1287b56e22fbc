import { experimentNameProblem, numberedName } from "../compare/names.ts";
import type { ParamChange } from "../run/request.ts";

/** A name that says more than this fits no row. */
const longestName = 60;

/**
 * A name for each run of a sweep, from the name of the sweep and what differs: `amber-heron-lr-0.01`. Values that are
 * too long, or that no name can hold, leave a number: `amber-heron-3`. `isTaken` says which names are in use.
 */
export function sweepNames(
  base: string,
  runs: readonly (readonly ParamChange[])[],
  isTaken: (name: string) => boolean,
): readonly string[] {
  const differing = (runs[0] ?? []).flatMap(({ value }, index) =>
    runs.some((run) => run[index]?.value !== value) ? [index] : [],
  );
  const given = new Set<string>();
  return runs.map((run, at) => {
    const parts = differing.flatMap((index) => {
      const change = run[index];
      return change === undefined ? [] : [shortKey(change.key, run, differing), namePart(change.value)];
    });
    const wanted = [base, ...parts].join("-");
    const isUsable =
      wanted.length <= longestName && !parts.includes("") && experimentNameProblem(wanted) === null;
    const name = numberedName(
      isUsable ? wanted : `${base}-${at + 1}`,
      (one) => given.has(one) || isTaken(one),
    );
    given.add(name);
    return name;
  });
}

/**
 * A short form of a key that none of the others that differ has: the first letters of its last part's words (`lr` of
 * `train.learning_rate`), else that part, else more of the key. Lists of runs are narrow.
 */
function shortKey(key: string, run: readonly ParamChange[], differing: readonly number[]): string {
  const others = differing.map((index) => run[index]?.key ?? "").filter((other) => other !== key);
  const parts = key.split(".");
  const forms: readonly ((parts: readonly string[]) => string)[] = [
    (all) => initials(all.at(-1) ?? ""),
    ...parts.map((_, length) => (all: readonly string[]) => all.slice(-length - 1).join(".")),
  ];
  const form = forms.find((one) => others.every((other) => one(other.split(".")) !== one(parts)));
  return namePart(form?.(parts) ?? key);
}

/** `lr` of `learning_rate` and `learningRate`; a single word stays. */
function initials(name: string): string {
  const words = name.replace(/([\p{Ll}\d])(?=\p{Lu})/gu, "$1 ").match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length < 2 ? name : words.map((word) => [...word][0]?.toLowerCase() ?? "").join("");
}

/** What of a text can stand in a name. */
function namePart(text: string): string {
  return text
    .replace(/[^\p{L}\p{N}._+-]+/gu, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/^[-.]+(?=[^\d.])|[-.]+$/g, "");
}
