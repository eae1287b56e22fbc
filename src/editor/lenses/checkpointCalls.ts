import { linesOf, readSource } from "./sourceText.ts";

/** How a language calls the function. */
interface Syntax {
  readonly call: RegExp;
  /** Definitions and imports of the function, which are no calls. */
  readonly notCall: RegExp;
}

const name = "(?:make_checkpoint|makeCheckpoint)";

const javascript: Syntax = {
  call: new RegExp(String.raw`\b${name}\s*\(`, "g"),
  notCall: /^\s*(?:export\s+)?(?:async\s+)?function\s/,
};

/** By VS Code's language id. */
const syntaxes: { readonly [languageId: string]: Syntax } = {
  python: {
    call: new RegExp(String.raw`\b${name}\s*\(|\.next_step\s*\(`, "g"),
    notCall: /^\s*(?:async\s+)?def\s/,
  },
  javascript,
  javascriptreact: javascript,
  typescript: javascript,
  typescriptreact: javascript,
  r: {
    call: new RegExp(String.raw`\b${name}\s*\(`, "g"),
    notCall: new RegExp(String.raw`${name}\s*(?:<-|=)\s*function\b`),
  },
  julia: {
    call: new RegExp(String.raw`\b${name}\s*\(`, "g"),
    notCall: /^\s*function\s|\)\s*=[^=]/,
  },
  shellscript: {
    call: /(?:^|[;&|({]|\b(?:do|then|else))[ \t]*(?:savepoint_make_checkpoint|make_checkpoint)\b/gm,
    notCall: /make_checkpoint\s*\(\s*\)/,
  },
};

/** Lines, counted from 0, on which the code asks for a training checkpoint; not in comments, strings, definitions. */
export function findCheckpointCalls(text: string, languageId: string): readonly number[] {
  const syntax = syntaxes[languageId];
  // Most files have none: told without reading the whole syntax.
  if (!syntax || !/make_?checkpoint|next_step/i.test(text)) return [];
  const { visible } = readSource(text, languageId);
  const rows = visible.split("\n");
  const ends = [...visible.matchAll(syntax.call)].map((match) => match.index + match[0].length);
  const lines = linesOf(visible, ends).filter((line) => !syntax.notCall.test(rows[line] ?? ""));
  return [...new Set(lines)];
}
