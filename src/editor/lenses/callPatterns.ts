import { runInNewContext } from "node:vm";
import * as l10n from "@vscode/l10n";
import { failure, type Result, success } from "../../engine/result.ts";
import { readSource } from "./source/sourceText.ts";

/** Code that counts as a call for a training checkpoint, as a person describes it in the settings. */
export interface CallPattern {
  /** VS Code's language id. */
  readonly language: string;
  /** A regular expression for a part of a line. */
  readonly pattern: string;
}

const patternLimit = 50;
const lengthLimit = 500;
/** Characters of a line that are looked at. */
const lineLimit = 1_000;
const textLimit = 2_000_000;
/**
 * Milliseconds for one pattern in one file. Some patterns need ages on some lines, and must not stop the editor; good ones
 * need a few, but have to wait for the processor while training keeps it busy.
 */
const timeLimit = 1_000;

/** The patterns of a setting that can be used, and a line for each that can't. */
export function readPatterns(setting: unknown): {
  readonly patterns: readonly CallPattern[];
  readonly problems: readonly string[];
} {
  if (!Array.isArray(setting)) return { patterns: [], problems: [l10n.t("it is no list")] };
  const patterns: CallPattern[] = [];
  const problems: string[] = [];
  if (setting.length > patternLimit)
    problems.push(l10n.t("only the first {0} entries are used", patternLimit));
  for (const [index, entry] of setting.slice(0, patternLimit).entries()) {
    const problem = problemOf(entry);
    if (problem === null) patterns.push(entry as CallPattern);
    else problems.push(l10n.t("entry {0} {1}", index + 1, problem));
  }
  return { patterns, problems };
}

function problemOf(entry: unknown): string | null {
  const { language, pattern } = (entry ?? {}) as Partial<CallPattern>;
  if (typeof language !== "string" || language === "") return l10n.t("names no language, such as python");
  if (typeof pattern !== "string" || pattern === "") return l10n.t("has no pattern");
  if (pattern.length > lengthLimit) return l10n.t("has a pattern of more than {0} characters", lengthLimit);
  try {
    if (new RegExp(pattern).test("")) return l10n.t("has a pattern that every line matches: {0}", pattern);
    return null;
  } catch (error) {
    return l10n.t(
      "has a pattern that can't be read: {0}",
      error instanceof Error ? error.message : String(error),
    );
  }
}

/** Where each line has the pattern: `[line, column]`, as JSON. Runs apart, since only there it can be given a time. */
const search = `
  const form = new RegExp(pattern, "g");
  JSON.stringify(lines.flatMap((line, index) => {
    const columns = [];
    for (const match of line.matchAll(form)) columns.push([index, match.index]);
    return columns;
  }));
`;

/**
 * Lines, counted from 0, with the pattern in their code; a match that begins in a comment or a text in quotes does not
 * count. Fails with the reason `too-slow` when the pattern takes too long.
 */
export function findPattern(text: string, { language, pattern }: CallPattern): Result<readonly number[]> {
  if (text.length > textLimit) return success([]);
  const lines = text.split("\n").map((line) => line.slice(0, lineLimit));
  const { visible } = readSource(text, language);
  const rows = visible.split("\n");
  let matches: readonly (readonly [number, number])[];
  try {
    matches = JSON.parse(runInNewContext(search, { pattern, lines }, { timeout: timeLimit }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return failure("too-slow", l10n.t("the pattern {0} takes too long; make it simpler", pattern));
  }
  const found = matches.filter(([line, column]) => rows[line]?.[column] === lines[line]?.[column]);
  return success([...new Set(found.map(([line]) => line))]);
}
